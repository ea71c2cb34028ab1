package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.SimulatedMachine;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes machines back as a {@link ReclaimPlan} says, from inside of the cloud: nothing of it depends on what a contestant
 * does or sees. Protection does not help: else the best were always to buy it, and nothing would be shown. Safe for use by
 * many threads.
 */
final class Reclaims implements BiConsumer<SimulatedMachine, Instant> {
    private final AlibabaCloudSimulator simulator;
    private final ReclaimPlan plan;
    private final Map<String, Integer> machinesOfJob = new HashMap<>();
    private final Map<String, Doomed> byMachine = new HashMap<>();
    private final Map<String, ReclaimPlan.Deed> done = new LinkedHashMap<>();

    Reclaims(AlibabaCloudSimulator simulator, ReclaimPlan plan) {
        this.simulator = simulator;
        this.plan = plan;
    }

    private static final class Doomed {
        final ReclaimPlan.Deed deed;
        final Deque<ReclaimPlan.Blow> left;
        final Instant created;

        @Nullable Instant running;

        Doomed(ReclaimPlan.Fate fate, Instant created) {
            this.deed = fate.deed();
            this.left = new ArrayDeque<>(fate.blows());
            this.created = created;
        }
    }

    /** A machine is there; told of each several times a second. */
    @Override
    public synchronized void accept(SimulatedMachine machine, Instant now) {
        Doomed doomed = byMachine.computeIfAbsent(machine.id(), id -> new Doomed(fate(machine), now));
        if (doomed.running == null && machine.state().equals("Running")) {
            doomed.running = now;
        }
        ReclaimPlan.Blow next = doomed.left.peek();
        while (next != null && isDue(next, doomed, now)) {
            doomed.left.remove();
            if (strike(machine, next)) {
                done.put(machine.id(), doomed.deed);
            }
            next = doomed.left.peek();
        }
    }

    private ReclaimPlan.Fate fate(SimulatedMachine machine) {
        String job = ReclaimPlan.jobOf(Census.request(machine.tags()));
        int number = machinesOfJob.merge(job, 1, Integer::sum);
        ReclaimPlan.Fate fate = plan.fate(job, number);
        return fate.blows().isEmpty() || isSpot(machine.id())
                ? fate
                : new ReclaimPlan.Fate(ReclaimPlan.Deed.NONE, List.of());
    }

    private boolean isSpot(String id) {
        return simulator.instances().stream().anyMatch(instance -> instance.id().equals(id) && instance.spot())
                || simulator.groups().stream().anyMatch(group -> group.id().equals(id) && group.spot());
    }

    private static boolean isDue(ReclaimPlan.Blow blow, Doomed doomed, Instant now) {
        Instant start = blow.booted() ? doomed.running : doomed.created;
        return start != null && !now.isBefore(start.plus(blow.after()));
    }

    /** Returns whether there was still something to take back. */
    private boolean strike(SimulatedMachine machine, ReclaimPlan.Blow blow) {
        if (machine.state().equals("Stopping") || machine.state().equals("Terminating")) {
            return false;
        }
        try {
            if (blow.notice()) {
                simulator.reclaim(machine);
            } else {
                simulator.reclaim(machine.id(), Duration.ZERO);
            }
            return true;
        } catch (IllegalArgumentException e) {
            // It has gone since it was seen.
            return false;
        }
    }

    /** Returns the machines that were taken back, and how. */
    synchronized Map<String, ReclaimPlan.Deed> done() {
        return Map.copyOf(done);
    }
}
