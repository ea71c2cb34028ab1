package dev.ephemeralbuilder.testing.simulator;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One call that a simulator answered. Immutable. Holds no secret: neither signatures nor user data. Texts that the
 * caller chose are cut off after 128 characters.
 *
 * @param number counts the calls of one simulator from 1, in the order in which they were answered
 * @param time when the answer was made, by the cloud's clock; a delay that a fault ordered comes after it
 * @param wallTime the same by the wall clock
 * @param action the operation that was asked for, also if there is none of that name; null if the request named none
 * @param caller the access key id; of a caller whose signature was not accepted only the first four characters; null if
 *     the request named none
 * @param status the HTTP status that was sent, or would have been where the answer was lost
 * @param code the API's error code; null if the call was carried out
 * @param requestId the id in the answer
 * @param faults what {@link AlibabaCloudSimulator#faults} ordered for the call, by the names of the methods of
 *     {@link Faults.Rule} ({@code throttle} is an {@code error}); empty if nothing. A call that a client token made a
 *     repetition of an earlier one gets that one's answer all the same
 * @param delay how long the answer was held back, zero or more
 * @param answerLost whether the connection was reset in place of an answer
 * @param clientToken the client token, or null
 * @param zone the zone that was asked for, by its id or that of a vSwitch, or null
 * @param type the instance type that was asked for, or null
 */
public record JournalEntry(
        long number,
        Instant time,
        Instant wallTime,
        @Nullable String action,
        @Nullable String caller,
        int status,
        @Nullable String code,
        String requestId,
        List<String> faults,
        Duration delay,
        boolean answerLost,
        @Nullable String clientToken,
        @Nullable String zone,
        @Nullable String type) {
    /** Copies the list. */
    public JournalEntry {
        requireNonNull(time, "time");
        requireNonNull(wallTime, "wallTime");
        requireNonNull(requestId, "requestId");
        requireNonNull(delay, "delay");
        faults = List.copyOf(faults);
    }

    /** Whether the cloud did what was asked, be it that the caller did not learn of it. */
    public boolean succeeded() {
        return code == null && status < 400;
    }
}
