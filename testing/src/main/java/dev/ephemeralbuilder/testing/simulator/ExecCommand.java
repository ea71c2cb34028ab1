package dev.ephemeralbuilder.testing.simulator;

import dev.ephemeralbuilder.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.apache.sshd.server.Environment;
import org.apache.sshd.server.ExitCallback;
import org.apache.sshd.server.Signal;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.command.Command;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One command of one SSH channel, as a process of the machine. As with a real SSH server (ssh-and-testing, 2.1 and 4)
 * the end of the channel leaves the process alive: its input ends, and it gets SIGPIPE if it writes. Of the client's
 * environment only {@code LANG} and {@code LC_*} are taken over, as distributions set up their servers. A process that
 * a signal ended is reported with status 128 and the signal's number, without the signal.
 *
 * <p>A client that asks for a terminal first gets a real one, see {@link LocalTerminal}, which is hung up at the end of
 * the channel; where the host has none, the command runs without.
 */
final class ExecCommand implements Command {
    private static final Logger log = LoggerFactory.getLogger(ExecCommand.class);
    private static final int BUFFER = 32 * 1024;
    private static final int CANNOT_START = 126;

    /** "ssh host < script" asks for a shell, without a terminal. */
    private static final String PLAIN_SHELL = "exec sh";

    private final @Nullable String line;
    private final LocalMachine machine;
    private final Executor pumps;
    private final Faults.SshFaults faults;
    private @Nullable InputStream in;
    private @Nullable OutputStream out;
    private @Nullable OutputStream err;
    private @Nullable ExitCallback exit;
    private volatile @Nullable LocalTerminal terminal;
    private volatile boolean left;
    private long sent;

    /**
     * @param line null for a shell
     */
    ExecCommand(@Nullable String line, LocalMachine machine, Executor pumps, Faults.SshFaults faults) {
        this.line = line;
        this.machine = machine;
        this.pumps = pumps;
        this.faults = faults;
    }

    /** Starts the process, on a terminal or not. */
    private interface Starter {
        Process start() throws IOException;
    }

    @Override
    public void setInputStream(InputStream in) {
        this.in = in;
    }

    @Override
    public void setOutputStream(OutputStream out) {
        this.out = out;
    }

    @Override
    public void setErrorStream(OutputStream err) {
        this.err = err;
    }

    @Override
    public void setExitCallback(ExitCallback exit) {
        this.exit = exit;
    }

    @Override
    public void start(ChannelSession channel, Environment environment) throws IOException {
        InputStream input = present(in);
        OutputStream output = present(out);
        OutputStream errors = present(err);
        ExitCallback callback = present(exit);
        CompletableFuture<Process> started = new CompletableFuture<>();
        environment.addSignalListener((other, signal) -> {
            TerminalSize size = signal == Signal.WINCH ? size(environment) : null;
            var unused = started.thenAcceptAsync(process -> send(process, signal, size), pumps);
        });
        Map<String, String> variables = variables(channel, environment);
        TerminalSize size = LocalTerminal.available() ? size(environment) : null;
        String type = environment.getEnv().getOrDefault(Environment.ENV_TERM, "dumb");
        Starter starter = size == null
                ? () -> machine.start(line == null ? PLAIN_SHELL : line, variables)
                : () -> onTerminal(type, size, variables);
        try {
            // Not on the thread of the connection: starting a process takes milliseconds.
            pumps.execute(() -> run(channel, starter, started, input, output, errors, callback));
        } catch (RejectedExecutionException e) {
            throw new IOException("the simulator runs too many commands", e);
        }
    }

    /** What runs, runs on, unless it has a terminal. */
    @Override
    public void destroy(ChannelSession channel) {
        left = true;
        LocalTerminal mine = terminal;
        if (mine != null) {
            try {
                pumps.execute(mine::hangUp);
            } catch (RejectedExecutionException e) {
                // All threads are taken, or the simulator has ended: a signal takes this one but a moment.
                mine.hangUp();
            }
        }
    }

    private Process onTerminal(String type, TerminalSize size, Map<String, String> variables) throws IOException {
        LocalTerminal mine = line == null
                ? LocalTerminal.login(machine, type, size, variables)
                : LocalTerminal.shell(machine, line, type, size, variables);
        terminal = mine;
        if (left) {
            mine.hangUp();
        }
        return mine.process();
    }

    /** Returns the size of the terminal that the client has asked for, null if it has not. */
    private static @Nullable TerminalSize size(Environment environment) {
        String columns = environment.getEnv().get(Environment.ENV_COLUMNS);
        String rows = environment.getEnv().get(Environment.ENV_LINES);
        if (columns == null || rows == null) {
            return null;
        }
        try {
            return new TerminalSize(Integer.parseInt(columns), Integer.parseInt(rows));
        } catch (IllegalArgumentException e) {
            // A client without a window of its own says zero.
            return TerminalSize.DEFAULT;
        }
    }

    private void run(
            ChannelSession channel,
            Starter starter,
            CompletableFuture<Process> started,
            InputStream input,
            OutputStream output,
            OutputStream errors,
            ExitCallback callback) {
        Process process;
        try {
            process = starter.start();
        } catch (IOException e) {
            log.debug("A command cannot start on {}", machine.id(), e);
            try {
                errors.write("the machine cannot start a command\n".getBytes(StandardCharsets.UTF_8));
                errors.flush();
            } catch (IOException lost) {
                log.debug("Nobody is there to hear of it", lost);
            }
            callback.onExit(CANNOT_START);
            return;
        }
        started.complete(process);
        try {
            CompletableFuture<Void> outputs = CompletableFuture.allOf(
                    CompletableFuture.runAsync(() -> pump(channel, process.getInputStream(), output), pumps),
                    CompletableFuture.runAsync(() -> pump(channel, process.getErrorStream(), errors), pumps));
            var unused = outputs.thenCombine(process.onExit(), (none, ended) -> ended.exitValue())
                    .thenAccept(callback::onExit);
        } catch (RejectedExecutionException e) {
            log.warn("Too many commands at once on the machines of this simulator; one is ended");
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            callback.onExit(CANNOT_START);
            return;
        }
        feed(input, process.getOutputStream());
    }

    private static Map<String, String> variables(ChannelSession channel, Environment environment) {
        Map<String, String> variables = new HashMap<>();
        environment.getEnv().forEach((name, value) -> {
            if (name.equals("LANG") || name.startsWith("LC_")) {
                variables.put(name, value);
            }
        });
        String user = channel.getSession().getUsername();
        variables.put("USER", user);
        variables.put("LOGNAME", user);
        return variables;
    }

    private void send(Process process, Signal signal, @Nullable TerminalSize size) {
        LocalTerminal mine = terminal;
        if (mine != null && size != null) {
            mine.resize(size);
            return;
        }
        try {
            machine.signal(process, signal.name());
        } catch (IOException | IllegalArgumentException e) {
            log.debug("A signal did not reach its process on {}", machine.id(), e);
        }
    }

    private void pump(ChannelSession channel, InputStream from, OutputStream to) {
        byte[] buffer = new byte[BUFFER];
        // Closing the pipe early is what tells the process that nobody listens.
        try (from) {
            for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
                int left = claim(count);
                to.write(buffer, 0, left < 0 ? count : left);
                to.flush();
                if (left >= 0) {
                    channel.getSession().close(true);
                    return;
                }
            }
        } catch (IOException e) {
            log.debug("The output of a command on {} has no reader any more ({})", machine.id(), e.toString());
        }
    }

    private synchronized int claim(int count) {
        int left = faults.bytesBeforeCut(sent, count);
        sent += left < 0 ? count : left;
        return left;
    }

    private void feed(InputStream from, OutputStream to) {
        byte[] buffer = new byte[BUFFER];
        boolean reading = true;
        try (to) {
            for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
                if (reading) {
                    reading = write(to, buffer, count);
                }
            }
        } catch (IOException e) {
            log.debug("The input of a command on {} ended early ({})", machine.id(), e.toString());
        }
    }

    /** Returns false if the process does not read any more; its input is then read and dropped, as sshd does. */
    private boolean write(OutputStream to, byte[] buffer, int count) {
        try {
            to.write(buffer, 0, count);
            to.flush();
            return true;
        } catch (IOException e) {
            log.debug("A command on {} reads no more input", machine.id());
            return false;
        }
    }

    private static <T> T present(@Nullable T part) {
        if (part == null) {
            throw new IllegalStateException("the channel is not set up");
        }
        return part;
    }
}
