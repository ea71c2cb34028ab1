package dev.ephemeralbuilder.testing.junit;

import dev.ephemeralbuilder.testing.simulator.MachineProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/** What a test, or a class of tests, left behind. Not safe for use by many threads. */
final class Leaks {
    private static final Duration END_BOUND = Duration.ofSeconds(5);

    private final String who;
    private final List<String> found = new ArrayList<>();
    private final List<Throwable> places = new ArrayList<>();

    /** @param who the test or the class */
    Leaks(String who) {
        this.who = who;
    }

    void add(String leak) {
        found.add(leak);
    }

    /** @param place a stack trace that tells more */
    void add(String leak, Throwable place) {
        found.add(leak);
        places.add(place);
    }

    /** Adds machines, each with its processes. */
    void addMachines(List<TestCloud.Left> machines, List<MachineProcess> processes) {
        for (TestCloud.Left machine : machines) {
            List<MachineProcess> running = processes.stream()
                    .filter(p -> machine.id().equals(p.machine()))
                    .toList();
            add("machine " + machine.text() + " is still there"
                    + (running.isEmpty() ? "" : ", with processes " + Texts.processes(running)));
        }
    }

    /** Waits a while for the processes of machines that are gone, and adds those that stay. */
    void addProcesses(TestCloud cloud, Set<String> livingMachines) {
        List<MachineProcess> dying = withoutMachine(cloud, livingMachines);
        if (!dying.isEmpty()) {
            awaitEnd(dying);
            dying = withoutMachine(cloud, livingMachines);
        }
        for (MachineProcess process : dying) {
            add("process " + process + " of "
                    + (process.machine() == null ? "a machine that it does not name" : "machine " + process.machine())
                    + " still runs");
        }
    }

    void addThreads(List<Thread> threads) {
        threads.forEach(thread -> add(Texts.thread(thread)));
    }

    /** @throws AssertionError if anything was found */
    void check() {
        if (found.isEmpty()) {
            return;
        }
        AssertionError error = new AssertionError(who + " left behind:\n"
                + found.stream().map(leak -> "  - " + leak).collect(Collectors.joining("\n")));
        places.forEach(error::addSuppressed);
        throw error;
    }

    private static List<MachineProcess> withoutMachine(TestCloud cloud, Set<String> livingMachines) {
        return cloud.processes().stream()
                .filter(p -> p.machine() == null || !livingMachines.contains(p.machine()))
                .toList();
    }

    /** Waits a while for the end of processes. */
    static void awaitEnd(List<MachineProcess> processes) {
        CompletableFuture<?>[] ends = processes.stream()
                .flatMap(p -> ProcessHandle.of(p.pid()).stream())
                .map(ProcessHandle::onExit)
                .toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(ends).get(END_BOUND.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // Whoever looks again sees which.
            return;
        }
    }
}
