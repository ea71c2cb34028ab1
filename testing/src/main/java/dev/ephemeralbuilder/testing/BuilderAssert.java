package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.EphemeralBuilder;
import java.util.concurrent.CompletableFuture;
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
        if (!came(actual.gone())) {
            throw failure("expected machine %s of request %s to be gone", actual.id(), actual.requestId());
        }
        return this;
    }

    /** Verifies that the cloud has given notice that it takes the machine back. */
    public BuilderAssert isReclaimed() {
        isNotNull();
        if (!came(actual.reclaimNotice())) {
            throw failure("expected a notice of reclaim for machine %s, there is none", actual.id());
        }
        return this;
    }

    /** Verifies that the cloud has given no such notice. */
    public BuilderAssert isNotReclaimed() {
        isNotNull();
        if (came(actual.reclaimNotice())) {
            throw failure("expected no notice of reclaim for machine %s, there is one", actual.id());
        }
        return this;
    }

    /** Futures also fail, when the fleet is closed: then nothing has come. */
    private static boolean came(CompletableFuture<?> future) {
        return future.isDone() && !future.isCompletedExceptionally();
    }
}
