package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ephemeral bench exec}: scripts beside OpenSSH's own client. */
@Command(
        name = "exec",
        description = {
            "Compares a followed log and a script that does nothing with OpenSSH's ssh, on an sshd of its own on the"
                    + " loopback address. Skipped where there is no OpenSSH.",
            ""
        },
        sortOptions = false)
final class ExecCommand extends BenchProgram {
    private static final double LEAST_THROUGHPUT = 0.8;
    private static final double MIB = 1 << 20;
    private static final int NOOPS = 20;
    private static final String REMOVE_LOGS = "rm .ephemeral-builder/scripts/*/out";
    private static final int MOST_MIB = 16 << 10;

    @Option(names = "--mib", paramLabel = "N", description = "How long the log is. Default: ${DEFAULT-VALUE} MiB.")
    private int mib = 1_024;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "How often, in turn, after a round that warms up; medians count. Default: ${DEFAULT-VALUE}.")
    private int rounds = 5;

    ExecCommand(BenchOutput output) {
        super(output);
    }

    private record Throughput(double oursMibPerSecond, double sshMibPerSecond, double ratio) {}

    private record Noop(double oursMillis, double sshMillis, double ratio) {}

    private record Document(Throughput throughput, Noop noop) {}

    @Override
    int run() throws IOException, InterruptedException {
        if (mib < 1 || mib > MOST_MIB || rounds < 1 || rounds > 100) {
            throw usage("expected --mib from 1 to " + MOST_MIB + " and --rounds from 1 to 100");
        }
        Optional<String> missing = Sshd.missing();
        if (missing.isPresent()) {
            output.progress("skipped: " + missing.get());
            return output.end(options, Map.of("skipped", missing.get()), "skipped: " + missing.get() + "\n");
        }
        try (SshdHost host = new SshdHost(output.wall());
                // By the wall clock: what a fleet waits for itself must not look shorter than it is.
                Cloud cloud = Cloud.start(CloudPlan.wall(options.seed, 1, 2));
                Ticker ticker = cloud.ticker("ephemeral-bench-clock");
                BuildFleet fleet = BuildFleet.builder()
                        .owner("bench")
                        .provider(host.provider(cloud))
                        .ticker(ticker)
                        .build();
                EphemeralBuilder builder = fleet.acquire(cloud.spec())) {
            output.progress("builder and sshd are ready");
            return measure(builder, host);
        }
    }

    private int measure(EphemeralBuilder builder, SshdHost host) throws IOException, InterruptedException {
        List<Double> ours = new ArrayList<>();
        List<Double> ssh = new ArrayList<>();
        String log = "head -c " + (long) (mib * MIB) + " /dev/zero";
        for (int i = 0; i <= rounds; i++) {
            double our = mib / seconds(() -> ours(builder, log, (long) (mib * MIB)));
            // Before this host has to write it to its disk while the next ones are measured.
            host.ssh(REMOVE_LOGS);
            double theirs = mib / seconds(() -> host.ssh(log));
            output.progress(
                    (i == 0 ? "warm-up, " : "") + "MiB/s: " + Numbers.text(our) + " beside " + Numbers.text(theirs));
            if (i > 0) {
                ours.add(our);
                ssh.add(theirs);
            }
        }
        List<Double> oursNoop = new ArrayList<>();
        List<Double> sshNoop = new ArrayList<>();
        for (int i = 0; i < NOOPS; i++) {
            oursNoop.add(1_000 * seconds(() -> ours(builder, ":", 0)));
            sshNoop.add(1_000 * seconds(() -> host.ssh(":")));
        }
        Throughput throughput = new Throughput(median(ours), median(ssh), Numbers.rounded(median(ours) / median(ssh)));
        Noop noop = new Noop(median(oursNoop), median(sshNoop), Numbers.rounded(median(oursNoop) / median(sshNoop)));
        output.atLeast("throughput beside ssh", throughput.ratio(), LEAST_THROUGHPUT);
        String table = Numbers.head(List.of("", "ours", "ssh", "ratio"))
                + Numbers.row(List.of(
                        "followed log of " + mib + " MiB, MiB/s",
                        throughput.oursMibPerSecond(),
                        throughput.sshMibPerSecond(),
                        throughput.ratio()))
                + Numbers.row(
                        List.of("script that does nothing, ms", noop.oursMillis(), noop.sshMillis(), noop.ratio()));
        return output.end(options, new Document(throughput, noop), table);
    }

    private static void ours(EphemeralBuilder builder, String text, long bytes)
            throws IOException, InterruptedException {
        AtomicLong came = new AtomicLong();
        LogSink sink = (stream, some, length) -> came.addAndGet(length);
        ScriptResult result = builder.run(Script.of(text).outputLimit(2 * bytes + 1), sink);
        if (!result.success() || came.get() != bytes) {
            throw new IOException("a script ended with " + result + ", " + came.get() + " bytes came");
        }
    }

    @FunctionalInterface
    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private double seconds(Work work) throws IOException, InterruptedException {
        long begin = CloudProcess.micros(output.wall());
        work.run();
        return Math.max(1, CloudProcess.micros(output.wall()) - begin) / 1e6;
    }

    private static double median(List<Double> values) {
        return OverheadCommand.percentile(values.stream().sorted().toList(), 0.5);
    }
}
