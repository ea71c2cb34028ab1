package dev.ephemeralbuilder.testing.contract;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.spi.MarketQuery.Part;
import dev.ephemeralbuilder.spi.MarketSnapshot;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.digest.BuiltinDigests;

/** Keys, launches, waits and the clearing up of one contract test. */
final class ContractRig {
    /** What the shells' real processes may take, on the wall clock. */
    static final Duration WALL = Duration.ofSeconds(60);

    private static final String PREFIX = "SHA256:";

    /** What a command wrote, a character per byte, and its exit code where the transport has one. */
    record Output(String text, OptionalInt exit) {}

    final ContractSetup setup;
    final CloudProvider provider;
    final String owner = "contract-" + UUID.randomUUID();
    final KeyPair client = newKey();
    final KeyPair host = newKey();
    private final Set<String> owners = ConcurrentHashMap.newKeySet();
    private final Set<String> launched = ConcurrentHashMap.newKeySet();

    ContractRig(ContractSetup setup) {
        this.setup = setup;
        this.provider = setup.provider();
        owners.add(owner);
    }

    static KeyPair newKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK knows P-256", e);
        }
    }

    static String fingerprint(KeyPair key) {
        String print = KeyUtils.getFingerPrint(BuiltinDigests.sha256, key.getPublic());
        return print.startsWith(PREFIX) ? print.substring(PREFIX.length()) : print;
    }

    ShellKeys keys() {
        return new ShellKeys(client, fingerprint(host));
    }

    List<MachineType> fittingTypes() throws InterruptedException {
        MachineSpec spec = setup.spec();
        return provider.market(MarketQuery.catalog()).types().stream()
                .filter(type -> type.misfit(spec).isEmpty())
                .toList();
    }

    /** Returns the whole market of the types that fit. */
    MarketSnapshot snapshot() throws InterruptedException {
        List<MachineType> types = fittingTypes();
        assertThat(types)
                .as("the catalogue must hold a type that fits the setup's spec")
                .isNotEmpty();
        MarketSnapshot rest = provider.market(new MarketQuery(
                EnumSet.complementOf(EnumSet.of(Part.CATALOG)), types, Set.of(Duration.ZERO, Duration.ofHours(1))));
        return new MarketSnapshot(types, rest.prices(), rest.stock(), rest.releaseRates());
    }

    List<Offer> offers() throws InterruptedException {
        List<Offer> offers = provider.offers(setup.spec(), snapshot()).offers();
        assertThat(offers)
                .as("the provider must offer something for the setup's spec")
                .isNotEmpty();
        return offers;
    }

    /** Returns a launch of one machine on the first offer, with all tags of a fleet and a new token. */
    Launch.Builder launchOf(Offer offer) {
        return launchOf(offer, owner);
    }

    Launch.Builder launchOf(Offer offer, String owner) {
        owners.add(owner);
        Duration lifetime = provider.limits().minLifetime().plus(Duration.ofHours(1));
        Instant cap = setup.now().plus(lifetime).truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES);
        String token = UUID.randomUUID().toString();
        return Launch.builder()
                .spec(setup.spec())
                .offer(offer)
                .token(token)
                .tags(Map.of(
                        MachineTags.SCHEMA,
                        "1",
                        MachineTags.OWNER,
                        owner,
                        MachineTags.HOST,
                        "contract",
                        MachineTags.REQUEST,
                        "request-" + token,
                        MachineTags.ATTEMPT,
                        token,
                        MachineTags.LEASE,
                        String.valueOf(setup.now().plusSeconds(600).getEpochSecond()),
                        MachineTags.CAP,
                        String.valueOf(cap.getEpochSecond()),
                        MachineTags.HOST_KEY,
                        fingerprint(host),
                        MachineTags.LABEL + "stage",
                        "contract"))
                .cap(cap)
                .hostKey(host)
                .clientKey(client.getPublic());
    }

    Launch newLaunch() throws InterruptedException {
        return launchOf(offers().get(0)).build();
    }

    List<String> launch(Launch launch) throws InterruptedException {
        return launch(provider, launch);
    }

    List<String> launch(CloudProvider by, Launch launch) throws InterruptedException {
        List<String> ids = by.launch(launch).ids();
        launched.addAll(ids);
        return ids;
    }

    /** Launches one machine and returns its id. */
    String launchOne() throws InterruptedException {
        return launch(newLaunch()).get(0);
    }

    Machine described(String id) throws InterruptedException {
        Map<String, Machine> found = provider.describe(List.of(id));
        assertThat(found)
                .as("describe must return a machine that was launched, from the create call on")
                .containsKey(id);
        return requireNonNull(found.get(id));
    }

    /** Checks that there is an outcome for each id and returns the status of one. */
    static Outcome.Status status(Map<String, Outcome> outcomes, String id) {
        assertThat(outcomes).as("there must be an outcome for each id").containsKey(id);
        return requireNonNull(outcomes.get(id)).status();
    }

    /** Launches a machine and waits until it runs and has an address. */
    Machine running() throws InterruptedException {
        String id = launchOne();
        for (Duration waited = Duration.ZERO; ; waited = waited.plus(setup.step())) {
            Machine machine = described(id);
            boolean addressed = machine.privateAddress().isPresent()
                    || machine.publicAddress().isPresent();
            if (machine.state() == MachineState.RUNNING && addressed) {
                return machine;
            }
            assertThat(waited)
                    .as(
                            "a launched machine must be RUNNING with an address within the setup's bootBound, was %s",
                            machine)
                    .isLessThan(setup.bootBound());
            setup.pass(setup.step());
        }
    }

    /** Opens a shell, again and again while the machine does not answer yet. */
    Shell connect(Machine machine) throws InterruptedException {
        for (Duration waited = Duration.ZERO; ; waited = waited.plus(setup.step())) {
            try {
                return provider.open(machine, keys());
            } catch (BuilderException e) {
                if (!e.retryable() || waited.compareTo(setup.bootBound()) >= 0) {
                    throw e;
                }
            }
            setup.pass(setup.step());
        }
    }

    List<Machine> listed(CloudProvider by, String owner) throws InterruptedException {
        List<Machine> all = new ArrayList<>();
        String cursor = null;
        do {
            MachinePage page = by.list(owner, cursor);
            all.addAll(page.machines());
            cursor = page.next();
        } while (cursor != null);
        return all;
    }

    /** Returns the ids of what this owner has and pays for. */
    Set<String> left() throws InterruptedException {
        return left(owner);
    }

    void awaitGone(String id) throws InterruptedException {
        for (Duration waited = Duration.ZERO; ; waited = waited.plus(setup.step())) {
            Machine machine = provider.describe(List.of(id)).get(id);
            if (machine == null || machine.state() == MachineState.ENDED) {
                return;
            }
            assertThat(waited)
                    .as("a deleted machine must be absent or ENDED within the setup's goneBound, was %s", machine)
                    .isLessThan(setup.goneBound());
            setup.pass(setup.step());
        }
    }

    /** Deletes machines, as often as the cloud says that it is too early. */
    void delete(CloudProvider by, Collection<String> ids) throws InterruptedException {
        List<String> open = new ArrayList<>(ids);
        for (Duration waited = Duration.ZERO; !open.isEmpty(); waited = waited.plus(setup.step())) {
            List<String> batch = List.copyOf(
                    open.subList(0, Math.min(open.size(), by.limits().deleteBatch())));
            Map<String, Outcome> outcomes = by.delete(batch);
            assertThat(outcomes)
                    .as("delete must return an outcome for each id that it was given")
                    .containsOnlyKeys(batch);
            outcomes.forEach((id, outcome) -> {
                assertThat(outcome.status())
                        .as("delete must not refuse the owner's machine %s for good (%s)", id, outcome.code())
                        .isNotEqualTo(Outcome.Status.REFUSED);
                if (outcome.status() != Outcome.Status.LATER) {
                    open.remove(id);
                }
            });
            if (open.stream().anyMatch(batch::contains)) {
                assertThat(waited)
                        .as("a new machine must be deletable within the setup's bootBound")
                        .isLessThan(setup.bootBound());
                setup.pass(setup.step());
            }
        }
    }

    /** Deletes everything that the test made and checks that nothing is left. */
    void clear() throws InterruptedException {
        Set<String> ids = new TreeSet<>(launched);
        for (String each : owners) {
            ids.addAll(left(each));
        }
        delete(provider, ids);
        for (String id : ids) {
            awaitGone(id);
        }
        for (String each : owners) {
            assertThat(left(each))
                    .as("nothing of the test's owner may be left once everything that list returned is deleted")
                    .isEmpty();
        }
    }

    Output run(Shell shell, String command) throws Exception {
        try (Channel channel = shell.open(command)) {
            return drain(channel);
        }
    }

    Output drain(Channel channel) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (true) {
            ByteBuffer chunk = get(channel.read());
            if (!chunk.hasRemaining()) {
                return new Output(bytes.toString(ISO_8859_1), get(channel.ended()));
            }
            byte[] copy = new byte[chunk.remaining()];
            chunk.get(copy);
            bytes.write(copy);
        }
    }

    static <T> T get(Future<T> future) throws Exception {
        return future.get(WALL.toSeconds(), TimeUnit.SECONDS);
    }

    private Set<String> left(String owner) throws InterruptedException {
        TreeMap<String, Machine> all = new TreeMap<>();
        listed(provider, owner).forEach(machine -> all.put(machine.id(), machine));
        all.values().removeIf(machine -> machine.state() == MachineState.ENDED);
        return all.keySet();
    }
}
