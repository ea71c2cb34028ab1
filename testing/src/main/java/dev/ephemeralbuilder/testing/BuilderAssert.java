package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.EphemeralBuilder;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;

/** Assertions about a builder at the moment of the question; none of them waits. */
public final class BuilderAssert extends AbstractAssert<BuilderAssert, EphemeralBuilder> {
    BuilderAssert(@Nullable EphemeralBuilder actual) {
        super(actual, BuilderAssert.class);
    }

    /** Verifies that the cloud no longer shows the machine, see {@link EphemeralBuilder#gone}. */
    public BuilderAssert isGone() {
        isNotNull();
        if (!actual.gone().isDone()) {
            throw failure("expected machine %s of request %s to be gone", actual.id(), actual.requestId());
        }
        return this;
    }

    /** Verifies that the cloud has given notice that it takes the machine back. */
    public BuilderAssert isReclaimed() {
        isNotNull();
        if (!actual.reclaimNotice().isDone()) {
            throw failure("expected a notice of reclaim for machine %s, there is none", actual.id());
        }
        return this;
    }

    /** Verifies that the cloud has given no such notice. */
    public BuilderAssert isNotReclaimed() {
        isNotNull();
        if (actual.reclaimNotice().isDone()) {
            throw failure("expected no notice of reclaim for machine %s, there is one", actual.id());
        }
        return this;
    }
}
