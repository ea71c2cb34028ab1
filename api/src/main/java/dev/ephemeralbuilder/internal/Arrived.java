package dev.ephemeralbuilder.internal;

/** What a launched machine has become: what a caller has acquired it for. */
interface Arrived {
    /** Returns the machine's id. */
    String id();

    /** The caller is about to get it. On the ticker. */
    void handOut();

    /** Gives the machine back. From any thread. */
    void close();
}
