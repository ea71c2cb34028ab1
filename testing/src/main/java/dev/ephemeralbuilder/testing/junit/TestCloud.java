package dev.ephemeralbuilder.testing.junit;

import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.simulator.MachineProcess;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A pretended cloud that tests run on. Safe for use by many threads. */
interface TestCloud {
    /** How to make one. */
    interface Kind {
        /** Returns what of the cloud a test may ask for as a parameter. */
        Set<Class<?>> parameters();

        /** Makes a cloud; blocks. */
        TestCloud start();
    }

    /**
     * A machine that there is.
     *
     * @param owner the owner that its tags name, null for none
     * @param text id, type, state and request
     */
    record Left(String id, @Nullable String owner, String text) {}

    /** Returns a provider for a new fleet, which closes it. */
    CloudProvider connect();

    /** Returns the ticker of a new fleet. */
    Ticker newTicker();

    /** Ends the ticker of a fleet that is closed. */
    void release(Ticker ticker);

    /** Returns a parameter of one of the kind's types. */
    Object parameter(Class<?> type);

    /** Returns the machines that are not gone yet. */
    List<Left> machines();

    /**
     * Returns the processes of the machines.
     *
     * @throws UnsupportedOperationException if the host does not show them
     */
    List<MachineProcess> processes();

    /** Moves a time that does not move by itself by one small step. */
    void letTimePass();

    /** Ends machines, processes and threads; blocks. */
    void close();

    static Left left(String id, String type, String state, @Nullable String owner, @Nullable String request) {
        return new Left(
                id,
                owner,
                id + " (" + type + ", " + state + ", " + (request == null ? "" : "request " + request) + ")");
    }
}
