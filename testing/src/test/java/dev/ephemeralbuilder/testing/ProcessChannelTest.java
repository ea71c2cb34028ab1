package dev.ephemeralbuilder.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ProcessChannelTest {
    @Test
    void afterItsThreadsHaveEndedItIsClosedAsEver() throws Exception {
        Process process = new ProcessBuilder("cat").start();
        ExecutorService io = Executors.newCachedThreadPool();
        try {
            ProcessChannel channel = new ProcessChannel(process, io, over -> {}, () -> {});
            channel.start();
            CompletableFuture<ByteBuffer> reading = channel.read();
            // The one that reads goes on reading.
            io.shutdown();
            channel.close();
            assertThat(channel.ended().get(10, TimeUnit.SECONDS)).isEmpty();
            assertThat(reading.get(10, TimeUnit.SECONDS).hasRemaining()).isFalse();
            // Its input has ended.
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
            io.shutdownNow();
        }
    }
}
