package dev.ephemeralbuilder.eci;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The script {@code exec.sh}, which stands between an exec WebSocket and each command, and how it is called. */
final class ExecWrapper {
    /** Where the container has the script; read-only. */
    static final String FOLDER = "/ephemeral-builder";

    /** The script's name in {@link #FOLDER}. */
    static final String NAME = "exec.sh";

    /** As {@link dev.ephemeralbuilder.spi.Shell#open} allows. */
    static final int MAX_COMMAND = 1000;

    /** The documented limit on an item of ExecContainerCommand's command; the true one is unconfirmed (eci-openapi, 12). */
    static final int MAX_ITEM = 256;

    private static final byte[] SCRIPT = load();

    private ExecWrapper() {}

    private static byte[] load() {
        try (InputStream in = ExecWrapper.class.getResourceAsStream(NAME)) {
            if (in == null) {
                throw new IllegalStateException(NAME + " is missing from the jar");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the content of the script's file. */
    static byte[] script() {
        return SCRIPT.clone();
    }

    /**
     * Returns the items of ExecContainerCommand that run a shell command behind the script.
     *
     * @param nonce tells this command's handshake from whatever else the far side may say
     * @throws IllegalArgumentException if the command is empty, too long or not ASCII
     */
    static List<String> items(String nonce, String command) {
        if (command.isEmpty()
                || command.length() > MAX_COMMAND
                || !StandardCharsets.US_ASCII.newEncoder().canEncode(command)) {
            throw new IllegalArgumentException("command must be 1 to " + MAX_COMMAND + " ASCII characters");
        }
        List<String> items = new ArrayList<>(List.of("sh", FOLDER + "/" + NAME, nonce));
        for (int from = 0; from < command.length(); from += MAX_ITEM) {
            items.add(command.substring(from, Math.min(from + MAX_ITEM, command.length())));
        }
        return items;
    }
}
