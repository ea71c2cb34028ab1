package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.ScriptResult;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;

/** Assertions about how a script ended. */
public final class ScriptResultAssert extends AbstractAssert<ScriptResultAssert, ScriptResult> {
    ScriptResultAssert(@Nullable ScriptResult actual) {
        super(actual, ScriptResultAssert.class);
    }

    /** Verifies that the script ended by itself with exit code 0. */
    public ScriptResultAssert isSuccess() {
        return exitedWith(0);
    }

    /** Verifies that the script ended by itself with an exit code. */
    public ScriptResultAssert exitedWith(int exitCode) {
        isNotNull();
        if (actual.ending() != ScriptResult.Ending.EXITED || actual.exitCode() != exitCode) {
            throw failure(
                    "expected the script to exit with %d, it ended with %d (%s)",
                    exitCode, actual.exitCode(), actual.ending());
        }
        return this;
    }

    /** Verifies what brought the script's end about. */
    public ScriptResultAssert endedBy(ScriptResult.Ending ending) {
        isNotNull();
        if (actual.ending() != ending) {
            throw failure("expected the end by %s, it was %s with %d", ending, actual.ending(), actual.exitCode());
        }
        return this;
    }
}
