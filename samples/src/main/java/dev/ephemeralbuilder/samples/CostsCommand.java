package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.cost.CostReport;
import dev.ephemeralbuilder.spi.StateStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ephemeral costs}: what an owner's machines cost. */
@Command(
        name = "costs",
        description = {
            "Shows what the machines of an owner cost, as far as the processes of this host have written it down in the"
                    + " state folder. Asks no cloud and needs no credentials. Everything is an estimate.",
            ""
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all that is written down is shown",
            "1:some of what is written down could not be read and is left out",
            "2:an option or a setting is wrong",
            "125:the state folder could not be read"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  ephemeral costs --since 7d --by label:team",
            "  ephemeral costs --since 2026-11-01 --by day --zone Asia/Shanghai",
            "  ephemeral costs --csv > costs.csv"
        })
final class CostsCommand extends OwnerCommand {
    @Mixin
    private final StateOption state = new StateOption();

    @Option(
            names = "--since",
            paramLabel = "TIME",
            defaultValue = "30d",
            description =
                    "Machines that ended since then, and all that have no known end: a time ago such as 7d or 12h,"
                            + " or a day such as 2026-11-01. Default: ${DEFAULT-VALUE}.")
    private String since = "30d";

    @Option(
            names = "--by",
            paramLabel = "GROUP",
            description = "What is added up: job, label:KEY, day or provider. Default: job.")
    private CostGrouping by = CostGrouping.JOB;

    @Option(
            names = "--zone",
            paramLabel = "ZONE",
            description = "Where days begin, such as Asia/Shanghai or UTC. Default: as this host does.")
    private @Nullable String zone;

    @ArgGroup
    private @Nullable Form form;

    private static final class Form {
        @Option(names = "--json", description = "Write a JSON object with sums and machines.")
        private boolean json;

        @Option(names = "--csv", description = "Write a CSV row for each machine.")
        private boolean csv;
    }

    CostsCommand(Caller caller) {
        super(caller);
    }

    @Override
    int with(Settings settings, String owner) {
        ZoneId of = zone();
        Instant now = caller().ticker().now();
        Instant from = since(now, of);
        Path folder = state.folder(settings, caller());
        CostReport report = read(folder, owner, from, now);
        if (form != null && form.json) {
            print(List.of(CostRows.json(report, by, of, from)));
        } else if (form != null && form.csv) {
            // RFC 4180 ends each row with both characters.
            print(CostRows.csv(report, by, of).stream().map(row -> row + "\r").toList());
        } else if (!report.lines().isEmpty()) {
            print(CostTable.lines(report, by, of));
        }
        if (report.lines().isEmpty()) {
            say("nothing is written down in " + folder + " of machines of owner " + owner + " that ended since "
                    + from);
        }
        boolean unknownLabel = by.label() != null
                && !report.lines().isEmpty()
                && report.lines().stream().noneMatch(line -> line.labels().containsKey(by.label()));
        if (unknownLabel) {
            say("no machine has a label " + by.label());
        }
        if (report.unreadable() > 0) {
            say(Texts.count(report.unreadable(), "line") + " could not be understood and left out");
            return ExitCodes.LEFT_OVER;
        }
        return 0;
    }

    /** To look is not to make a folder: where there is none, nobody has written anything. */
    private static CostReport read(Path folder, String owner, Instant since, Instant now) {
        if (!Files.isDirectory(folder)) {
            return new CostReport(List.of(), 0);
        }
        try (StateStore store = StateStore.directory(folder, owner)) {
            return CostReport.read(store, since, now);
        }
    }

    private ZoneId zone() {
        String id = zone;
        if (id == null) {
            return ZoneId.systemDefault();
        }
        try {
            return ZoneId.of(id);
        } catch (DateTimeException unknown) {
            throw CommandException.usage("--zone: expected a time zone such as Asia/Shanghai, was \"" + id + "\"");
        }
    }

    private Instant since(Instant now, ZoneId in) {
        try {
            return LocalDate.parse(since).atStartOfDay(in).toInstant();
        } catch (DateTimeParseException noDay) {
            try {
                return now.minus(Texts.parseDuration(since));
            } catch (IllegalArgumentException noTime) {
                throw CommandException.usage("--since: expected a time ago such as 7d or 12h, or a day such as"
                        + " 2026-11-01, was \"" + since + "\"");
            }
        }
    }
}
