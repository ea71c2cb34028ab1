package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waiting by a clock that may run faster than the wall's. */
final class Pause {
    private Pause() {}

    /** Waits; ends early, at the latest after as long by the wall clock, if the ticker is closed meanwhile. */
    static void on(Ticker ticker, Duration duration) throws InterruptedException {
        CountDownLatch over = new CountDownLatch(1);
        Ticker.Scheduled wake = ticker.schedule(duration, over::countDown);
        if (!over.await(duration.toMillis() + 1, TimeUnit.MILLISECONDS)) {
            wake.cancel();
        }
    }
}
