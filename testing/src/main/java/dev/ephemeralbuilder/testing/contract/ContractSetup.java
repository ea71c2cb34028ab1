package dev.ephemeralbuilder.testing.contract;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Assumptions;

/**
 * What {@link CloudProviderContract} needs to test one provider: two instances of it, and a hand on the cloud behind them.
 * Made anew for each test.
 */
public interface ContractSetup extends AutoCloseable {
    /** Returns the provider to test; the same one at each call. */
    CloudProvider provider();

    /**
     * Returns a second instance of the provider for the same cloud and account, as another process would have it; the
     * same one at each call.
     */
    CloudProvider other();

    /** Returns a spec that the cloud can serve, with the image that it needs. */
    MachineSpec spec();

    /** Returns the time by the cloud's clock. */
    Instant now();

    /**
     * Lets time pass in the cloud: moves its clock, or waits.
     *
     * @throws InterruptedException if interrupted
     */
    void pass(Duration time) throws InterruptedException;

    /** Lets the cloud have no stock for what an offer names. {@link #close} undoes it. */
    void stockOut(Offer offer);

    /** Lets the next create call take effect and its answer get lost on the way, whichever instance makes it. */
    void loseNextLaunchAnswer();

    /**
     * Lets a machine answer no new connections, or answer again. By default the tests that need it are skipped.
     */
    default void refuseConnections(Machine machine, boolean refuse) {
        Assumptions.abort("this setup cannot make a machine refuse connections");
    }

    /** Returns an id of the right form that the cloud does not know, another one for each number. */
    default String unknownId(int number) {
        return String.format("i-unknown%012d", number);
    }

    /** Returns how long a machine may take from its creation until it answers. Default: five minutes. */
    default Duration bootBound() {
        return Duration.ofMinutes(5);
    }

    /** Returns how long a machine may take from its deletion until it is absent. Default: five minutes. */
    default Duration goneBound() {
        return Duration.ofMinutes(5);
    }

    /** Returns how much time to let pass between two looks at the cloud. Default: five seconds. */
    default Duration step() {
        return Duration.ofSeconds(5);
    }

    /**
     * Returns how many machines do not fit on one page of a list; zero skips the test of paging. Default: zero.
     */
    default int moreThanAPage() {
        return 0;
    }

    /** Returns whether the transport tells exit codes. Default: it does. */
    default boolean exitCodes() {
        return true;
    }

    /** Returns whether the cloud can raise the cap of a machine. Default: it can. */
    default boolean raisesCaps() {
        return true;
    }

    /** Closes both providers and undoes what was done to the cloud. */
    @Override
    void close();
}
