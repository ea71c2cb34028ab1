package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.TerminalChannel;
import java.security.KeyPair;

/**
 * A shell that hands every call on to another one. Tests extend it and override the call that they want to see or to
 * disturb. As safe for use by many threads as the other one.
 */
public abstract class ForwardingShell implements Shell {
    private final Shell next;

    /** Creates a shell before another one. */
    protected ForwardingShell(Shell next) {
        this.next = next;
    }

    @Override
    public Channel open(String command) throws InterruptedException {
        return next.open(command);
    }

    @Override
    public boolean replaceHostKey(KeyPair newKey) throws InterruptedException {
        return next.replaceHostKey(newKey);
    }

    @Override
    public TerminalChannel openTerminal(TerminalSize size) throws InterruptedException {
        return next.openTerminal(size);
    }

    @Override
    public boolean isOpen() {
        return next.isOpen();
    }

    @Override
    public void close() {
        next.close();
    }
}
