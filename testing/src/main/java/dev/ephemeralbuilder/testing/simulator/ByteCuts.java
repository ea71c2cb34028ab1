package dev.ephemeralbuilder.testing.simulator;

import java.util.ArrayList;
import java.util.List;

/** After how many bytes connections are cut, one after the other. Safe for use by many threads. */
final class ByteCuts {
    private final List<Long> cuts = new ArrayList<>();

    synchronized void add(long... bytes) {
        for (long count : bytes) {
            if (count < 0) {
                throw new IllegalArgumentException("a number of bytes must not be negative");
            }
            cuts.add(count);
        }
    }

    synchronized void clear() {
        cuts.clear();
    }

    /** Returns the cuts that are still to come. */
    synchronized List<Long> pending() {
        return List.copyOf(cuts);
    }

    /**
     * Returns how many of a connection's next bytes may still be sent before it is cut; -1 for all of them.
     *
     * @param sent how many it has sent
     */
    synchronized int bytesBeforeCut(long sent, int next) {
        if (cuts.isEmpty() || sent + next < cuts.get(0)) {
            return -1;
        }
        return (int) Math.max(0, cuts.remove(0) - sent);
    }
}
