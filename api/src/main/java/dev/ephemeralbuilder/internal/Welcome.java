package dev.ephemeralbuilder.internal;

import java.time.Instant;
import java.util.concurrent.CompletableFuture;

/** What is left to be done with a machine that has taken its first command, before it is a builder. On the ticker. */
interface Welcome {
    /**
     * The machine, what it will be, and the ways to it.
     *
     * @param deadline until when it may take to be a builder
     */
    record Guest(Held held, BuilderHandle builder, Link link, Remote remote, Instant deadline) {}

    /** Completes when it is a builder; fails if it will not be one. */
    CompletableFuture<Void> receive(Guest guest);
}
