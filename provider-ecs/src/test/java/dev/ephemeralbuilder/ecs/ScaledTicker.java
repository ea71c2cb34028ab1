package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;

/** The time of a host that talks to a simulator in another process: as fast as that one's, and as wrong as is wanted. */
final class ScaledTicker implements Ticker {
    private final Ticker wall;
    private final Instant start;
    private final int factor;
    private final Duration ahead;

    /**
     * @param factor seconds of this ticker per second of the wall
     * @param ahead by how much its clock is ahead of the wall's at the beginning
     */
    ScaledTicker(int factor, Duration ahead) {
        this.wall = Ticker.system("test-scaled-ticker");
        this.start = wall.now();
        this.factor = factor;
        this.ahead = ahead;
    }

    @Override
    public Instant now() {
        return start.plus(Duration.between(start, wall.now()).multipliedBy(factor))
                .plus(ahead);
    }

    @Override
    public Scheduled schedule(Duration delay, Runnable task) {
        return wall.schedule(delay.dividedBy(factor), task);
    }

    @Override
    public void execute(Runnable task) {
        wall.execute(task);
    }

    @Override
    public void close() {
        wall.close();
    }
}
