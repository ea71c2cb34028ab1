package dev.ephemeralbuilder;

import java.util.List;

/**
 * Fewer machines came than {@link BuildFleet#acquireAll} was asked for. Those that came are ready, and the caller's: close
 * each of {@link #builders} as if it had been returned. Immutable.
 */
public final class PartialAcquireException extends BuilderException {
    private static final long serialVersionUID = 1L;

    private final transient List<EphemeralBuilder> builders;
    private final List<BuilderException> failures;

    /**
     * Creates the exception.
     *
     * @param builders the builders that are there, one at least
     * @param failures why the others are not, one for each; the first becomes the cause
     */
    public PartialAcquireException(List<EphemeralBuilder> builders, List<BuilderException> failures) {
        super(
                "Only " + builders.size() + " of " + (builders.size() + failures.size())
                        + " machines came; close those that are not wanted. The first failure: "
                        + failures.get(0).getMessage(),
                failures.get(0).code().orElse(null),
                failures.get(0).requestId().orElse(null),
                failures.get(0));
        this.builders = List.copyOf(builders);
        this.failures = List.copyOf(failures);
    }

    /** Returns the builders that are there; none after the exception was serialized. */
    public List<EphemeralBuilder> builders() {
        return builders == null ? List.of() : builders;
    }

    /** Returns why the others are not there, one failure for each. */
    public List<BuilderException> failures() {
        return failures;
    }

    /** Returns {@code true} if trying again for the others may help: if that holds for every failure. */
    @Override
    public boolean retryable() {
        return failures.stream().allMatch(BuilderException::retryable);
    }
}
