package dev.ephemeralbuilder.spi;

import dev.ephemeralbuilder.TerminalSize;

/**
 * The input and output of a shell on a pseudo terminal. It does not outlive its connection: closing it hangs the terminal
 * up, and what does not mind that goes on.
 */
public interface TerminalChannel extends Channel {
    /**
     * Tells the terminal its new size. Does not block, and does nothing if the channel has ended, or on a transport that
     * cannot say so: the terminal then keeps the size that it was opened with.
     */
    void resize(TerminalSize size);
}
