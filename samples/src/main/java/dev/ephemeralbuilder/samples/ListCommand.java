package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderSummary;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ephemeral list}: the machines of an owner. */
@Command(
        name = "list",
        description = {
            "Shows every machine of an owner that the cloud has, whichever process or host launched it.",
            "",
            "LEASE is how long the machine is wanted if nobody renews that, CAP how long until the cloud itself ends it."
                    + " Both are counted by the cloud's clock.",
            ""
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all machines are shown",
            "2:an option or a setting is wrong",
            "125:the cloud could not be asked"
        },
        footerHeading = "%nExamples:%n",
        footer = {"  ephemeral list", "  ephemeral list --owner ci-shanghai --json"})
final class ListCommand extends FleetCommand {
    @Option(names = "--json", description = "Write a JSON array instead of a table.")
    private boolean json;

    ListCommand(Caller caller) {
        super(caller);
    }

    @Override
    int with(BuildFleet fleet, Path records) throws InterruptedException {
        List<BuilderSummary> machines = fleet.list();
        print(json ? List.of(MachineTable.json(machines)) : MachineTable.lines(machines));
        return 0;
    }
}
