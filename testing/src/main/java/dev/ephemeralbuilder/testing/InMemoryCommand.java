package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.testing.simulator.LocalMachine;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a machine in memory runs by itself, as a real process. Safe for use by many threads. */
final class InMemoryCommand {
    private static final Logger log = LoggerFactory.getLogger(InMemoryCommand.class);

    /** What a shell says of a program that cannot be started. */
    private static final int NOT_STARTED = 126;

    final InMemoryLog output;
    private final ContainerCommand command;
    private boolean sealed;
    private @Nullable Integer exitCode;

    InMemoryCommand(ContainerCommand command, int logLines) {
        this.command = command;
        this.output = new InMemoryLog(logLines);
    }

    /** Returns the exit code, null while it runs or if it was ended from outside. */
    synchronized @Nullable Integer exitCode() {
        return exitCode;
    }

    /** From now on it ends with its machine, and that is no exit code. */
    synchronized void seal() {
        sealed = true;
    }

    private synchronized void ended(int code) {
        if (!sealed) {
            exitCode = code;
        }
    }

    /**
     * Starts it; does not wait for its end.
     *
     * @param io runs what blocks on the process
     * @param whenOver called once it has ended and its output was read
     */
    void start(LocalMachine machine, Executor io, Runnable whenOver) {
        Process process;
        try {
            process = machine.start(line(), command.environment());
            process.getOutputStream().close();
        } catch (IOException e) {
            log.debug("A machine could not start its command [id={}]", machine.id(), e);
            ended(NOT_STARTED);
            whenOver.run();
            return;
        }
        CountDownLatch read = new CountDownLatch(1);
        io.execute(() -> {
            try {
                read(process.getInputStream());
            } finally {
                read.countDown();
            }
        });
        io.execute(() -> {
            try {
                int code = process.waitFor();
                // A container ends with its first process, and takes the others along.
                machine.kill();
                read.await();
                output.end();
                ended(code);
            } catch (InterruptedException e) {
                // The cloud is closed, and with it the machine.
                Thread.currentThread().interrupt();
            } finally {
                whenOver.run();
            }
        });
    }

    private String line() {
        List<String> words = new ArrayList<>(command.command());
        words.addAll(command.arguments());
        return "exec 2>&1\nexec "
                + words.stream()
                        .map(word -> "'" + word.replace("'", "'\\''") + "'")
                        .collect(Collectors.joining(" "));
    }

    private void read(InputStream from) {
        byte[] chunk = new byte[8192];
        try (from) {
            for (int n = from.read(chunk); n >= 0; n = from.read(chunk)) {
                output.append(chunk, n);
            }
        } catch (IOException e) {
            log.debug("The output of a command ended early", e);
        }
    }
}
