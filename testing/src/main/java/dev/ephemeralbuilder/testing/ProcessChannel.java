package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.Channel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A channel to a process of this host. At most one chunk of output is read ahead; everything else waits in the pipe. No
 * event of the channel ends the process.
 */
class ProcessChannel implements Channel {
    private static final int CHUNK = 32 * 1024;

    private final Process process;
    private final InputStream output;
    private final OutputStream input;
    private final Executor io;
    private final Consumer<ProcessChannel> whenOver;
    private final Runnable whenTold;
    private final CompletableFuture<OptionalInt> ended = new CompletableFuture<>();
    private final Object lock = new Object();
    // The fields below are guarded by the lock.
    private @Nullable ByteBuffer ahead;
    private @Nullable CompletableFuture<ByteBuffer> reading;
    private @Nullable CompletableFuture<Void> writing;
    private boolean inputClosed;
    private boolean outputOver;
    private boolean closed;

    /**
     * @param io runs what blocks on the process, on as many threads as it takes
     * @param whenOver called once or more when the channel is of no use any more, before its futures complete
     * @param whenTold called once or more after that, when they have completed
     */
    ProcessChannel(Process process, Executor io, Consumer<ProcessChannel> whenOver, Runnable whenTold) {
        this.process = process;
        this.output = process.getInputStream();
        this.input = process.getOutputStream();
        this.io = io;
        this.whenOver = whenOver;
        this.whenTold = whenTold;
    }

    /** Begins to read ahead; to be called once. */
    void start() {
        io.execute(this::pump);
    }

    @Override
    public CompletableFuture<ByteBuffer> read() {
        ByteBuffer chunk;
        synchronized (lock) {
            if (reading != null) {
                throw new IllegalStateException("one read at a time");
            }
            if (ahead == null) {
                if (closed || outputOver) {
                    return CompletableFuture.completedFuture(ByteBuffer.allocate(0));
                }
                reading = new CompletableFuture<>();
                return reading;
            }
            chunk = ahead;
            ahead = null;
        }
        io.execute(this::pump);
        return CompletableFuture.completedFuture(chunk);
    }

    @Override
    public CompletableFuture<Void> write(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return writing(false, () -> {
            input.write(copy);
            input.flush();
        });
    }

    @Override
    public CompletableFuture<Void> closeInput() {
        return writing(true, input::close);
    }

    @Override
    public CompletableFuture<OptionalInt> ended() {
        return ended.copy();
    }

    /** {@inheritDoc} The same as losing the connection. */
    @Override
    public void close() {
        CompletableFuture<ByteBuffer> reader;
        CompletableFuture<Void> writer;
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            reader = reading;
            writer = writing;
            reading = null;
            writing = null;
            ahead = null;
        }
        whenOver.accept(this);
        runOn(io, () -> {
            if (reader != null) {
                reader.complete(ByteBuffer.allocate(0));
            }
            if (writer != null) {
                writer.completeExceptionally(lost("the channel is closed", null));
            }
            // docs begin: lost
            ended.complete(OptionalInt.empty());
            // docs end: lost
            whenTold.run();
            closeQuietly(output);
        });
        // Apart, because it waits where a write still does.
        try {
            io.execute(() -> closeQuietly(input));
        } catch (RejectedExecutionException e) {
            if (writer == null) {
                closeQuietly(input);
            }
        }
    }

    /** Runs what is short on other threads, and on this one when their owner has been closed. */
    static void runOn(Executor io, Runnable task) {
        try {
            io.execute(task);
        } catch (RejectedExecutionException e) {
            task.run();
        }
    }

    /** Reads until a chunk is ahead of the reader, or the output is over. */
    private void pump() {
        while (true) {
            ByteBuffer chunk = readChunk();
            // To be asked now: the reader empties the buffer.
            boolean over = !chunk.hasRemaining();
            CompletableFuture<ByteBuffer> reader;
            synchronized (lock) {
                if (closed) {
                    return;
                }
                reader = reading;
                reading = null;
                outputOver = over;
                if (reader == null && !over) {
                    ahead = chunk;
                    return;
                }
            }
            if (reader != null) {
                reader.complete(chunk);
            }
            if (over) {
                awaitExit();
                return;
            }
        }
    }

    private ByteBuffer readChunk() {
        byte[] bytes = new byte[CHUNK];
        try {
            int n = output.read(bytes);
            return ByteBuffer.wrap(bytes, 0, Math.max(0, n));
        } catch (IOException e) {
            // The contract of read: no more comes, for whatever reason.
            return ByteBuffer.allocate(0);
        }
    }

    private void awaitExit() {
        OptionalInt exit;
        try {
            exit = OptionalInt.of(process.waitFor());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            exit = OptionalInt.empty();
        }
        whenOver.accept(this);
        ended.complete(exit);
        whenTold.run();
    }

    private CompletableFuture<Void> writing(boolean last, IoAction action) {
        CompletableFuture<Void> future = new CompletableFuture<>();
        synchronized (lock) {
            if (closed || inputClosed) {
                return CompletableFuture.failedFuture(
                        lost(closed ? "the channel is closed" : "the input is closed", null));
            }
            if (writing != null) {
                throw new IllegalStateException("one write at a time");
            }
            inputClosed = last;
            writing = future;
        }
        io.execute(() -> {
            IOException failure = null;
            try {
                action.run();
            } catch (IOException e) {
                failure = e;
            }
            synchronized (lock) {
                writing = null;
            }
            if (failure == null) {
                future.complete(null);
            } else {
                future.completeExceptionally(lost("the command takes no input any more", failure));
            }
        });
        return future;
    }

    private static ProviderException lost(String message, @Nullable Throwable cause) {
        return new ProviderException(message, Effect.UNKNOWN, true, null, null, cause);
    }

    private static void closeQuietly(AutoCloseable stream) {
        try {
            stream.close();
        } catch (Exception e) {
            // What could not be flushed had nowhere to go: the process is gone or minds its input no more.
            return;
        }
    }

    @FunctionalInterface
    private interface IoAction {
        void run() throws IOException;
    }
}
