package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.TerminalChannel;
import dev.ephemeralbuilder.testing.simulator.LocalMachine;
import dev.ephemeralbuilder.testing.simulator.LocalTerminal;
import java.io.IOException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Starts processes of one pretended machine. Safe for use by many threads. */
final class ProcessShell implements Shell {
    private static final int MAX_COMMAND = 1000;

    private final LocalMachine machine;
    private final Consumer<PublicKey> hostKeys;
    private final int maxChannels;
    private final Executor io;
    private final Supplier<? extends AutoCloseable> holds;
    private final Consumer<ProcessShell> whenClosed;
    private final Set<ProcessChannel> channels = new HashSet<>();
    private int starting;
    private boolean closed;

    /**
     * @param hostKeys takes the host key that the machine shows from now on
     * @param io runs what blocks on processes, on as many threads as it takes
     * @param holds gives what is closed when a command has ended or its channel is closed, and that was told
     */
    ProcessShell(
            LocalMachine machine,
            Consumer<PublicKey> hostKeys,
            int maxChannels,
            Executor io,
            Supplier<? extends AutoCloseable> holds,
            Consumer<ProcessShell> whenClosed) {
        this.machine = machine;
        this.hostKeys = hostKeys;
        this.maxChannels = maxChannels;
        this.io = io;
        this.holds = holds;
        this.whenClosed = whenClosed;
    }

    @Override
    public Channel open(String command) throws InterruptedException {
        if (command.length() > MAX_COMMAND || !command.chars().allMatch(c -> c < 128)) {
            throw new IllegalArgumentException("a command must be at most " + MAX_COMMAND + " ASCII characters");
        }
        return open(() -> start(command));
    }

    @Override
    public TerminalChannel openTerminal(TerminalSize size) throws InterruptedException {
        if (!LocalTerminal.available()) {
            throw new ConfigurationException(
                    "This host has no terminals for machines in memory: script of util-linux is missing",
                    null,
                    null,
                    null);
        }
        return open(() -> startTerminal(size));
    }

    private <C extends ProcessChannel> C open(Supplier<C> start) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before the command was started");
        }
        synchronized (this) {
            if (closed) {
                throw lost(Effect.NONE);
            }
            if (channels.size() + starting >= maxChannels) {
                throw new ProviderException(
                        "there are " + maxChannels + " channels already", Effect.NONE, true, null, null, null);
            }
            starting++;
        }
        C channel = null;
        try {
            channel = start.get();
        } finally {
            synchronized (this) {
                starting--;
                if (channel != null && !closed) {
                    channels.add(channel);
                }
            }
        }
        if (!isOpen()) {
            channel.close();
            throw lost(Effect.UNKNOWN);
        }
        channel.start();
        return channel;
    }

    @Override
    public boolean replaceHostKey(KeyPair newKey) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before the host key was replaced");
        }
        if (!isOpen()) {
            throw lost(Effect.NONE);
        }
        hostKeys.accept(newKey.getPublic());
        return true;
    }

    @Override
    public synchronized boolean isOpen() {
        return !closed;
    }

    @Override
    public void close() {
        List<ProcessChannel> open;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            open = List.copyOf(channels);
            channels.clear();
        }
        open.forEach(ProcessChannel::close);
        whenClosed.accept(this);
    }

    private ProcessChannel start(String command) {
        Process process;
        try {
            process = machine.start("exec 2>&1\n" + command, Map.of());
        } catch (IOException e) {
            throw startsNothing(e);
        }
        AutoCloseable hold = holds.get();
        // Not before whoever waits for the channel has heard of its end: else time could run on meanwhile.
        return new ProcessChannel(process, io, this::over, () -> InMemoryCloud.release(hold));
    }

    private ProcessTerminal startTerminal(TerminalSize size) {
        try {
            LocalTerminal terminal = LocalTerminal.login(machine, "xterm-256color", size, Map.of());
            // Nobody's time stands still while somebody types.
            return new ProcessTerminal(terminal, io, this::over);
        } catch (IOException e) {
            throw startsNothing(e);
        }
    }

    private synchronized void over(ProcessChannel channel) {
        channels.remove(channel);
    }

    private static ProviderException startsNothing(IOException e) {
        return new ProviderException("the machine starts nothing", Effect.NONE, true, null, null, e);
    }

    private static ProviderException lost(Effect effect) {
        return new ProviderException("the connection to the machine is lost", effect, true, null, null, null);
    }
}
