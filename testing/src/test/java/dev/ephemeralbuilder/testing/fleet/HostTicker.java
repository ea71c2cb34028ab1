package dev.ephemeralbuilder.testing.fleet;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;

/** The ticker of a host whose clock is wrong, and may jump. What is scheduled comes when it should. */
final class HostTicker implements Ticker {
    private final Ticker ticker;
    private volatile Duration ahead;

    /**
     * @param ahead by how much the clock is ahead of the ticker's
     */
    HostTicker(Ticker ticker, Duration ahead) {
        this.ticker = ticker;
        this.ahead = ahead;
    }

    void jump(Duration by) {
        ahead = ahead.plus(by);
    }

    @Override
    public Instant now() {
        return ticker.now().plus(ahead);
    }

    @Override
    public Scheduled schedule(Duration delay, Runnable task) {
        return ticker.schedule(delay, task);
    }

    @Override
    public void execute(Runnable task) {
        ticker.execute(task);
    }

    @Override
    public Runnable hold() {
        return ticker.hold();
    }

    /** The other ticker's owner closes it. */
    @Override
    public void close() {}
}
