package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ProviderException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** What came out of a future, as what the caller is promised. */
final class Failures {
    private Failures() {}

    /** Returns the failure without the wrappers that futures put around it. */
    static Throwable unwrap(Throwable failure) {
        Throwable t = failure;
        while ((t instanceof CompletionException || t instanceof ExecutionException) && t.getCause() != null) {
            t = t.getCause();
        }
        return t;
    }

    /** Returns a failure of a provider call as one of our types: what a provider should not have thrown is its defect. */
    static BuilderException asBuilderException(Throwable failure) {
        Throwable t = unwrap(failure);
        if (t instanceof BuilderException e) {
            return e;
        }
        return new ProviderException(
                t instanceof CancellationException ? "The fleet was closed" : "The provider failed unexpectedly: " + t,
                ProviderException.Effect.UNKNOWN,
                false,
                null,
                null,
                t);
    }

    /** Returns whether the failure leaves open whether the call took effect. */
    static boolean effectUnknown(@Nullable Throwable failure) {
        return failure != null
                && asBuilderException(failure) instanceof ProviderException e
                && e.effect() == ProviderException.Effect.UNKNOWN;
    }
}
