package dev.ephemeralbuilder.samples;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The option {@code --owner}. */
final class Owners {
    private Owners() {}

    /**
     * Returns the owner that was given, if one was.
     *
     * @throws CommandException if it cannot be one
     */
    static Optional<String> given(@Nullable String owner) {
        if (owner == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(Setting.OWNER_NAME.parser().parse(owner));
        } catch (Setting.Unfit unfit) {
            throw CommandException.usage(
                    "--owner: expected " + Setting.OWNER_NAME.expected() + ", was \"" + owner + "\"");
        }
    }
}
