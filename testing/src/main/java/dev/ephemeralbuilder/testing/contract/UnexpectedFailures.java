package dev.ephemeralbuilder.testing.contract;

import dev.ephemeralbuilder.BuilderException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/** Says of a typed failure that no test expected what it means for the provider. */
final class UnexpectedFailures implements TestExecutionExceptionHandler {
    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        if (failure instanceof BuilderException) {
            throw new AssertionError(
                    context.getDisplayName() + " needs an answer where the provider threw " + failure
                            + ". The stack trace of the cause says which call it was: it must succeed here, or the error"
                            + " of the cloud behind it must be translated otherwise",
                    failure);
        }
        throw failure;
    }
}
