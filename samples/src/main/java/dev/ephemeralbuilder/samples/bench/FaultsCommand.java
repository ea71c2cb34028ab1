package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.samples.product.ProviderChoice;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ephemeral bench faults}: what becomes of whole lifecycles in a cloud that does everything wrong. */
@Command(
        name = "faults",
        description = {
            "Runs whole lifecycles, from acquire to verified absence, in a cloud that does everything wrong:",
            "5 %% of the calls throttled, 3 %% HTML 503, 1 %% malformed or empty; 10 %% out of stock at once, 3 %% late,"
                    + " 5 %% answers lost after a create; deletions refused or their answers lost;"
                    + " SSH or exec cut in 5 %% of the scripts; in the middle of one 10 %% of the machines taken back"
                    + " with notice and 2 %% without.",
            "A job that fails is tried three times at most.",
            ""
        },
        sortOptions = false)
final class FaultsCommand extends BenchProgram {
    static final String OWNER = "bench";
    private static final int TRIES = 3;

    private static final double LEAST_SUCCEEDED = 0.995;
    private static final int MOST_LIFECYCLES = 100_000;

    @Option(
            names = "--provider",
            paramLabel = "PRODUCT",
            description = "Whose machines: ecs, eci, or any for both in one fleet. Default: ecs.")
    private ProviderChoice providers = ProviderChoice.ECS;

    @Option(names = "--lifecycles", paramLabel = "N", description = "How many jobs. Default: ${DEFAULT-VALUE}.")
    private int lifecycles = 500;

    @Option(
            names = "--kill",
            description = "Kill the process that runs the jobs at random moments, and start it again.")
    private boolean kill;

    @Mixin
    private final LoadOptions load = new LoadOptions(20);

    FaultsCommand(BenchOutput output) {
        super(output);
    }

    private record Account(
            int asked,
            int succeeded,
            int failed,
            int unaccounted,
            long created,
            long duplicates,
            long leaked,
            long bytesLost,
            long bytesDoubled,
            double callsPerBuilder) {
        static final List<String> NAMES = List.of(
                "asked",
                "succeeded",
                "failed",
                "unaccounted",
                "created",
                "duplicates",
                "leaked",
                "bytesLost",
                "bytesDoubled",
                "callsPerBuilder");

        String row(String name) {
            return Numbers.row(List.of(
                    name,
                    asked,
                    succeeded,
                    failed,
                    unaccounted,
                    created,
                    duplicates,
                    leaked,
                    bytesLost,
                    bytesDoubled,
                    callsPerBuilder));
        }
    }

    private record Document(Account ours, Account plainLoop) {}

    @Override
    int run() throws IOException, InterruptedException {
        if (lifecycles < 1 || lifecycles > MOST_LIFECYCLES || !load.valid()) {
            throw usage("expected --lifecycles from 1 to " + MOST_LIFECYCLES + ", " + LoadOptions.EXPECTED);
        }
        Account ours = run(Controller.Kind.OURS, "ours");
        Account plain = run(Controller.Kind.PLAIN_LOOP, "plainLoop");
        check(ours);
        String table = Numbers.head(
                        Stream.concat(Stream.of(""), Account.NAMES.stream()).toList())
                + ours.row("ours")
                + plain.row("plainLoop");
        return output.end(options, new Document(ours, plain), table);
    }

    private void check(Account ours) {
        output.none("unaccounted", ours.unaccounted());
        output.none("duplicates", ours.duplicates());
        output.none("leaked", ours.leaked());
        output.none("bytesLost", ours.bytesLost());
        output.none("bytesDoubled", ours.bytesDoubled());
        output.atLeast("share of those that succeeded", ours.succeeded() / (double) ours.asked(), LEAST_SUCCEEDED);
    }

    private Account run(Controller.Kind kind, String name) throws IOException, InterruptedException {
        Jobs jobs = new Jobs(output, name, lifecycles);
        Path state = kill && kind == Controller.Kind.OURS ? Files.createTempDirectory("ephemeral-bench") : null;
        try (Cloud cloud = Cloud.start(
                        CloudPlan.of(options.seed, load.scale).with(providers).withFaults());
                Ticker ticker = cloud.ticker("ephemeral-bench-sweep")) {
            Controller.Plan plan = new Controller.Plan(
                    kind,
                    cloud.facts(),
                    load.scale,
                    options.seed,
                    providers,
                    load.atOnce,
                    TRIES,
                    null,
                    null,
                    state == null ? null : state.toString(),
                    List.of());
            if (kill) {
                jobs.runAndKill(plan);
            } else {
                jobs.run(plan);
            }
            if (kind == Controller.Kind.OURS) {
                Sweep.settle(cloud, ticker, output, name);
            } else {
                Sweep.await(ticker);
            }
            Account account = account(jobs, cloud);
            output.progress(name + ": tries that did not end well: " + jobs.reasons());
            return account;
        } finally {
            if (state != null) {
                Leftovers.delete(state);
            }
        }
    }

    private Account account(Jobs jobs, Cloud cloud) throws IOException, InterruptedException {
        List<Census.Life> machines = cloud.machines();
        CallCounts calls = cloud.calls();
        output.progress("calls: " + calls.byAction());
        return new Account(
                jobs.asked(),
                jobs.succeeded(),
                jobs.failed(),
                jobs.unaccounted(),
                calls.creations(),
                jobs.duplicates(machines),
                Census.alive(machines),
                jobs.bytesLost(),
                jobs.bytesDoubled(),
                Numbers.rounded(calls.machines() / (double) Math.max(1, jobs.succeeded())));
    }
}
