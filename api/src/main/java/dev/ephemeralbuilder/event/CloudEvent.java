package dev.ephemeralbuilder.event;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ReapReport;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.spi.CloudAction;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Something between a fleet and one of its clouds that belongs to no single request: there are many of these. */
public sealed interface CloudEvent extends FleetEvent {
    /** Returns the name of the provider. */
    String provider();

    /** Returns its region. */
    String region();

    /**
     * A call has ended, well or not. {@link CloudAction#OPEN} is among them only where opening something on a machine
     * is a call to the cloud.
     *
     * @param at when it ended
     * @param provider the name of the provider
     * @param region its region
     * @param action what was asked
     * @param attempt counts the tries of one call, from 1
     * @param took how long this try took, without the waiting before it
     * @param failure why it failed, null if it did not
     */
    record Called(
            Instant at,
            String provider,
            String region,
            CloudAction action,
            int attempt,
            Duration took,
            @Nullable BuilderException failure)
            implements CloudEvent {
        /** Returns whether the cloud refused it since there were too many. */
        public boolean throttled() {
            return failure instanceof ThrottledException;
        }
    }

    /**
     * A call had to wait before it could be made. Waits of less than a tenth of a second are not told.
     *
     * @param at when the waiting was over
     * @param provider the name of the provider
     * @param region its region
     * @param action what is to be asked
     * @param reason what it waited for
     * @param took how long
     */
    record Delayed(Instant at, String provider, String region, CloudAction action, Reason reason, Duration took)
            implements CloudEvent {
        /** What a call waits for. */
        public enum Reason {
            /** Its turn under the rate limit that the owner's processes share. */
            RATE_LIMIT,
            /** The next try at a cloud that has failed several times in a row. */
            OUTAGE
        }
    }

    /**
     * Orphans were looked for in one provider's region, on demand or in the background.
     *
     * @param at when that was done
     * @param part what was found, deleted and left
     * @param dryRun whether nothing was to be deleted
     * @param took how long it took, the deletions included
     */
    record Swept(Instant at, ReapReport.Part part, boolean dryRun, Duration took) implements CloudEvent {
        @Override
        public String provider() {
            return part.provider();
        }

        @Override
        public String region() {
            return part.region();
        }
    }
}
