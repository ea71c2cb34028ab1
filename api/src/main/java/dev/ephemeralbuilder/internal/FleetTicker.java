package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.RejectedExecutionException;

/**
 * A fleet's view of a ticker that may outlive the fleet: once this is closed nothing of the fleet runs on it any more.
 */
final class FleetTicker implements Ticker {
    private final Ticker ticker;
    private final boolean owned;
    private volatile boolean closed;

    /**
     * @param owned whether the ticker is to be closed with the fleet
     */
    FleetTicker(Ticker ticker, boolean owned) {
        this.ticker = ticker;
        this.owned = owned;
    }

    @Override
    public Instant now() {
        return ticker.now();
    }

    @Override
    public Scheduled schedule(Duration delay, Runnable task) {
        checkOpen();
        return ticker.schedule(delay, () -> run(task));
    }

    @Override
    public void execute(Runnable task) {
        checkOpen();
        ticker.execute(() -> run(task));
    }

    @Override
    public Runnable hold() {
        return ticker.hold();
    }

    @Override
    public void close() {
        closed = true;
        if (owned) {
            ticker.close();
        }
    }

    private void run(Runnable task) {
        if (closed) {
            return;
        }
        try {
            task.run();
        } catch (RejectedExecutionException e) {
            // The fleet was closed while the task ran: what it wanted to do later is not to be done.
            if (!closed) {
                throw e;
            }
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new RejectedExecutionException("the fleet is closed");
        }
    }
}
