package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ephemeral bench calls}: how many calls of the API a builder takes. */
@Command(
        name = "calls",
        description = {
            "Counts the calls of the cloud's API per builder, from acquire to verified absence, without faults.",
            "Machines boot in 40 ± 10 s. Each number comes from a cloud and a fleet of its own.",
            ""
        },
        sortOptions = false)
final class CallsCommand extends BenchProgram {
    /** For each number in the table, by the wall clock. */
    private static final Duration PATIENCE = Duration.ofMinutes(15);

    /** What a fleet allows itself of each operation in any minute, unless it is set otherwise. */
    private static final int CALLS_PER_MINUTE = 300;

    private static final int MANY = 1_000;

    @Option(
            names = "--builders",
            paramLabel = "N",
            split = ",",
            description = "How many builders at a time; several numbers with commas. Default: 1,100,1000.")
    private List<Integer> builders = List.of(1, 100, MANY);

    @Option(
            names = "--scale",
            paramLabel = "N",
            description = "Seconds of the cloud per second here. Default: 10, and 2 for more than 100 builders:"
                    + " connecting to many machines takes its time on this host.")
    private @Nullable Double scale;

    CallsCommand(BenchOutput output) {
        super(output);
    }

    private record Row(int builders, double acquireAll, double independent, double market, double plainLoop) {}

    private record Document(List<Row> rows) {}

    /** What is counted: returns when all machines are gone. */
    @FunctionalInterface
    private interface Work {
        void run(Cloud cloud, Ticker ticker, int count) throws IOException, InterruptedException;
    }

    @Override
    int run() throws IOException, InterruptedException {
        if (builders.stream().anyMatch(n -> n < 1 || n > CloudProcess.MACHINES)) {
            throw usage("--builders: expected numbers from 1 to " + CloudProcess.MACHINES);
        }
        List<Row> rows = new ArrayList<>();
        StringBuilder table = new StringBuilder(
                Numbers.head(List.of("builders", "acquireAll", "independent", "market", "plainLoop")));
        for (int count : builders) {
            CallCounts all = count("acquireAll", count, CallsCommand::acquireAll);
            CallCounts each = count("independent", count, CallsCommand::acquireEach);
            CallCounts plain = count("plainLoop", count, CallsCommand::plainLoop);
            Row row = new Row(
                    count,
                    perBuilder(all.machines(), count),
                    perBuilder(each.machines(), count),
                    perBuilder(Math.max(all.market(), each.market()), count),
                    perBuilder(plain.machines(), count));
            rows.add(row);
            table.append(Numbers.row(
                    List.of(row.builders(), row.acquireAll(), row.independent(), row.market(), row.plainLoop())));
            check(row);
            checkRate("acquireAll", count, all);
            checkRate("independent", count, each);
        }
        return output.end(options, new Document(rows), table.toString());
    }

    private static double perBuilder(long calls, int count) {
        return Numbers.rounded(calls / (double) count);
    }

    private void check(Row row) {
        String at = " calls per builder at " + row.builders();
        if (row.builders() == 1) {
            output.atMost("acquireAll," + at, row.acquireAll(), 6);
            output.atMost("independent," + at, row.independent(), 6);
        }
        if (row.builders() >= MANY) {
            output.atMost("acquireAll," + at, row.acquireAll(), 0.15);
            output.atMost("independent," + at, row.independent(), 1.3);
        }
    }

    private void checkRate(String how, int count, CallCounts calls) {
        for (Map.Entry<String, Long> most : calls.mostInAMinute().entrySet()) {
            output.atMost(
                    how + " of " + count + ", " + most.getKey() + " in a minute", most.getValue(), CALLS_PER_MINUTE);
        }
    }

    private CallCounts count(String how, int count, Work work) throws IOException, InterruptedException {
        double factor = scale != null ? scale : count > 100 ? 2 : 10;
        try (Cloud cloud = Cloud.start(CloudPlan.of(options.seed, factor));
                Ticker ticker = cloud.ticker("ephemeral-bench-clock")) {
            work.run(cloud, ticker, count);
            CallCounts calls = cloud.calls();
            output.progress(
                    how + " of " + count + ": " + calls.byAction() + ", most in a minute " + calls.mostInAMinute());
            return calls;
        }
    }

    private static void acquireAll(Cloud cloud, Ticker ticker, int count) throws IOException, InterruptedException {
        try (BuildFleet fleet = cloud.fleet(ticker)) {
            List<EphemeralBuilder> all =
                    Await.done(fleet.acquireAllAsync(cloud.spec(), count, AcquireRequest.defaults()), PATIENCE);
            all.forEach(EphemeralBuilder::close);
            Await.allDone(all.stream().map(EphemeralBuilder::gone).toList(), PATIENCE);
        }
    }

    /** Each is given back as soon as it is ready. */
    private static void acquireEach(Cloud cloud, Ticker ticker, int count) throws IOException, InterruptedException {
        try (BuildFleet fleet = cloud.fleet(ticker)) {
            List<CompletableFuture<Void>> gone = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                gone.add(fleet.acquireAsync(cloud.spec(), AcquireRequest.defaults())
                        .thenCompose(builder -> {
                            builder.close();
                            return builder.gone();
                        }));
            }
            Await.allDone(gone, PATIENCE);
        }
    }

    /** Without a script, which takes no call; its deletion is not verified, since such loops do not. */
    private static void plainLoop(Cloud cloud, Ticker ticker, int count) throws IOException, InterruptedException {
        try (PlainApi api = new PlainApi(cloud.facts(), PlainPlace.usual(cloud.facts()), ticker);
                Crew crew = new Crew("plain", count)) {
            List<Future<?>> lives = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String request = "job-" + i;
                lives.add(crew.submit(() -> {
                    String id = api.run(request, null);
                    api.awaitAddress(id);
                    api.delete(id);
                    return null;
                }));
            }
            Await.allDone(lives, PATIENCE);
        }
    }
}
