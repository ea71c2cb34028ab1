package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.spi.StateStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option {@code --state}: where the processes of this host keep what they know of an owner's machines. */
final class StateOption {
    private static final String DEFAULT_FOLDER = ".ephemeral-builder";

    @Option(
            names = "--state",
            paramLabel = "FOLDER",
            description =
                    "Where records and keys of machines are kept, for other commands on this host. Default: that of"
                            + " the settings, or else ~/" + DEFAULT_FOLDER + ".")
    private @Nullable Path state;

    /** Returns the folder in which each owner has one. */
    Path folder(Settings settings, Caller caller) {
        return chosen(settings, caller).orElseGet(() -> caller.home().resolve(DEFAULT_FOLDER));
    }

    /** Returns the option as it was given, with a blank in front; empty if it was not. */
    String given() {
        return state == null ? "" : " --state " + state;
    }

    private Optional<Path> chosen(Settings settings, Caller caller) {
        return Optional.ofNullable(state)
                .or(() -> settings.get(Setting.STATE).map(Path::of))
                .map(caller.folder()::resolve);
    }

    /** Opens the store of an owner, and makes it if there is none. Who asks closes it. */
    StateStore open(Settings settings, Caller caller, String owner) {
        return StateStore.directory(folder(settings, caller), owner);
    }

    /** Opens the store of an owner; if there is no folder where it is looked for by default, an empty one. */
    StateStore openIfThere(Settings settings, Caller caller, String owner) {
        boolean wanted = chosen(settings, caller).isPresent() || Files.isDirectory(folder(settings, caller));
        return wanted ? open(settings, caller, owner) : StateStore.inMemory();
    }
}
