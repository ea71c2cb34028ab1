package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.RecoveryPolicy;
import dev.ephemeralbuilder.Script;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What becomes of a build whose machine the cloud takes back. */
final class RecoveryOptions {
    @Option(
            names = "--expected",
            paramLabel = "TIME",
            description =
                    "How long all of it takes on a ready machine: one that would be over before the machine is taken"
                            + " back stays where it is. Default: unknown; it begins again elsewhere at once.")
    private @Nullable Duration expected;

    @Option(
            names = "--spot-attempts",
            paramLabel = "N",
            description = "On so many spot machines, one after the other, the build may begin; after that on demand, if"
                    + " --market has that. Default: 2.")
    private @Nullable Integer spotAttempts;

    @Option(
            names = "--deadline",
            paramLabel = "TIME",
            description =
                    "How long the build may take with all its machines, waiting for them included. Default: no limit.")
    private @Nullable Duration deadline;

    @Option(
            names = "--farewell",
            paramLabel = "SCRIPT",
            description = "A script that runs on a machine that is being taken back, to save a cache, say, while its"
                    + " replacement boots; with the same variables and interpreter. It is cut off 20 s before the end.")
    private @Nullable String farewell;

    /** Returns how long the build takes, if that was said. */
    Optional<Duration> expected() {
        return Optional.ofNullable(expected);
    }

    /** Returns how long the build may take, if that is limited. */
    Optional<Duration> deadline() {
        return Optional.ofNullable(deadline);
    }

    /**
     * Returns the policy.
     *
     * @param scripts makes a script of a text
     * @throws IllegalArgumentException if a number is out of its range
     * @throws CommandException if nothing could ever be launched
     */
    RecoveryPolicy policy(Set<Market> markets, Function<String, Script> scripts) {
        RecoveryPolicy policy = RecoveryPolicy.defaults();
        if (spotAttempts != null) {
            policy = policy.spotAttempts(spotAttempts);
            if (spotAttempts == 0 && !markets.contains(Market.ON_DEMAND)) {
                throw CommandException.usage("--spot-attempts 0 leaves nothing to launch with --market spot");
            }
        }
        return farewell == null ? policy : policy.farewell(scripts.apply(farewell));
    }
}
