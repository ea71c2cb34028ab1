package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What each client token stands for (ecs-openapi, 1.3): the same token with the same parameters gives the same answer,
 * also if that was a failure; with other parameters {@code IdempotentParameterMismatch}; while the first call is still
 * running {@code IdempotentProcessing}, whose status, 403, is [unconfirmed]. Server errors and throttling are not
 * remembered: they are what a client repeats with the same token.
 *
 * <p>A token is remembered for a day of the cloud's time; how long the real one does is [unconfirmed]. Keeps a hash of
 * the parameters, not the parameters.
 */
final class ClientTokenLedger {
    private static final Duration MEMORY = Duration.ofDays(1);
    private static final int MAX_TOKENS = 100_000;
    private static final int MAX_LENGTH = 64;
    private static final Set<String> TRANSPORT = Set.of(
            "AccessKeyId",
            "SecurityToken",
            "Signature",
            "SignatureMethod",
            "SignatureNonce",
            "SignatureVersion",
            "Timestamp",
            "Format");

    private final Supplier<Instant> now;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    ClientTokenLedger(Supplier<Instant> now) {
        this.now = now;
    }

    /**
     * Runs a call, or gives the answer of the first call with its token. Without a token it just runs.
     *
     * @param processing how long a first call counts as still running, even if it was answered
     */
    ObjectNode once(Parameters parameters, Duration processing, Supplier<ObjectNode> call) {
        String token = parameters.get("ClientToken");
        if (token == null) {
            return call.get();
        }
        if (token.length() > MAX_LENGTH || !token.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw ApiError.of("InvalidClientToken.ValueNotSupported", "The ClientToken provided is invalid.");
        }
        Instant time = now.get();
        Entry entry = new Entry(fingerprint(parameters), time.plus(processing), time.plus(MEMORY));
        String key = parameters.require("Action") + " " + token;
        Entry earlier = claim(key, entry);
        if (earlier != null) {
            return earlier.replay(entry.fingerprint, time);
        }
        try {
            ObjectNode answer = call.get();
            entry.answer = answer.deepCopy();
            return answer;
        } catch (ApiError e) {
            entry.error = e;
            if (e.isPassing()) {
                release(key, entry);
            }
            throw e;
        } finally {
            if (entry.answer == null && entry.error == null) {
                // A defect of the simulator: whoever asks again must not wait for a call that is over.
                entry.error = ApiError.of("InternalError", "The request processing has failed.");
            }
        }
    }

    private synchronized @Nullable Entry claim(String key, Entry entry) {
        Instant time = now.get();
        for (Iterator<Entry> oldest = entries.values().iterator(); oldest.hasNext(); ) {
            if (oldest.next().until.isAfter(time) && entries.size() < MAX_TOKENS) {
                break;
            }
            oldest.remove();
        }
        return entries.putIfAbsent(key, entry);
    }

    private synchronized void release(String key, Entry entry) {
        entries.remove(key, entry);
    }

    private static String fingerprint(Parameters parameters) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            parameters.all().forEach((name, value) -> {
                if (!TRANSPORT.contains(name)) {
                    digest.update((name + "=" + value + "\0").getBytes(StandardCharsets.UTF_8));
                }
            });
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    private static final class Entry {
        final String fingerprint;
        final Instant busyUntil;
        final Instant until;
        volatile @Nullable ObjectNode answer;
        volatile @Nullable ApiError error;

        Entry(String fingerprint, Instant busyUntil, Instant until) {
            this.fingerprint = fingerprint;
            this.busyUntil = busyUntil;
            this.until = until;
        }

        ObjectNode replay(String other, Instant time) {
            if (!fingerprint.equals(other)) {
                throw ApiError.of(
                        "IdempotentParameterMismatch",
                        "The request uses the same client token as a previous, but non-identical request.");
            }
            if (time.isBefore(busyUntil)) {
                throw processing();
            }
            ApiError failed = error;
            if (failed != null) {
                throw failed;
            }
            ObjectNode given = answer;
            if (given == null) {
                throw processing();
            }
            return given.deepCopy();
        }

        private static ApiError processing() {
            return ApiError.of("IdempotentProcessing", "The previous idempotent request is processing.");
        }
    }
}
