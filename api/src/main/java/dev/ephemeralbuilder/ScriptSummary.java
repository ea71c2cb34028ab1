package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Optional;

/**
 * A script that some process has started on a builder, as the machine knows it. Immutable.
 *
 * @param id the script's id, for {@link EphemeralBuilder#script}
 * @param startedAt when it was started, by the machine's clock, in whole seconds
 * @param state how it is
 * @param result how it ended; present only with {@link State#ENDED}
 */
public record ScriptSummary(String id, Instant startedAt, State state, Optional<ScriptResult> result) {
    /** How a script is. */
    public enum State {
        /** It runs. */
        RUNNING,
        /** It has ended, and the machine wrote down how. */
        ENDED,
        /** It has gone and nobody wrote down how: the machine was started again, or what supervised it was killed. */
        VANISHED
    }

    /** Checks the parts. */
    public ScriptSummary {
        requireNonNull(id, "id");
        requireNonNull(startedAt, "startedAt");
        requireNonNull(state, "state");
        requireNonNull(result, "result");
    }
}
