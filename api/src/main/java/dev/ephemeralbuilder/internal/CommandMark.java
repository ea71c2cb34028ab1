package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineTags;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/** The tag of machines that run a command of their own: tells one command from another, and shows none of it. */
final class CommandMark {
    private static final int CHARACTERS = 32;

    private CommandMark() {}

    /** Returns the mark of a command: equal for equal commands, in every process. */
    static String of(ContainerCommand command) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            command.command().forEach(word -> add(digest, "c", word));
            command.arguments().forEach(word -> add(digest, "a", word));
            command.environment().forEach((name, value) -> {
                add(digest, "n", name);
                add(digest, "v", value);
            });
            return HexFormat.of().formatHex(digest.digest()).substring(0, CHARACTERS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static void add(MessageDigest digest, String kind, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update((kind + bytes.length + ":").getBytes(StandardCharsets.UTF_8));
        digest.update(bytes);
    }

    /** Returns why no scripts can run on a machine: because it runs a command of its own. */
    static Optional<BuilderException> objectionToScripts(Machine machine) {
        return Optional.ofNullable(machine.tags().get(MachineTags.COMMAND)).map(mark -> runsItsOwn(machine.id()));
    }

    static ConfigurationException runsItsOwn(String machineId) {
        return new ConfigurationException(
                "Machine " + machineId
                        + " runs a command of its own, so no scripts run on it and nobody can attach to it",
                null,
                null,
                null);
    }
}
