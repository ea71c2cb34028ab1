package dev.ephemeralbuilder.testing.simulator;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Writes down calls as they are answered, and forgets the oldest when there are too many. Safe for many threads. */
final class JournalRecorder {
    private static final int MAX_TEXT = 128;
    private static final int SHOWN_OF_A_STRANGER = 4;

    private final int capacity;
    private final Supplier<Instant> cloud;
    private final Clock wall;
    private final Deque<JournalEntry> entries = new ArrayDeque<>();
    private long recorded;

    JournalRecorder(int capacity, Supplier<Instant> cloud, Clock wall) {
        this.capacity = capacity;
        this.cloud = cloud;
        this.wall = wall;
    }

    /** Begins a call that has just come in. */
    Call call(String requestId) {
        return new Call(requestId);
    }

    synchronized Journal journal() {
        return new Journal(List.copyOf(entries), recorded - entries.size());
    }

    private static @Nullable String cut(@Nullable String text) {
        return text == null || text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT);
    }

    /** One call on its way through the gateway. For one thread. */
    final class Call {
        private final String requestId;
        private @Nullable String action;
        private @Nullable String caller;
        private @Nullable String clientToken;
        private @Nullable String zone;
        private @Nullable String type;

        private Call(String requestId) {
            this.requestId = requestId;
        }

        /** Says what is asked for, before it is known who asks. */
        void asks(Parameters parameters, @Nullable String wantedZone) {
            action = cut(parameters.get("Action"));
            clientToken = cut(parameters.get("ClientToken"));
            zone = cut(wantedZone);
            type = cut(parameters.get("InstanceType"));
            String claimed = parameters.get("AccessKeyId");
            // Who mixes up id and secret shall not find the secret here.
            caller = claimed == null || claimed.length() <= SHOWN_OF_A_STRANGER
                    ? claimed
                    : claimed.substring(0, SHOWN_OF_A_STRANGER) + "…";
        }

        /** Says that the signature was right. */
        void isOf(@Nullable String accessKeyId) {
            caller = cut(accessKeyId);
        }

        /** Writes the call down. */
        void answered(int status, @Nullable String code, Faults.Verdict verdict) {
            synchronized (JournalRecorder.this) {
                recorded++;
                if (entries.size() == capacity) {
                    entries.removeFirst();
                }
                entries.addLast(new JournalEntry(
                        recorded,
                        cloud.get(),
                        wall.instant(),
                        action,
                        caller,
                        sent(status, verdict.effect().kind()),
                        code,
                        requestId,
                        verdict.names(),
                        verdict.latency(),
                        verdict.effect().kind() == Faults.Kind.LOSE_ANSWER,
                        clientToken,
                        zone,
                        type));
            }
        }

        private static int sent(int status, Faults.Kind fault) {
            return switch (fault) {
                case HTML_503 -> 503;
                case EMPTY_OK, MALFORMED_JSON, TRUNCATED_JSON -> 200;
                case NONE, ERROR, LOSE_ANSWER, SLOW_BODY, VANISH, LATENCY, DESCRIBE_LAG, PROCESSING -> status;
            };
        }
    }
}
