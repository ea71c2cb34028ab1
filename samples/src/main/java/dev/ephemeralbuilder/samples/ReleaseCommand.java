package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code ephemeral release}: gives machines back by their ids. */
@Command(
        name = "release",
        description = {
            "Deletes machines of an owner and waits until the cloud no longer shows them, also if a living process still"
                    + " uses them. A machine that is gone already is no failure; one of another owner is left.",
            ""
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all of them are gone",
            "2:an option or a setting is wrong, or a machine is not this owner's",
            "125:the cloud could not be asked, or a machine is still there",
            "130:ended by Ctrl-C"
        },
        footerHeading = "%nExamples:%n",
        footer = {"  ephemeral release i-bp1abc i-bp1def"})
final class ReleaseCommand extends FleetCommand {
    @Parameters(arity = "1..*", paramLabel = "ID", description = "The ids of the machines, as list shows them.")
    private List<String> ids = new ArrayList<>();

    ReleaseCommand(Caller caller) {
        super(caller);
    }

    @Override
    int with(BuildFleet fleet, Path records) throws InterruptedException {
        int exitCode = 0;
        for (String id : ids) {
            try {
                fleet.release(id);
                print(List.of("gone " + id));
            } catch (BuilderException e) {
                int failure = failed(e);
                exitCode = exitCode == 0 ? failure : exitCode;
            }
        }
        return exitCode;
    }
}
