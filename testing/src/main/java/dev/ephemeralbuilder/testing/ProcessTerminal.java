package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.spi.TerminalChannel;
import dev.ephemeralbuilder.testing.simulator.LocalTerminal;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** A channel to a terminal of this host; its end hangs the terminal up. */
final class ProcessTerminal extends ProcessChannel implements TerminalChannel {
    private final LocalTerminal terminal;
    private final Executor io;

    ProcessTerminal(LocalTerminal terminal, Executor io, Consumer<ProcessChannel> whenOver) {
        super(terminal.process(), io, whenOver, () -> {});
        this.terminal = terminal;
        this.io = io;
    }

    @Override
    public void resize(TerminalSize size) {
        runOn(io, () -> terminal.resize(size));
    }

    @Override
    public void close() {
        super.close();
        runOn(io, terminal::hangUp);
    }
}
