package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ephemeral bench overhead}: what the library itself takes, of time and of memory. */
@Command(
        name = "overhead",
        description = {
            "Measures the time from the moment at which a machine accepts SSH until acquire() returns, warm,"
                    + " and the heap and the threads of live builders that each have a followed script.",
            ""
        },
        sortOptions = false)
final class OverheadCommand extends BenchProgram {
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final int WAVE = 50;
    private static final int WARM_UP = 30;
    private static final AcquireRequest PATIENT =
            AcquireRequest.builder().readyTimeout(Duration.ofHours(1)).build();
    private static final Duration SPREAD = Duration.ofSeconds(30);
    private static final String ENDLESS = "echo up; while :; do sleep 3600; done";
    private static final double BYTES_PER_MEGABYTE = 1e6;

    @Option(names = "--boots", paramLabel = "N", description = "How many boots are timed. Default: ${DEFAULT-VALUE}.")
    private int boots = 100;

    @Option(
            names = "--live",
            paramLabel = "N",
            description = "How many builders live at a time. Default: ${DEFAULT-VALUE}.")
    private int live = 1_000;

    OverheadCommand(BenchOutput output) {
        super(output);
    }

    private record Times(String arrival, int boots, double p50Millis, double p99Millis) {}

    private record Memory(int builders, double heapMegabytes, int threads) {}

    private record Document(List<Times> acquire, Memory live) {}

    @Override
    int run() throws IOException, InterruptedException {
        if (boots < 1 || live < 1 || Math.max(boots, live) > CloudProcess.MACHINES) {
            throw usage("--boots and --live: expected numbers from 1 to " + CloudProcess.MACHINES);
        }
        // First: later this JVM is no longer an empty one.
        Memory memory = live();
        List<Times> times = times();
        String table = Numbers.head(List.of("boots", "arrival", "p50 ms", "p99 ms"));
        for (Times t : times) {
            table += Numbers.row(List.of(t.boots(), t.arrival(), t.p50Millis(), t.p99Millis()));
        }
        table += "\n" + Numbers.head(List.of("live builders", "heap MB", "threads"))
                + Numbers.row(List.of(memory.builders(), memory.heapMegabytes(), memory.threads()));
        output.atMost("p50 in ms, spread", times.get(0).p50Millis(), 300);
        output.atMost("p99 in ms, spread", times.get(0).p99Millis(), 1_000);
        output.atMost("heap in MB of live builders", memory.heapMegabytes(), 200);
        output.atMost("threads of live builders", memory.threads(), 100);
        return output.end(options, new Document(times, memory), table);
    }

    /** By the wall clock: what the fleet waits for itself must not look shorter than it is. */
    private List<Times> times() throws IOException, InterruptedException {
        try (Cloud cloud = Cloud.start(CloudPlan.wall(options.seed, 5, 15));
                Ticker ticker = cloud.ticker("ephemeral-bench-clock");
                BuildFleet fleet = cloud.fleet(ticker)) {
            Times cold = time(cloud, fleet, "warm-up", WARM_UP, Duration.ZERO);
            output.progress("after a cold start: " + cold);
            Times spread = time(cloud, fleet, "spread over " + SPREAD.toSeconds() + " s", boots, SPREAD);
            Times burst = time(cloud, fleet, "at once", boots, Duration.ZERO);
            return List.of(spread, burst);
        }
    }

    private record Arrival(String machine, long returnedAt) {}

    private Times time(Cloud cloud, BuildFleet fleet, String arrival, int count, Duration over)
            throws IOException, InterruptedException {
        List<Future<Arrival>> arrivals = new ArrayList<>();
        try (Crew crew = new Crew("acquire", count)) {
            for (int i = 0; i < count; i++) {
                arrivals.add(crew.submit(() -> {
                    try (EphemeralBuilder builder = fleet.acquire(cloud.spec())) {
                        return new Arrival(builder.id(), CloudProcess.micros(output.wall()));
                    }
                }));
                Pause.on(output.wall(), over.dividedBy(count));
            }
            Await.allDone(arrivals, PATIENCE);
        }
        Map<String, Long> acceptedAt = cloud.acceptedAt();
        List<Double> millis = new ArrayList<>();
        for (Future<Arrival> future : arrivals) {
            Arrival a = Await.done(future, PATIENCE);
            Long accepted = acceptedAt.get(a.machine());
            if (accepted == null) {
                throw new IOException("the cloud does not know when " + a.machine() + " accepted SSH");
            }
            millis.add((a.returnedAt() - accepted) / 1_000.0);
        }
        millis.sort(null);
        output.progress(arrival + ": from " + Numbers.text(millis.get(0)) + " to "
                + Numbers.text(millis.get(millis.size() - 1)) + " ms");
        return new Times(arrival, count, percentile(millis, 0.5), percentile(millis, 0.99));
    }

    /** Returns the smallest value that the share of values does not exceed. */
    static double percentile(List<Double> sorted, double share) {
        return Numbers.rounded(sorted.get((int) Math.ceil(share * sorted.size()) - 1));
    }

    private Memory live() throws IOException, InterruptedException {
        try (Cloud cloud = Cloud.start(CloudPlan.wall(options.seed, 1, 2).withLazyMachines());
                Ticker ticker = cloud.ticker("ephemeral-bench-clock")) {
            double empty = heapMegabytes();
            try (BuildFleet fleet = cloud.fleet(ticker)) {
                List<EphemeralBuilder> builders = new ArrayList<>();
                List<CompletableFuture<Void>> follows = new ArrayList<>();
                while (builders.size() < live) {
                    // Not all at once: connecting to them keeps this host busy, and nothing here is timed.
                    int some = Math.min(WAVE, live - builders.size());
                    List<EphemeralBuilder> wave =
                            Await.done(fleet.acquireAllAsync(cloud.spec(), some, PATIENT), PATIENCE);
                    follow(wave, follows);
                    builders.addAll(wave);
                    output.progress(builders.size() + " builders have a followed script");
                }
                int threads = ManagementFactory.getThreadMXBean().getThreadCount();
                Memory memory = new Memory(builders.size(), Numbers.rounded(heapMegabytes() - empty), threads);
                output.progress(memory.toString());
                long ended = follows.stream().filter(CompletableFuture::isDone).count();
                if (ended > 0) {
                    throw new IOException(ended + " scripts are not followed any more");
                }
                return memory;
            }
        }
    }

    /** Starts a script on each and returns when its first output has come. */
    private static void follow(List<EphemeralBuilder> builders, List<CompletableFuture<Void>> follows)
            throws IOException, InterruptedException {
        List<CompletableFuture<Void>> heard = new ArrayList<>();
        for (EphemeralBuilder builder : builders) {
            CompletableFuture<Void> first = new CompletableFuture<>();
            heard.add(first);
            follows.add(builder.start(Script.of(ENDLESS))
                    .thenCompose(script -> script.follow((stream, bytes, length) -> first.complete(null))));
        }
        Await.allDone(heard, PATIENCE);
    }

    private static double heapMegabytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / BYTES_PER_MEGABYTE;
    }
}
