package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Door;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knocks at machines that boot: often while they are few, so that a machine is used as soon as it can be; less often
 * while they are many, so that a thousand of them are no flood. One per provider. Confined to the ticker.
 */
final class Doors {
    private static final Logger log = LoggerFactory.getLogger(Doors.class);

    private static final Duration SHORTEST = Duration.ofMillis(250);

    /** No more knocks than two hundred in a second. */
    private static final Duration EACH = Duration.ofMillis(5);

    private final Ticker ticker;
    private final CloudProvider provider;
    private int shut;

    Doors(Ticker ticker, CloudProvider provider) {
        this.ticker = ticker;
        this.provider = provider;
    }

    /** Knocks once. Never fails: what cannot be asked cannot tell. */
    CompletableFuture<Door> knock(Machine machine) {
        return provider.knock(machine)
                .exceptionally(failure -> {
                    log.debug("Could not knock [id={}, reason={}]", machine.id(), failure.toString());
                    return Door.UNKNOWN;
                })
                .thenApplyAsync(door -> door, ticker);
    }

    /** Waits between two knocks at a door that is shut. */
    CompletableFuture<Void> pause() {
        shut++;
        Duration byNumber = EACH.multipliedBy(shut);
        return Stages.after(ticker, byNumber.compareTo(SHORTEST) > 0 ? byNumber : SHORTEST)
                .thenAccept(v -> shut--);
    }
}
