package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What many machines at once cost; {@link CapacityBench} measures more of them. */
@Timeout(180)
@Tag("once")
class ManyMachinesTest {
    private static final int MACHINES = 50;
    // 2,500 threads for 200 machines, those of the client included.
    private static final int THREADS_PER_MACHINE = 12;
    private static final int THREADS_OF_ALL = 60;

    @Test
    void manyMachinesNeedFewThreads() throws Exception {
        int before = threads();
        try (Crowd crowd = new Crowd(MACHINES, Isolation.PLAIN)) {
            assertThat(threads() - before).as("idle").isLessThan(THREADS_OF_ALL);
            crowd.startCommands();
            assertThat(threads() - before).as("running").isLessThan(MACHINES * THREADS_PER_MACHINE);
            crowd.finish();
        }
    }

    private static int threads() {
        return ManagementFactory.getThreadMXBean().getThreadCount();
    }
}
