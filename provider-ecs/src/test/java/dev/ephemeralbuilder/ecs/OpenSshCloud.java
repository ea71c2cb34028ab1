package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.selection.Offers;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.ProviderLimits;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A cloud whose machines are real OpenSSH servers on this host, each with the host key and the client key of its
 * launch, reached through the provider's own {@link SshConnector}. One offer, no errors, no limits.
 */
final class OpenSshCloud implements CloudProvider {
    /** Short, so that a fleet need not wait for a silent machine. */
    private static final Duration HEARTBEAT = Duration.ofSeconds(1);

    private static final String ZONE = "here-a";

    private record Server(OpenSshServer ssh, Machine machine) {}

    private final OpenSshLogin login;
    private final SshConnector connector;
    private final Map<String, Server> servers = new ConcurrentHashMap<>();

    OpenSshCloud(OpenSshLogin login) {
        this.login = login;
        this.connector = new SshConnector(login.user(), HEARTBEAT);
    }

    /** Returns the server of a machine. */
    OpenSshServer server(String id) {
        Server server = servers.get(id);
        if (server == null) {
            throw new AssertionError("no machine " + id);
        }
        return server.ssh();
    }

    @Override
    public String name() {
        return "openssh";
    }

    @Override
    public String region() {
        return "here";
    }

    @Override
    public ProviderLimits limits() {
        return ProviderLimits.builder().build();
    }

    @Override
    public MarketSnapshot market(MarketQuery query) {
        return new MarketSnapshot(List.of(Fixtures.TYPE), List.of(), List.of(), List.of());
    }

    @Override
    public Offers offers(MachineSpec spec, MarketSnapshot market) {
        Offer offer = Fixtures.offer(Market.ON_DEMAND)
                .provider(name())
                .region(region())
                .zone(ZONE)
                .build();
        return new Offers(List.of(offer), List.of());
    }

    @Override
    public LaunchResult launch(Launch launch) {
        String id = "ssh-" + launch.token();
        servers.computeIfAbsent(
                id,
                unused -> new Server(
                        new OpenSshServer(login, launch.hostKey(), launch.clientKey()),
                        Machine.builder()
                                .id(id)
                                .region(region())
                                .zone(ZONE)
                                .type(launch.offer().type().id())
                                .market(launch.offer().market())
                                .state(MachineState.RUNNING)
                                .createdAt(Instant.EPOCH)
                                .privateAddress("127.0.0.1")
                                .tags(launch.tags())
                                .cap(launch.cap())
                                .build()));
        return new LaunchResult(List.of(id), null);
    }

    @Override
    public Map<String, Machine> describe(Collection<String> ids) {
        Map<String, Machine> found = new LinkedHashMap<>();
        servers.forEach((id, server) -> {
            if (ids.contains(id)) {
                found.put(id, server.machine());
            }
        });
        return found;
    }

    @Override
    public MachinePage list(String owner, @Nullable String cursor) {
        return new MachinePage(
                servers.values().stream()
                        .map(Server::machine)
                        .filter(machine -> owner.equals(machine.tags().get(MachineTags.OWNER)))
                        .toList(),
                null);
    }

    /** Takes the order and forgets it: no machine here lives long enough to need its lease. */
    @Override
    public Map<String, Outcome> renew(Collection<String> ids, Instant lease) {
        Map<String, Outcome> outcomes = new LinkedHashMap<>();
        ids.forEach(id -> outcomes.put(id, servers.containsKey(id) ? Outcome.accepted() : absent()));
        return outcomes;
    }

    @Override
    public Instant extend(String id, Instant cap) {
        throw new UnsupportedOperationException("no machine here has a cap");
    }

    @Override
    public Map<String, Outcome> delete(Collection<String> ids) {
        Map<String, Outcome> outcomes = new LinkedHashMap<>();
        for (String id : ids) {
            Server server = servers.remove(id);
            outcomes.put(id, server == null ? absent() : Outcome.accepted());
            if (server != null) {
                server.ssh().close();
            }
        }
        return outcomes;
    }

    private static Outcome absent() {
        return new Outcome(Outcome.Status.ABSENT, "unknown");
    }

    @Override
    public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
        Server server = servers.get(machine.id());
        if (server == null) {
            throw new ProviderException(machine.id() + " is gone", Effect.NONE, true, "NoAddress", null, null);
        }
        return connector.connect(machine.id(), server.ssh().address(), keys);
    }

    /** Closes the connections, and ends what a failed test has left. */
    @Override
    public void close() {
        connector.close();
        servers.values().forEach(server -> server.ssh().close());
        servers.clear();
    }
}
