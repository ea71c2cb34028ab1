package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderSummary;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.spi.Ticker;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;

/**
 * A machine of somebody else's that a command uses for a while and then leaves with the lease that it had. Not closed, which
 * would give it back.
 */
final class Visit {
    /** Whoever else holds the machine has renewed its lease by then. */
    private static final Duration LEAST = Duration.ofMinutes(10);

    private final EphemeralBuilder builder;
    private final Optional<BuilderSummary> before;
    private final Ticker ticker;
    private final Instant began;

    private Visit(EphemeralBuilder builder, Optional<BuilderSummary> before, Ticker ticker, Instant began) {
        this.builder = builder;
        this.before = before;
        this.ticker = ticker;
        this.began = began;
    }

    /**
     * Goes to a machine. Blocks, and fails as {@link BuildFleet#attach} does.
     *
     * @param records where the fleet looks for records
     * @throws CommandException if there is no record of the machine, or one that is of no use
     */
    static Visit of(BuildFleet fleet, String id, Path records, Ticker ticker) throws InterruptedException {
        Instant began = ticker.now();
        Optional<BuilderSummary> before =
                fleet.list().stream().filter(machine -> machine.id().equals(id)).findFirst();
        try {
            return new Visit(fleet.attach(id), before, ticker, began);
        } catch (ConfigurationException e) {
            throw CommandException.usage(
                    e.getMessage() + "\n  records are looked for in " + records + "; --state names another folder");
        }
    }

    EphemeralBuilder builder() {
        return builder;
    }

    /** Leaves it: for as long as it had when this began, and for ten minutes at least, but not beyond its cap. Blocks. */
    void leave() throws InterruptedException {
        Duration lease = left(BuilderSummary::leaseUntil)
                .filter(left -> left.compareTo(LEAST) > 0)
                .orElse(LEAST);
        Duration cap = left(BuilderSummary::cap)
                .filter(left -> !left.isNegative() && !left.isZero())
                .orElse(lease);
        builder.keep(lease.compareTo(cap) < 0 ? lease : cap);
    }

    /** By the cloud's clock, as of the look. */
    private Optional<Duration> left(Function<BuilderSummary, Optional<Instant>> until) {
        Duration passed = Duration.between(began, ticker.now());
        return before.flatMap(machine -> until.apply(machine)
                .map(time -> Duration.between(machine.shownAt(), time).minus(passed)));
    }
}
