package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.samples.product.ProviderChoice;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ephemeral bench reclaim}: what becomes of jobs whose machines are taken back. */
@Command(
        name = "reclaim",
        description = {
            "Runs jobs of 1 to 20 minutes of the cloud's time on spot machines, a share of which is taken back: with"
                    + " notice, without, while they boot, or long before the notice is over; replacements too.",
            "Beside the library run a loop that does nothing about it, and one that starts again on spot whenever a"
                    + " connection is lost.",
            ""
        },
        sortOptions = false)
final class ReclaimCommand extends BenchProgram {
    private static final int MOST_JOBS = 5_000;

    /** Of a loop that starts again and again: only what never ends is ended by this. */
    private static final int FOR_EVER = 50;

    @Option(
            names = "--provider",
            paramLabel = "PRODUCT",
            description = "Whose machines: ecs, eci, or any for both in one fleet. Default: ecs.")
    private ProviderChoice providers = ProviderChoice.ECS;

    @Option(names = "--jobs", paramLabel = "N", description = "How many jobs. Default: ${DEFAULT-VALUE}.")
    private int jobs = 300;

    @Option(
            names = "--rate",
            paramLabel = "SHARE",
            converter = Share.class,
            description = "The share of the spot machines that is taken back, such as 20%%. Default: 20%%.")
    private double rate = 0.2;

    @Mixin
    private final LoadOptions load = new LoadOptions(50);

    ReclaimCommand(BenchOutput output) {
        super(output);
    }

    private record Document(
            double scale,
            ReclaimAccount.Row oursWithoutReclaim,
            ReclaimAccount.Row ours,
            ReclaimAccount.Row noHandling,
            ReclaimAccount.Row retryOnSpotForEver) {}

    @Override
    int run() throws IOException, InterruptedException {
        if (jobs < 1 || jobs > MOST_JOBS || !load.valid()) {
            throw usage("expected --jobs from 1 to " + MOST_JOBS + ", " + LoadOptions.EXPECTED);
        }
        ReclaimPlan calm = new ReclaimPlan(options.seed, 0, load.scale);
        ReclaimPlan rough = new ReclaimPlan(options.seed, rate, load.scale);
        ReclaimAccount base = run(Controller.Kind.OURS, "oursWithoutReclaim", calm, null);
        // The same pool for all, so that what differs is what they do about reclaim.
        Bill usual = base.usual().orElseThrow(() -> new IOException("no job got a machine"));
        ReclaimAccount.Row calmRow = row("oursWithoutReclaim", base, base);
        ReclaimAccount.Row ours = row("ours", run(Controller.Kind.OURS, "ours", rough, null), base);
        ReclaimAccount.Row none = row("noHandling", run(Controller.Kind.NO_HANDLING, "noHandling", rough, usual), base);
        ReclaimAccount.Row retry =
                row("retryOnSpotForEver", run(Controller.Kind.PLAIN_LOOP, "retryOnSpotForEver", rough, usual), base);
        Document document = new Document(load.scale, calmRow, ours, none, retry);
        check("without reclaim", document.oursWithoutReclaim());
        check("ours", document.ours());
        String table = "scale " + Numbers.text(load.scale) + "\n\n"
                + Numbers.head(Stream.concat(Stream.of(""), ReclaimAccount.Row.NAMES.stream())
                        .toList())
                + document.oursWithoutReclaim().line("ours, nothing reclaimed")
                + document.ours().line("ours")
                + document.noHandling().line("no handling")
                + document.retryOnSpotForEver().line("retry on spot for ever");
        return output.end(options, document, table);
    }

    /** Returns the line of a contestant, and says it: the others take their minutes. */
    private ReclaimAccount.Row row(String name, ReclaimAccount account, ReclaimAccount base) {
        ReclaimAccount.Row row = account.against(base);
        output.progress(row.toString().replace("Row[", name + "["));
        return row;
    }

    private void check(String name, ReclaimAccount.Row row) {
        output.none(name + ": not finished", row.jobs() - row.finished());
        output.none(name + ": wronglyReported", row.wronglyReported());
        output.none(name + ": leaked", row.leaked());
    }

    /** @param place where plain loops start their machines; null for the library */
    private ReclaimAccount run(Controller.Kind kind, String name, ReclaimPlan plan, @Nullable Bill place)
            throws IOException, InterruptedException {
        Jobs all = new Jobs(output, name, jobs);
        try (Cloud cloud = Cloud.start(
                        CloudPlan.of(options.seed, load.scale).with(providers).with(plan));
                Ticker ticker = cloud.ticker("ephemeral-bench-sweep")) {
            all.run(new Controller.Plan(
                    kind,
                    cloud.facts(),
                    load.scale,
                    options.seed,
                    place == null ? providers : productOf(place),
                    load.atOnce,
                    kind == Controller.Kind.PLAIN_LOOP ? FOR_EVER : 1,
                    plan,
                    place == null ? null : place.place(),
                    null,
                    List.of()));
            Sweep.await(ticker);
            Map<String, ReclaimPlan.Deed> reclaimed = cloud.reclaimed();
            ReclaimAccount account = new ReclaimAccount(
                    jobs,
                    all.ended(),
                    cloud.bills(),
                    reclaimed.keySet(),
                    Census.alive(cloud.machines()),
                    all.estimate());
            output.progress(name + ": taken back: "
                    + new TreeMap<>(reclaimed.values().stream()
                            .collect(Collectors.groupingBy(deed -> deed, Collectors.counting())))
                    + "; machines: " + account.places() + "; tries that did not end well: " + all.reasons());
            return account;
        }
    }

    private static ProviderChoice productOf(Bill bill) {
        return Mischief.isGroup(bill.id()) ? ProviderChoice.ECI : ProviderChoice.ECS;
    }
}
