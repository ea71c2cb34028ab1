package dev.ephemeralbuilder.event;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.selection.Offer;
import io.micrometer.core.instrument.Tags;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Values of tags: few, in lower case, and never an id. */
final class MeterTags {
    static final String SUCCESS = "success";

    private MeterTags() {}

    /** Returns provider and market; both are "unknown" of a machine that was launched by somebody else. */
    static Tags of(@Nullable Offer offer) {
        return offer == null
                ? Tags.of("provider", "unknown", "market", "unknown")
                : Tags.of("provider", offer.provider(), "market", of(offer.market()));
    }

    static String of(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** Returns how a script ended. */
    static String outcome(ScriptResult result) {
        return switch (result.ending()) {
            case EXITED -> result.exitCode() == 0 ? SUCCESS : "failure";
            case TIMED_OUT, OUTPUT_LIMIT, CANCELLED -> of(result.ending());
        };
    }

    /** Returns the kind of a failure, such as "image_pull". */
    static String kind(Exception failure) {
        if (!(failure instanceof BuilderException)) {
            return failure instanceof InterruptedException ? "interrupted" : "other";
        }
        return failure.getClass()
                .getSimpleName()
                .replaceFirst("^Builder(?=.)", "")
                .replaceFirst("Exception$", "")
                .replaceAll("(?<=[a-z])(?=[A-Z])", "_")
                .toLowerCase(Locale.ROOT);
    }
}
