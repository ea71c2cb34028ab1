package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ReapReport;
import dev.ephemeralbuilder.ReapReport.Fate;
import dev.ephemeralbuilder.ReapReport.Finding;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ephemeral reap}: the deletion of what nobody wants any more. */
@Command(
        name = "reap",
        description = {
            "Deletes the machines of an owner whose lease has passed, by the cloud's clock, or that are marked as"
                    + " released. What a living process renews is left, as is everything that cannot be understood.",
            "",
            "Writes a line for each machine: what was done, and why.",
            ""
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:no machine is left that should go",
            "1:a machine that should go is still there, or would be deleted without --dry-run",
            "2:an option or a setting is wrong",
            "125:something could not be asked",
            "130:ended by Ctrl-C"
        },
        footerHeading = "%nExamples:%n",
        footer = {"  ephemeral reap --dry-run", "  ephemeral reap --owner ci-shanghai"})
final class ReapCommand extends FleetCommand {
    @Option(names = "--dry-run", description = "Say what would be deleted, and delete nothing.")
    private boolean dryRun;

    ReapCommand(Caller caller) {
        super(caller);
    }

    @Override
    int with(BuildFleet fleet, Path records) throws InterruptedException {
        ReapReport report = dryRun ? fleet.reapDryRun() : fleet.reap();
        List<String> lines = new ArrayList<>();
        for (ReapReport.Part part : report.parts()) {
            part.findings().forEach(finding -> lines.add(line(finding)));
        }
        print(lines);
        int exitCode = report.leftOver().isEmpty() ? 0 : ExitCodes.LEFT_OVER;
        for (ReapReport.Part part : report.parts()) {
            BuilderException failure = part.failure();
            if (failure != null) {
                say(part.provider() + " in " + part.region() + " could not be asked for everything:");
                exitCode = failed(failure);
            }
        }
        return exitCode;
    }

    private String line(Finding finding) {
        String done = finding.fate() == Fate.LEFT
                ? dryRun && finding.isLeftOver() ? "would delete" : "left"
                : finding.fate() == Fate.DELETED ? "deleted" : "not gone yet";
        return done + " " + finding.machine().id() + ": " + finding.reason()
                + finding.machine()
                        .host()
                        .map(host -> " (launched by " + host + ")")
                        .orElse("");
    }
}
