package dev.ephemeralbuilder.testing.junit;

import dev.ephemeralbuilder.testing.simulator.MachineProcess;
import java.util.Collection;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How leaks are worded. */
final class Texts {
    private static final int FRAMES = 8;

    private Texts() {}

    static String processes(Collection<MachineProcess> processes) {
        return processes.stream().map(MachineProcess::toString).collect(Collectors.joining(", "));
    }

    static String thread(Thread thread) {
        return "thread " + thread.getName() + " (" + thread.getState() + ") still lives" + stack(thread);
    }

    /** Returns the top of a thread's stack, each frame on a line of its own. */
    static String stack(Thread thread) {
        return Stream.of(thread.getStackTrace())
                .limit(FRAMES)
                .map(frame -> "\n        at " + frame)
                .collect(Collectors.joining());
    }
}
