package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.DuplicateRequestException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.PartialAcquireException;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.ProviderLimits;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.testing.TestTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A random sequence of what callers do with several fleets of one owner that share a store, on a cloud that has bad and
 * good times; what must hold is checked after each step, and at the end.
 */
final class RandomSequence {
    private static final int STEPS = 14;
    private static final int MOST_WAITING = 8;
    private static final Duration LEASE = Duration.ofMinutes(10);

    /** More than any single request can take: repetitions, searches, time-outs, one offer after the other. */
    private static final Duration SETTLING = Duration.ofHours(6);

    private static final String TYPE = "mem.c1.large";

    /** One of the fleets. */
    private static final class Party {
        final String name;
        final BuildFleet fleet;
        final List<BuilderEvent> events;
        boolean closed;

        Party(String name, BuildFleet fleet, List<BuilderEvent> events) {
            this.name = name;
            this.fleet = fleet;
            this.events = events;
        }
    }

    /** A call whose end is due. */
    private static final class Request {
        final String name;
        final Party party;
        final CompletableFuture<List<EphemeralBuilder>> ends;
        final Runnable givesUp;
        final boolean attaches;
        boolean givenUp;

        Request(String name, Party party, CompletableFuture<List<EphemeralBuilder>> ends, Runnable givesUp) {
            this.name = name;
            this.party = party;
            this.ends = ends;
            this.givesUp = givesUp;
            this.attaches = name.startsWith("attach");
        }
    }

    private record Owned(Party party, EphemeralBuilder builder) {}

    private final long seed;
    private final Random random;
    private final TestTicker ticker = TestTicker.create();
    private final StateStore store = StateStore.inMemory();
    private final Chaos chaos;
    private final ProviderLimits limits;

    /** How many machines the owner may have, in half of the sequences. */
    private final @Nullable Integer mostMachines;

    private final FleetRig rig;
    private final List<Party> parties = new ArrayList<>();
    private final List<Request> waiting = new ArrayList<>();
    private final List<Owned> owned = new ArrayList<>();

    /** Machines that a fleet could not give back before it was closed, or may have created without hearing of it. */
    private final Set<String> left = new TreeSet<>();

    private final Set<String> detached = new TreeSet<>();
    private int number;
    private boolean everBad;
    private boolean cutShort;

    RandomSequence(long seed) {
        this.seed = seed;
        this.random = new Random(seed);
        boolean slow = random.nextInt(4) == 0;
        this.chaos = new Chaos(seed, ticker, slow);
        if (slow) {
            ticker.patience(Duration.ofMillis(3));
        }
        this.limits = limits();
        this.mostMachines = seed % 2 == 0 ? null : 2 + (int) (seed / 2 % 6);
        Duration boot = Duration.ofMillis(random.nextInt(40_000));
        Duration initializing = Duration.ofMillis(random.nextInt(20_000));
        this.rig = new FleetRig(
                ticker,
                cloud -> cloud.limits(limits)
                        .bootTime(boot)
                        .initializingTime(initializing)
                        .pageSize(1 + random.nextInt(5)),
                fleet -> fleet.stateStore(store).lease(LEASE),
                next -> next);
        add();
        add();
    }

    private ProviderLimits limits() {
        ProviderLimits.Builder limits = ProviderLimits.builder()
                .launchBatch(1 + random.nextInt(4))
                .describeBatch(1 + random.nextInt(5))
                .deleteBatch(1 + random.nextInt(5))
                .renewBatch(1 + random.nextInt(5));
        if (random.nextBoolean()) {
            limits.callsPerMinute(CloudAction.LAUNCH, 20)
                    .callsPerMinute(CloudAction.DESCRIBE, 120)
                    .callsPerMinute(CloudAction.LIST, 30)
                    .callsPerMinute(CloudAction.DELETE, 60);
        }
        return limits.build();
    }

    private void add() {
        String name = "fleet" + parties.size();
        List<BuilderEvent> events = new CopyOnWriteArrayList<>();
        BuildFleet fleet = rig.another(
                settings -> limited(settings.stateStore(store).lease(LEASE).listener(events::add)),
                next -> chaos.around(rig.cloud, next, name));
        parties.add(new Party(name, fleet, events));
    }

    private BuildFleet.Builder limited(BuildFleet.Builder settings) {
        return mostMachines == null ? settings : settings.maxMachines(mostMachines);
    }

    /** Runs it; what fails says the seed and all that happened. */
    void run() {
        try {
            for (int i = 0; i < STEPS; i++) {
                step();
                collect();
                checkNow();
            }
            settle();
            checkSettled();
            end();
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("seed " + seed + ": " + e.getMessage() + "\n" + String.join("\n", chaos.log), e);
        } finally {
            rig.close();
        }
    }

    private Party any() {
        List<Party> open = parties.stream().filter(p -> !p.closed).toList();
        return open.get(random.nextInt(open.size()));
    }

    private void step() {
        switch (random.nextInt(20)) {
            case 0, 1, 2, 3 -> acquire();
            case 4, 5 -> acquireAll();
            case 6 -> acquireBlocked();
            case 7 -> giveUp();
            case 8, 9 -> close();
            case 10 -> detach();
            case 11, 12 -> attach();
            case 13 -> takeBack();
            case 14 -> {
                chaos.note("cut");
                chaos.cut();
            }
            case 15 -> release();
            case 16 -> stock();
            case 17 -> oddLaunch();
            case 18 -> listing();
            default -> replaceFleet();
        }
        weather();
        Duration time = Duration.ofMillis((long) Math.pow(10, 2 + random.nextDouble() * 3.3));
        rig.pass(time);
    }

    private void weather() {
        if (random.nextInt(3) == 0) {
            double share = List.of(0.0, 0.0, 0.1, 0.3, 0.6).get(random.nextInt(5));
            chaos.note("share of failing calls: " + share);
            chaos.share(share);
            everBad |= share > 0;
        }
    }

    private AcquireRequest.Builder request(String name) {
        return AcquireRequest.builder()
                .putLabel("name", name)
                .acceptFewer(random.nextInt(4) == 0)
                .readyTimeout(random.nextInt(4) == 0 ? Duration.ofSeconds(20) : Duration.ofMinutes(10));
    }

    /** Requests for one machine, of which every other one has an id of its own. */
    private AcquireRequest requestForOne(String name) {
        AcquireRequest.Builder request = request(name);
        return number % 2 == 0 ? request.build() : request.requestId(name).build();
    }

    private void acquire() {
        Party party = any();
        String name = "acquire" + number++;
        chaos.note(party.name + " " + name);
        CompletableFuture<EphemeralBuilder> future = party.fleet.acquireAsync(FleetRig.SPEC, requestForOne(name));
        await(new Request(name, party, future.thenApply(List::of), () -> future.cancel(false)));
    }

    private void acquireAll() {
        Party party = any();
        String name = "acquireAll" + number++;
        int count = 2 + random.nextInt(5);
        chaos.note(party.name + " " + name + " of " + count);
        CompletableFuture<List<EphemeralBuilder>> future =
                party.fleet.acquireAllAsync(FleetRig.SPEC, count, request(name).build());
        await(new Request(name, party, future, () -> future.cancel(false)));
    }

    private void acquireBlocked() {
        Party party = any();
        String name = "blocked" + number++;
        chaos.note(party.name + " " + name);
        AcquireRequest request = requestForOne(name);
        Thread[] caller = new Thread[1];
        CompletableFuture<EphemeralBuilder> future = rig.inBackground(() -> {
            caller[0] = Thread.currentThread();
            return party.fleet.acquire(FleetRig.SPEC, request);
        });
        await(new Request(name, party, future.thenApply(List::of), () -> caller[0].interrupt()));
    }

    private void await(Request request) {
        waiting.add(request);
        if (waiting.size() > MOST_WAITING) {
            rig.pass(Duration.ofMinutes(2));
        }
    }

    private void giveUp() {
        if (!waiting.isEmpty()) {
            Request request = waiting.get(random.nextInt(waiting.size()));
            chaos.note("give up " + request.name);
            request.givenUp = true;
            request.givesUp.run();
        }
    }

    private void close() {
        if (!owned.isEmpty()) {
            Owned one = owned.remove(random.nextInt(owned.size()));
            chaos.note(one.party.name + " closes " + one.builder.id());
            one.builder.close();
        }
    }

    private void detach() {
        if (owned.isEmpty()) {
            return;
        }
        Owned one = owned.get(random.nextInt(owned.size()));
        String id = one.builder.id();
        chaos.note(one.party.name + " detaches " + id);
        try {
            rig.detach(one.builder);
            owned.remove(one);
            detached.add(id);
            chaos.note(id + " is detached");
        } catch (BuilderException | IllegalStateException e) {
            chaos.note(id + " is not detached: " + e.getMessage());
        }
    }

    private void attach() {
        List<String> ids = heardOf();
        if (ids.isEmpty()) {
            return;
        }
        String id = ids.get(random.nextInt(ids.size()));
        Party party = any();
        String name = "attach" + number++ + " to " + id;
        chaos.note(party.name + " " + name);
        CompletableFuture<EphemeralBuilder> future = party.fleet.attachAsync(id);
        await(new Request(name, party, future.thenApply(List::of), () -> future.cancel(false)));
    }

    private void takeBack() {
        List<Machine> spot = rig.cloud.inventory().stream()
                .filter(m -> m.market() == Market.SPOT && m.state() != MachineState.STOPPING)
                .toList();
        if (spot.isEmpty()) {
            return;
        }
        String id = spot.get(random.nextInt(spot.size())).id();
        Duration notice = Duration.ofSeconds(random.nextInt(3) * 60L);
        try {
            rig.cloud.reclaim(id, notice);
            chaos.note("the cloud takes " + id + " back in " + notice);
        } catch (IllegalStateException protectedStill) {
            rig.cloud.vanish(id);
            chaos.note(id + " vanishes");
        }
    }

    /** Returns the machines that are there, but for those whose creation no fleet has heard of yet. */
    private List<String> heardOf() {
        Set<String> known = new HashSet<>();
        parties.forEach(p -> known.addAll(known(p)));
        return rig.cloud.machines().stream().filter(known::contains).toList();
    }

    private void release() {
        List<String> ids = heardOf();
        if (ids.isEmpty()) {
            return;
        }
        String id = ids.get(random.nextInt(ids.size()));
        Party party = any();
        chaos.note(party.name + " releases " + id);
        CompletableFuture<Boolean> released = rig.inBackground(() -> {
            party.fleet.release(id);
            return true;
        });
        rig.pass(Duration.ofSeconds(5));
        await(new Request("release of " + id, party, released.thenApply(v -> List.of()), () -> {}));
    }

    private void stock() {
        for (String zone : List.of("memory-1a", "memory-1b")) {
            for (Market market : Market.values()) {
                rig.cloud.stock(TYPE, zone, market, random.nextInt(4));
            }
        }
        chaos.note("stock is scarce");
    }

    private void oddLaunch() {
        if (random.nextBoolean()) {
            rig.cloud.vanishNextLaunch();
            chaos.note("the next launch will vanish");
        } else {
            rig.cloud.hideNextLaunch(Duration.ofSeconds(random.nextInt(50)));
            chaos.note("the next launch will be hidden");
        }
    }

    private void listing() {
        Party party = any();
        CompletableFuture<Integer> listed =
                rig.inBackground(() -> party.fleet.list().size());
        await(new Request("list", party, listed.thenApply(v -> List.of()), () -> {}));
    }

    private void replaceFleet() {
        if (random.nextInt(3) > 0) {
            return;
        }
        Party party = any();
        chaos.note("close of " + party.name);
        Set<String> knewOf = known(party);
        rig.close(party.fleet);
        party.closed = true;
        owned.removeIf(o -> o.party.equals(party));
        // A launch of unknown outcome may outlast the bad time that it comes from.
        if (everBad) {
            cutShort = true;
            left.addAll(knewOf);
            chaos.created.stream().filter(c -> c.client().equals(party.name)).forEach(c -> left.add(c.id()));
        }
        add();
    }

    private static Set<String> known(Party party) {
        return party.events.stream().flatMap(e -> machineOf(e).stream()).collect(Collectors.toCollection(TreeSet::new));
    }

    private void collect() {
        for (Request request : List.copyOf(waiting)) {
            if (request.ends.isDone()) {
                waiting.remove(request);
                collect(request);
            }
        }
    }

    private void collect(Request request) {
        try {
            List<EphemeralBuilder> builders = request.ends.get();
            chaos.note(request.name + " -> "
                    + builders.stream().map(EphemeralBuilder::id).toList());
            take(request, builders);
        } catch (CancellationException | InterruptedException e) {
            chaos.note(request.name + " -> cancelled");
            assertThat(request.givenUp).as("%s was given up", request.name).isTrue();
        } catch (ExecutionException e) {
            chaos.note(request.name + " -> " + e.getCause());
            failed(request, e.getCause());
        }
    }

    private void take(Request request, Collection<EphemeralBuilder> builders) {
        for (EphemeralBuilder builder : builders) {
            // Somebody may have attached to it, and detached it, before the whole batch was ready.
            boolean detachedMeanwhile = !request.attaches && detached.contains(builder.id());
            if (!request.party.closed && !detachedMeanwhile) {
                owned.removeIf(
                        o -> o.party.equals(request.party) && o.builder.id().equals(builder.id()));
                owned.add(new Owned(request.party, builder));
                detached.remove(builder.id());
            }
        }
    }

    private void failed(Request request, Throwable failure) {
        if (failure instanceof PartialAcquireException partial) {
            assertThat(partial.builders()).isNotEmpty();
            assertThat(partial.failures()).isNotEmpty();
            take(request, partial.builders());
            return;
        }
        boolean closedFleet = failure instanceof IllegalStateException && request.party.closed;
        boolean givenUp = request.givenUp
                && (failure instanceof InterruptedException || failure instanceof CancellationException);
        assertThat(failure)
                .as("%s, whose id nobody else has", request.name)
                .isNotInstanceOf(DuplicateRequestException.class);
        assertThat(failure instanceof BuilderException || closedFleet || givenUp)
                .as("%s ends in a typed failure, not in %s", request.name, failure)
                .isTrue();
        for (Throwable t = failure; t != null; t = t.getCause()) {
            assertThat(t instanceof NullPointerException || t instanceof ClassCastException)
                    .as("%s meets a defect: %s", request.name, failure)
                    .isFalse();
        }
    }

    /** What must hold at each moment. */
    private void checkNow() {
        Set<String> onTheirWayOut = new HashSet<>();
        parties.stream().filter(p -> !p.closed).forEach(p -> onTheirWayOut.addAll(released(p)));
        for (Machine machine : rig.cloud.inventory()) {
            boolean leased = Long.parseLong(machine.tags().getOrDefault(MachineTags.LEASE, "0"))
                    >= ticker.now().getEpochSecond();
            assertThat(leased
                            || machine.state() == MachineState.STOPPING
                            || onTheirWayOut.contains(machine.id())
                            || left.contains(machine.id()))
                    .as("machine %s is leased, released or left at %s: %s", machine.id(), ticker.now(), machine.tags())
                    .isTrue();
        }
        parties.forEach(p -> {
            checkOrder(p);
            checkGone(p);
        });
        checkRates();
        if (mostMachines != null) {
            assertThat(chaos.mostAtATime.get())
                    .as("machines at a time, of which %s are permitted", mostMachines)
                    .isLessThanOrEqualTo(mostMachines);
        }
    }

    private void checkGone(Party party) {
        Set<String> alive = rig.cloud.machines();
        assertThat(events(party, BuilderEvent.Gone.class))
                .as("machines that %s has seen gone", party.name)
                .noneMatch(gone -> alive.contains(gone.machineId()));
    }

    private static Set<String> released(Party party) {
        return events(party, BuilderEvent.Released.class).stream()
                .map(BuilderEvent.Released::machineId)
                .collect(Collectors.toSet());
    }

    private static <E extends BuilderEvent> List<E> events(Party party, Class<E> type) {
        return party.events.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private static Optional<String> machineOf(BuilderEvent event) {
        String id = null;
        if (event instanceof BuilderEvent.Launched e) {
            id = e.machineId();
        } else if (event instanceof BuilderEvent.Running e) {
            id = e.machineId();
        } else if (event instanceof BuilderEvent.Ready e) {
            id = e.machineId();
        } else if (event instanceof BuilderEvent.ReclaimNoticed e) {
            id = e.machineId();
        } else if (event instanceof BuilderEvent.Released e) {
            id = e.machineId();
        } else if (event instanceof BuilderEvent.Gone e) {
            id = e.machineId();
        } else if (event instanceof BuilderEvent.Attached e) {
            id = e.machineId();
        } else if (event instanceof BuilderEvent.Detached e) {
            id = e.machineId();
        }
        return Optional.ofNullable(id);
    }

    /** What may come after what, for one machine in one fleet; the first may be a release of a machine of unknown origin. */
    private static final Map<String, Set<String>> NEXT = Map.of(
            "", Set.of("Launched", "Attached", "ReclaimNoticed", "Released", "Gone"),
            "Launched", Set.of("Running", "ReclaimNoticed", "Released"),
            "Running", Set.of("Ready", "ReclaimNoticed", "Released"),
            "Ready", Set.of("ReclaimNoticed", "Released", "Detached"),
            "Attached", Set.of("ReclaimNoticed", "Released", "Detached"),
            "ReclaimNoticed", Set.of("Ready", "Attached", "Released", "Detached"),
            "Detached", Set.of("Attached", "ReclaimNoticed", "Released", "Gone"),
            "Released", Set.of("Gone"),
            "Gone", Set.of());

    private void checkOrder(Party party) {
        Map<String, String> last = new HashMap<>();
        Set<String> launching = new HashSet<>();
        Instant before = Instant.EPOCH;
        for (BuilderEvent event : party.events) {
            assertThat(event.at()).as("%s in %s", event, party.name).isAfterOrEqualTo(before);
            before = event.at();
            if (event instanceof BuilderEvent.Launching) {
                launching.add(event.requestId());
            }
            if (event instanceof BuilderEvent.Launched) {
                assertThat(launching).as("announced launches").contains(event.requestId());
            }
            String type = event.getClass().getSimpleName();
            machineOf(event).ifPresent(id -> {
                String previous = last.getOrDefault(id, "");
                assertThat(NEXT.getOrDefault(previous, Set.of()))
                        .as("%s of %s in %s after '%s'", type, id, party.name, previous)
                        .contains(type);
                last.put(id, type);
            });
        }
    }

    private void checkRates() {
        for (CloudAction action : CloudAction.values()) {
            List<Instant> times = chaos.made.stream()
                    .filter(m -> m.action() == action)
                    .map(Chaos.Made::at)
                    .sorted()
                    .toList();
            int most = limits.callsPerMinute(action);
            for (int i = most; i < times.size(); i++) {
                assertThat(Duration.between(times.get(i - most), times.get(i)))
                        .as("time in which %s calls of %s were made", most + 1, action)
                        .isGreaterThanOrEqualTo(Duration.ofMinutes(1));
            }
        }
    }

    /** The cloud works again; whatever is under way comes to its end. */
    private void settle() {
        chaos.note("the cloud works again");
        chaos.share(0);
        Instant end = ticker.now().plus(SETTLING);
        while (!waiting.isEmpty() && ticker.now().isBefore(end)) {
            rig.pass(Duration.ofSeconds(20));
            waitAMoment(waiting.get(0).ends);
            collect();
        }
        assertThat(waiting.stream().map(r -> r.name)).as("calls without an end").isEmpty();
        rig.pass(Duration.ofMinutes(15));
        checkNow();
    }

    /** By the wall clock: no ticker sees a thread wake up whose call has ended. */
    private static void waitAMoment(CompletableFuture<?> future) {
        try {
            future.handle((value, failure) -> true).get(2, TimeUnit.MILLISECONDS);
        } catch (TimeoutException notYet) {
            return;
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError("interrupted while waiting", e);
        }
    }

    private Set<String> holds() {
        return owned.stream().map(o -> o.builder.id()).collect(Collectors.toCollection(TreeSet::new));
    }

    private void checkSettled() {
        Set<String> expected = holds();
        expected.addAll(detached);
        expected.addAll(left);
        assertThat(expected).as("machines that somebody holds").containsAll(rig.cloud.machines());
        for (Party party : parties) {
            if (!party.closed) {
                Set<String> gone = events(party, BuilderEvent.Gone.class).stream()
                        .map(BuilderEvent.Gone::machineId)
                        .collect(Collectors.toSet());
                assertThat(gone)
                        .as("machines that %s was to give back and has seen gone", party.name)
                        .containsAll(released(party));
            }
        }
        checkRecords();
        checkLedger();
    }

    private void checkRecords() {
        Set<String> alive = rig.cloud.machines();
        Set<String> recorded = new TreeSet<>();
        int open = 0;
        for (Map<String, String> record : store.readAll(StateStore.Kind.BUILDER).values()) {
            String machine = record.get("machine");
            if (machine == null) {
                open++;
            } else {
                recorded.add(machine);
            }
        }
        for (Owned one : owned) {
            if (alive.contains(one.builder.id())) {
                assertThat(recorded).as("records").contains(one.builder.id());
            }
        }
        if (!cutShort) {
            assertThat(open).as("records of attempts without a machine").isZero();
            Set<String> known = new TreeSet<>(alive);
            known.addAll(detached);
            assertThat(known).as("machines with records").containsAll(recorded);
        }
    }

    private void checkLedger() {
        List<String> lines = store.lines(StateStore.Log.LEDGER, Instant.EPOCH).stream()
                .map(line -> line.getOrDefault("machine", "?"))
                .toList();
        assertThat(lines).as("ledger").doesNotHaveDuplicates();
        assertThat(rig.cloud.machines()).as("machines in the ledger").noneMatch(lines::contains);
        if (!cutShort) {
            Set<String> launched = new TreeSet<>();
            parties.forEach(p -> events(p, BuilderEvent.Launched.class).forEach(e -> launched.add(e.machineId())));
            launched.removeAll(rig.cloud.machines());
            launched.removeAll(detached);
            assertThat(lines).as("ledger").containsAll(launched);
        }
    }

    private void end() {
        for (Party party : parties) {
            if (!party.closed) {
                rig.close(party.fleet);
                party.closed = true;
            }
        }
        checkNow();
        Set<String> expected = new TreeSet<>(detached);
        expected.addAll(left);
        assertThat(expected).as("machines after all fleets are closed").containsAll(rig.cloud.machines());
    }
}
