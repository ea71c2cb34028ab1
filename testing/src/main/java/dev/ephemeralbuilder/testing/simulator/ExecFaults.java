package dev.ephemeralbuilder.testing.simulator;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Faults of the WebSocket connections of {@code ExecContainerCommand}. Each is about connections alone: what a command
 * does on its container goes on. Safe for use by many threads.
 */
public final class ExecFaults {
    private static final int UNLIMITED = Integer.MAX_VALUE;

    private final ByteCuts cuts = new ByteCuts();
    private final Deque<Integer> refusals = new ArrayDeque<>();
    private final Set<String> refusedGroups = new HashSet<>();
    private int messageBytes = UNLIMITED;

    ExecFaults() {}

    /**
     * Cuts connections, without a close frame. The first one that has sent the first of these numbers of bytes in its
     * messages ends there, be that in the middle of a frame or of a character; from then on the next number holds, for
     * any connection. What of the last bytes still arrives is up to the network.
     *
     * @param bytes one number per cut, zero or more
     */
    public ExecFaults cutAfterBytes(long... bytes) {
        cuts.add(bytes);
        return this;
    }

    /**
     * Refuses the next connections with an HTTP status instead of the upgrade. Their addresses are used up.
     *
     * @param status 400 to 599
     * @param times how many
     */
    public synchronized ExecFaults refuseUpgrade(int status, int times) {
        if (status < 400 || status > 599 || times < 0) {
            throw new IllegalArgumentException("status must be 400 to 599, times not negative");
        }
        for (int i = 0; i < times; i++) {
            refusals.add(status);
        }
        return this;
    }

    /** Refuses every new connection to a group with status 500, until {@link #clear}; those that are open stay. */
    public synchronized ExecFaults refuseGroup(String groupId) {
        refusedGroups.add(groupId);
        return this;
    }

    /**
     * Splits output into small messages, on connections that are made from now on.
     *
     * @param bytes how many bytes of output are read for one message at most
     */
    public synchronized ExecFaults splitOutput(int bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("bytes must be positive");
        }
        messageBytes = bytes;
        return this;
    }

    /** Ends all of them. */
    public synchronized void clear() {
        cuts.clear();
        refusals.clear();
        refusedGroups.clear();
        messageBytes = UNLIMITED;
    }

    /** Returns the cuts that are still to come. */
    List<Long> pendingCuts() {
        return cuts.pending();
    }

    /** Returns the status to refuse a connection with, or 0 to let it in. */
    synchronized int refusal(String groupId) {
        if (refusedGroups.contains(groupId)) {
            return 500;
        }
        Integer status = refusals.poll();
        return status == null ? 0 : status;
    }

    synchronized int messageBytes() {
        return messageBytes;
    }

    /** Returns how many of the next bytes may still be sent before the connection is cut; -1 for all of them. */
    int bytesBeforeCut(long sent, int next) {
        return cuts.bytesBeforeCut(sent, next);
    }
}
