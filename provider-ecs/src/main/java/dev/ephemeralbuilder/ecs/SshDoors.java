package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.spi.Door;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out whether machines take TCP connections, any number of them at a time with one thread: a machine that boots
 * does not refuse connections, it lets them wait, and nobody should wait with it. Safe for use by many threads.
 */
final class SshDoors implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SshDoors.class);

    /** Within this time a machine of the same network answers if it answers at all; a lost packet is sent again after 1 s. */
    private static final Duration ANSWER = Duration.ofMillis(2500);

    private final AsynchronousChannelGroup group;
    private final ScheduledExecutorService timer;

    /** @param timer ends what takes too long; stays the caller's */
    SshDoors(ThreadFactory threads, ScheduledExecutorService timer) {
        this.timer = timer;
        try {
            this.group = AsynchronousChannelGroup.withFixedThreadPool(1, threads);
        } catch (IOException e) {
            throw new IllegalStateException("this host gives out no sockets", e);
        }
    }

    /** Completes within {@link #ANSWER}, with {@link Door#UNKNOWN} only where this host is at fault. */
    CompletableFuture<Door> knock(SocketAddress address) {
        CompletableFuture<Door> answer = new CompletableFuture<>();
        AsynchronousSocketChannel channel;
        try {
            channel = AsynchronousSocketChannel.open(group);
        } catch (IOException | RuntimeException e) {
            log.debug("No socket to knock with: {}", e.toString());
            return CompletableFuture.completedFuture(Door.UNKNOWN);
        }
        try {
            ScheduledFuture<?> end = timer.schedule(() -> close(channel), ANSWER.toMillis(), TimeUnit.MILLISECONDS);
            channel.connect(address, null, new CompletionHandler<@Nullable Void, @Nullable Void>() {
                @Override
                public void completed(@Nullable Void result, @Nullable Void attachment) {
                    answered(Door.OPEN);
                }

                @Override
                public void failed(Throwable failure, @Nullable Void attachment) {
                    answered(Door.SHUT);
                }

                private void answered(Door door) {
                    end.cancel(false);
                    close(channel);
                    answer.complete(door);
                }
            });
        } catch (UnresolvedAddressException | RejectedExecutionException e) {
            close(channel);
            answer.complete(e instanceof UnresolvedAddressException ? Door.SHUT : Door.UNKNOWN);
        }
        return answer;
    }

    private static void close(AsynchronousSocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            log.debug("A socket did not close cleanly: {}", e.toString());
        }
    }

    @Override
    public void close() {
        try {
            group.shutdownNow();
        } catch (IOException e) {
            log.debug("The sockets did not close cleanly: {}", e.toString());
        }
    }
}
