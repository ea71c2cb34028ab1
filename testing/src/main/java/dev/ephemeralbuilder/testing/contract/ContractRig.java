package dev.ephemeralbuilder.testing.contract;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.digest.BuiltinDigests;
import org.jspecify.annotations.Nullable;

/** Keys, launches, looks at the cloud and the clearing up of one contract test. */
final class ContractRig {
    /** As the fleet's supervisor does, where a machine runs the bootstrap as its command. */
    private static final String SERVES_UNTIL_TERMINATED = "trap 'exit 0' TERM\nwhile :; do sleep 1; done\n";

    private static final String PREFIX = "SHA256:";
    private static final int MOST_PAGES = 1_000;

    final ContractSetup setup;
    final CloudProvider provider;
    final ContractTime time;
    final String owner = "contract-" + UUID.randomUUID();
    final KeyPair client = newKey();
    final KeyPair host = newKey();
    private final Set<String> owners = ConcurrentHashMap.newKeySet();
    private final Set<String> launched = ConcurrentHashMap.newKeySet();
    private volatile @Nullable List<Offer> offers;

    ContractRig(ContractSetup setup) {
        this.setup = setup;
        this.provider = setup.provider();
        this.time = new ContractTime(setup.ticker(), setup.patience());
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
                .as("market must return a catalogue with a type that fits setup().spec(); if the spec is too large for"
                        + " the cloud, make it smaller")
                .isNotEmpty();
        MarketSnapshot rest = provider.market(new MarketQuery(
                EnumSet.complementOf(EnumSet.of(Part.CATALOG)), types, Set.of(Duration.ZERO, Duration.ofHours(1))));
        return new MarketSnapshot(types, rest.prices(), rest.stock(), rest.releaseRates());
    }

    /** Returns whether there is a spot offer that the cloud may take back at once. */
    static boolean unprotectedSpot(List<Offer> offers) {
        return offers.stream()
                .anyMatch(offer ->
                        offer.market() == Market.SPOT && offer.protection().isZero());
    }

    /** Returns what the provider offers for the setup's spec; asked once. */
    List<Offer> offers() throws InterruptedException {
        List<Offer> known = offers;
        if (known == null) {
            known = provider.offers(setup.spec(), snapshot()).offers();
            assertThat(known)
                    .as("offers must return something for setup().spec() and the market that was just read; offers says"
                            + " in its rejections why a type is left out")
                    .isNotEmpty();
            offers = known;
        }
        return known;
    }

    /** Returns a launch of one machine on an offer, with all tags of a fleet and a new token. */
    Launch.Builder launchOf(Offer offer) {
        return launchOf(offer, owner);
    }

    Launch.Builder launchOf(Offer offer, String owner) {
        owners.add(owner);
        Duration lifetime = provider.limits().minLifetime().plus(Duration.ofHours(1));
        Instant cap = time.now().plus(lifetime).truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES);
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
                        String.valueOf(time.now().plusSeconds(600).getEpochSecond()),
                        MachineTags.CAP,
                        String.valueOf(cap.getEpochSecond()),
                        MachineTags.HOST_KEY,
                        fingerprint(host),
                        MachineTags.LABEL + "stage",
                        "contract"))
                .cap(cap)
                .bootstrap(SERVES_UNTIL_TERMINATED)
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

    /** Returns a machine that was launched, once the cloud shows it. */
    Machine described(String id) throws InterruptedException {
        for (Duration waited = Duration.ZERO; ; waited = waited.plus(setup.step())) {
            Machine machine = provider.describe(List.of(id)).get(id);
            if (machine != null) {
                return machine;
            }
            assertThat(waited)
                    .as(
                            "describe must return machine %s from its create call on; if the cloud shows new machines late,"
                                    + " say how late in setup().hiddenBound()",
                            id)
                    .isLessThan(setup.hiddenBound());
            time.pass(setup.step());
        }
    }

    /** Checks that there is an outcome for each id and returns the status of one. */
    static Outcome.Status status(Map<String, Outcome> outcomes, String id) {
        assertThat(outcomes)
                .as("the answer must have an outcome for each id that was asked for")
                .containsKey(id);
        return requireNonNull(outcomes.get(id)).status();
    }

    /** Launches a machine and waits until it runs and has an address. */
    Machine running() throws InterruptedException {
        return running(launchOne());
    }

    /** Waits until a machine runs and has an address. */
    Machine running(String id) throws InterruptedException {
        for (Duration waited = Duration.ZERO; ; waited = waited.plus(setup.step())) {
            Machine machine = described(id);
            boolean addressed = machine.privateAddress().isPresent()
                    || machine.publicAddress().isPresent();
            if (machine.state() == MachineState.RUNNING && addressed) {
                return machine;
            }
            assertThat(waited)
                    .as(
                            "describe must show a launched machine as RUNNING with an address within setup().bootBound(),"
                                    + " but shows %s; check how states and addresses are translated",
                            machine)
                    .isLessThan(setup.bootBound());
            time.pass(setup.step());
        }
    }

    /** Opens a shell to a machine, again and again while it does not answer yet. */
    Shell connect(Machine machine) throws InterruptedException {
        for (Duration waited = Duration.ZERO; ; waited = waited.plus(setup.step())) {
            try {
                return provider.open(machine, keys());
            } catch (BuilderException e) {
                if (!e.retryable()) {
                    return fail(
                            "open must let in the client key that the launch named, on the host key that the launch"
                                    + " gave to the machine; a failure that may pass must be retryable",
                            e);
                }
                if (waited.compareTo(setup.bootBound()) >= 0) {
                    return fail("open must reach a machine within setup().bootBound() after it was RUNNING", e);
                }
            }
            time.pass(setup.step());
        }
    }

    /** Returns all pages of a list. */
    List<Machine> listed(CloudProvider by, String owner) throws InterruptedException {
        List<Machine> all = new ArrayList<>();
        Set<String> cursors = new HashSet<>();
        String cursor = null;
        do {
            MachinePage page = by.list(owner, cursor);
            all.addAll(page.machines());
            cursor = page.next();
            assertThat(cursor == null || (cursors.add(cursor) && cursors.size() < MOST_PAGES))
                    .as("list must come to a last page, whose next is null, and give no cursor twice")
                    .isTrue();
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
                    .as(
                            "describe must leave out a deleted machine, or show it as ENDED, within setup().goneBound(), but"
                                    + " shows %s; see that delete does not stop it only",
                            machine)
                    .isLessThan(setup.goneBound());
            time.pass(setup.step());
        }
    }

    /** Deletes machines, as often as the cloud says that it is too early. */
    void delete(CloudProvider by, Collection<String> ids) throws InterruptedException {
        List<String> open = new ArrayList<>(ids);
        for (Duration waited = Duration.ZERO; !open.isEmpty(); waited = waited.plus(setup.step())) {
            List<String> batch = List.copyOf(
                    open.subList(0, Math.min(open.size(), by.limits().deleteBatch())));
            Map<String, Outcome> outcomes = deleted(by, batch);
            outcomes.forEach((id, outcome) -> {
                assertThat(outcome.status())
                        .as(
                                "delete must not refuse the owner's own machine %s for good (code %s); what its state"
                                        + " forbids for now is LATER",
                                id, outcome.code())
                        .isNotEqualTo(Outcome.Status.REFUSED);
                if (outcome.status() != Outcome.Status.LATER) {
                    open.remove(id);
                }
            });
            if (open.stream().anyMatch(batch::contains)) {
                assertThat(waited)
                        .as("delete must accept a new machine within setup().bootBound()")
                        .isLessThan(setup.bootBound());
                time.pass(setup.step());
            }
        }
    }

    /** Makes one delete call, which has to answer for each id. */
    static Map<String, Outcome> deleted(CloudProvider by, Collection<String> ids) throws InterruptedException {
        try {
            Map<String, Outcome> outcomes = by.delete(ids);
            assertThat(outcomes)
                    .as("delete must return an outcome for each id that it was given, and for no other")
                    .containsOnlyKeys(ids);
            return outcomes;
        } catch (BuilderException e) {
            return fail(
                    "delete must return an outcome for each id and not throw because of one: what the cloud does not know"
                            + " is ABSENT, what it cannot delete yet is LATER. If it refuses a batch as a whole, take out"
                            + " the ids that it does not know and ask again",
                    e);
        }
    }

    /** Makes one renew call, which has to answer for each id. */
    static Map<String, Outcome> renewed(CloudProvider by, Collection<String> ids, Instant lease)
            throws InterruptedException {
        try {
            Map<String, Outcome> outcomes = by.renew(ids, lease);
            assertThat(outcomes)
                    .as("renew must return an outcome for each id that it was given, and for no other")
                    .containsOnlyKeys(ids);
            return outcomes;
        } catch (BuilderException e) {
            return fail(
                    "renew must return an outcome for each id and not throw because of one: what the cloud does not know"
                            + " is ABSENT. If it refuses a batch as a whole, take out the ids that it does not know and ask"
                            + " again",
                    e);
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
                    .as("list must show nothing of an owner any more once everything that it has shown is deleted; what"
                            + " it never shows leaks")
                    .isEmpty();
        }
    }

    private Set<String> left(String owner) throws InterruptedException {
        TreeMap<String, Machine> all = new TreeMap<>();
        listed(provider, owner).forEach(machine -> all.put(machine.id(), machine));
        all.values().removeIf(machine -> machine.state() == MachineState.ENDED);
        return all.keySet();
    }
}
