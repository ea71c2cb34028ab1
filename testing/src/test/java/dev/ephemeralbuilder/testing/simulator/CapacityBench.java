package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Prints what many machines cost, and fails where a bound is broken. Run by hand, see docs/simulator.md: its name keeps
 * it out of the tests. Client and simulator share the JVM, so the numbers are those of both.
 */
@EnabledOnOs(OS.LINUX)
class CapacityBench {
    private static final int RUNNING = 200;
    private static final int IDLE = 1_000;
    private static final long MOST_THREADS = 2_500;
    private static final long MOST_MEGABYTES_RUNNING = 1_000;
    private static final long MOST_MEGABYTES_IDLE = 1_500;

    private final List<String> broken = new ArrayList<>();
    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    @Test
    void boundsHold() throws Exception {
        out.printf(
                "Java %s, %d processors, heap at most %d MB%n",
                Runtime.version().feature(),
                Runtime.getRuntime().availableProcessors(),
                Runtime.getRuntime().maxMemory() / 1_000_000);
        out.println(
                "| machines | threads | heap MB | resident MB | most resident MB | seconds to SSH | to commands | to end |");
        out.println("|---|---|---|---|---|---|---|---|");
        measure("%d running, plain".formatted(RUNNING), RUNNING, Isolation.PLAIN, true, MOST_MEGABYTES_RUNNING);
        Optional<String> refusal = NamespaceSupportTest.refusal();
        if (refusal.isEmpty()) {
            measure(
                    "%d running, isolated".formatted(RUNNING),
                    RUNNING,
                    Isolation.NAMESPACES,
                    true,
                    MOST_MEGABYTES_RUNNING);
        } else {
            out.println("| running, isolated: " + refusal.get() + " |");
        }
        measure("%,d idle".formatted(IDLE), IDLE, Isolation.PLAIN, false, MOST_MEGABYTES_IDLE);
        assertThat(broken).isEmpty();
    }

    private void measure(String what, int count, Isolation isolation, boolean running, long mostMegabytes)
            throws Exception {
        long begin = System.nanoTime();
        long open;
        long started;
        long ended;
        String row;
        try (Crowd crowd = new Crowd(count, isolation)) {
            open = System.nanoTime();
            if (running) {
                crowd.startCommands();
            }
            started = System.nanoTime();
            // First what it came to, then what of the heap is no waste.
            long resident = kilobytes("VmRSS") / 1_000;
            long peak = kilobytes("VmHWM") / 1_000;
            long threads = ManagementFactory.getThreadMXBean().getThreadCount();
            System.gc();
            long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / 1_000_000;
            row = String.format(Locale.ROOT, "| %s | %,d | %,d | %,d | %,d |", what, threads, heap, resident, peak);
            check(what + ": threads", threads, MOST_THREADS);
            check(what + ": resident MB", resident, mostMegabytes);
            if (running) {
                crowd.finish();
            }
            ended = System.nanoTime();
        }
        out.println(row + seconds(open - begin) + seconds(started - open) + seconds(System.nanoTime() - ended));
    }

    private void check(String what, long value, long bound) {
        if (value > bound) {
            broken.add(what + " must be at most " + bound + ", were " + value);
        }
    }

    private static String seconds(long nanos) {
        return String.format(Locale.ROOT, " %.1f |", nanos / (double) TimeUnit.SECONDS.toNanos(1));
    }

    private static long kilobytes(String name) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith(name + ":"))
                .map(line -> line.replaceAll("\\D", ""))
                .mapToLong(Long::parseLong)
                .findFirst()
                .orElseThrow();
    }
}
