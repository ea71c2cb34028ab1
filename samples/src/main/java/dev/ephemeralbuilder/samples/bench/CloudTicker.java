package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;

/** The clock of a cloud in another process of this host, which runs at a multiple of the wall clock's speed. */
final class CloudTicker implements Ticker {
    private final Ticker wall;
    private final Instant wallStart;
    private final Instant cloudStart;
    private final double scale;

    /** @param threadName the name of the thread that the tasks run on */
    CloudTicker(String threadName, CloudFacts facts, double scale) {
        this.wall = Ticker.system(threadName);
        this.wallStart = Instant.parse(facts.wall());
        this.cloudStart = Instant.parse(facts.cloud());
        this.scale = scale;
    }

    @Override
    public Instant now() {
        return cloudStart.plusNanos(
                (long) (Duration.between(wallStart, wall.now()).toNanos() * scale));
    }

    @Override
    public Scheduled schedule(Duration delay, Runnable task) {
        return wall.schedule(Duration.ofNanos((long) (delay.toNanos() / scale)), task);
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
