package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.spi.Channel;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What tests do with channels, with a bound on every wait. */
final class Channels {
    private Channels() {}

    static <T> T await(CompletableFuture<T> future) throws InterruptedException, ExecutionException, TimeoutException {
        return future.get(30, TimeUnit.SECONDS);
    }

    static byte[] readAll(Channel channel) throws Exception {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteBuffer part = await(channel.read());
        while (part.hasRemaining()) {
            byte[] bytes = new byte[part.remaining()];
            part.get(bytes);
            all.writeBytes(bytes);
            part = await(channel.read());
        }
        return all.toByteArray();
    }

    /** Returns all that a channel says until its end. */
    static String text(Channel channel) throws Exception {
        return new String(readAll(channel), StandardCharsets.UTF_8);
    }

    /** Returns the next line, which must not be followed by more for now. */
    static String line(Channel channel) throws Exception {
        StringBuilder line = new StringBuilder();
        while (line.indexOf("\n") < 0) {
            ByteBuffer part = await(channel.read());
            if (!part.hasRemaining()) {
                throw new AssertionError("ended after \"" + line + "\"");
            }
            line.append(StandardCharsets.UTF_8.decode(part));
        }
        return line.toString();
    }

    /** Sends all of some bytes, a megabyte at a time, and then the end. */
    static CompletableFuture<Void> send(Channel channel, byte[] bytes) {
        return CompletableFuture.runAsync(() -> {
            for (int from = 0; from < bytes.length; from += 1 << 20) {
                channel.write(ByteBuffer.wrap(bytes, from, Math.min(1 << 20, bytes.length - from)))
                        .join();
            }
            channel.closeInput().join();
        });
    }
}
