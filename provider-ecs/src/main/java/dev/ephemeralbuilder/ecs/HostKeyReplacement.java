package dev.ephemeralbuilder.ecs;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Shell;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.InvalidKeyException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The order to a machine's OpenSSH server to show another host key: {@code replace-host-key.sh}, run over a connection
 * that is verified. Script and key are the command's input. The keys are those of the folder {@code /etc/ssh}, which
 * takes root's rights; on a machine that says {@code EPHEMERAL_SSH_DIR} they are in that folder and belong to the user.
 */
final class HostKeyReplacement {
    /** The script waits for the server for some seconds. */
    private static final Duration ANSWER = Duration.ofSeconds(30);

    private static final int MOST = 64 * 1024;
    private static final String MARK = "EBK ";
    private static final byte[] SCRIPT = load();

    /** dd reads byte by byte, so that the key is left for the script to read. */
    private static final String COMMAND = """
            r='eval "$(dd bs=1 count=%d 2>/dev/null)"'; \
            if [ -n "$EPHEMERAL_SSH_DIR" ]; then exec sh -c "$r" host-key "$EPHEMERAL_SSH_DIR" "$SSH_CONNECTION"; fi; \
            if [ "$(id -u)" = 0 ]; then exec sh -c "$r" host-key /etc/ssh "$SSH_CONNECTION"; fi; \
            exec sudo -n sh -c "$r" host-key /etc/ssh "$SSH_CONNECTION\"""".formatted(SCRIPT.length);

    private final String id;
    private final byte[] input;

    /**
     * @param shown the host key that the connection has been shown
     * @throws IllegalArgumentException if a key is not ECDSA on P-256
     */
    HostKeyReplacement(String id, PublicKey shown, KeyPair next) {
        this.id = id;
        try {
            String keys = OpenSshKeys.publicLine(shown) + "\n" + OpenSshKeys.publicLine(next.getPublic()) + "\n"
                    + OpenSshKeys.privateText(next) + "\n";
            ByteBuffer all = ByteBuffer.allocate(SCRIPT.length + keys.length());
            all.put(SCRIPT).put(keys.getBytes(US_ASCII));
            this.input = all.array();
        } catch (InvalidKeyException e) {
            throw new IllegalArgumentException("host keys must be ECDSA on P-256", e);
        }
    }

    private static byte[] load() {
        try (InputStream in = HostKeyReplacement.class.getResourceAsStream("replace-host-key.sh")) {
            if (in == null) {
                throw new IllegalStateException("replace-host-key.sh is missing from the jar");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns when new connections are shown the new key. */
    void over(Shell shell) throws InterruptedException {
        try (Channel channel = shell.open(COMMAND)) {
            var unused = channel.write(ByteBuffer.wrap(input)).thenCompose(v -> channel.closeInput());
            String output = collect(channel, new ByteArrayOutputStream()).get(ANSWER.toSeconds(), TimeUnit.SECONDS);
            Optional<String> answer = output.lines()
                    .filter(line -> line.startsWith(MARK))
                    .map(line -> line.substring(MARK.length()))
                    .findFirst();
            if (answer.isEmpty()) {
                OptionalInt exit = channel.ended().get(ANSWER.toSeconds(), TimeUnit.SECONDS);
                throw exit.isEmpty()
                        ? lost()
                        : refused("it takes root, or sudo without a password, and dd (exit code " + exit.getAsInt()
                                + ")");
            }
            check(answer.get());
        } catch (TimeoutException e) {
            throw new ProviderException(
                    id + " does not say whether it took another host key",
                    Effect.UNKNOWN,
                    true,
                    "NoAnswer",
                    null,
                    null);
        } catch (ExecutionException e) {
            throw lost();
        }
    }

    private void check(String answer) {
        switch (answer) {
            case "replaced" -> {}
            case "input" -> throw lost();
            case "folder" -> throw refused("the key that it shows is not in its folder of host keys");
            case "write" -> throw refused("its folder of host keys cannot be written");
            case "reload" -> throw refused("its SSH server does not read its keys again");
            default -> throw refused("it gives an answer that is not known");
        }
    }

    private ConfigurationException refused(String why) {
        return new ConfigurationException(
                "Machine " + id + " cannot be given a host key of its own, since " + why
                        + ". Change the image, or create machines one by one",
                "HostKeyNotReplaced",
                null,
                null);
    }

    private ProviderException lost() {
        return new ProviderException(
                "the connection to " + id + " was lost while its host key was replaced",
                Effect.UNKNOWN,
                true,
                "ConnectionLost",
                null,
                null);
    }

    private static CompletableFuture<String> collect(Channel channel, ByteArrayOutputStream output) {
        return channel.read().thenCompose(bytes -> {
            if (!bytes.hasRemaining() || output.size() > MOST) {
                return CompletableFuture.completedFuture(output.toString(UTF_8));
            }
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            output.writeBytes(copy);
            return collect(channel, output);
        });
    }

    @Override
    public String toString() {
        return "HostKeyReplacement[" + id + "]";
    }
}
