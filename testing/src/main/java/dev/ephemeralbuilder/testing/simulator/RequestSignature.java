package dev.ephemeralbuilder.testing.simulator;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Checks who sent a request: key and security token, signature (version 1.0 or 3), time and nonce, all by the wall
 * clock. The error for a bad signature does not repeat the string to sign, as the real gateway does, because it holds
 * the whole request.
 *
 * <p>Codes and statuses of the gateway other than {@code SignatureDoesNotMatch} and {@code InvalidAccessKeyId.NotFound}
 * are [unconfirmed].
 */
final class RequestSignature {
    private static final Duration SKEW = Duration.ofMinutes(15);
    private static final int MAX_NONCES = 1_000_000;

    private final AccessKeys keys;
    private final Clock wall;
    // Nonce to the time after which its request would be too old anyway; in order of arrival.
    private final Map<String, Instant> nonces = new LinkedHashMap<>();

    RequestSignature(AccessKeys keys, Clock wall) {
        this.keys = keys;
        this.wall = wall;
    }

    /**
     * Checks a request and remembers its nonce.
     *
     * @param parameters those of the request
     * @return the id of the caller's key
     * @throws ApiError if it is not to be served
     */
    String verify(ApiRequest request, Parameters parameters) {
        SignatureClaim claim =
                SignatureV3.signs(request) ? SignatureV3.read(request) : SignatureV1.read(request.method(), parameters);
        Instant time;
        try {
            time = Parameters.time(claim.time());
        } catch (DateTimeParseException e) {
            throw ApiError.of("InvalidTimeStamp.Format", "Specified time stamp is not well formatted.");
        }
        String secret = keys.secret(claim.accessKeyId(), claim.securityToken());
        byte[] expected = claim.expected().apply(secret).getBytes(StandardCharsets.UTF_8);
        if (!MessageDigest.isEqual(expected, claim.signature().getBytes(StandardCharsets.UTF_8))) {
            throw mismatch();
        }
        Instant now = wall.instant();
        if (Duration.between(time, now).abs().compareTo(SKEW) > 0) {
            throw ApiError.of("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.");
        }
        if (!remember(claim.nonce(), time.plus(SKEW), now)) {
            throw ApiError.of("SignatureNonceUsed", "Specified signature nonce was used already.");
        }
        return claim.accessKeyId();
    }

    static ApiError mismatch() {
        return ApiError.of("SignatureDoesNotMatch", "Specified signature is not matched with our calculation.");
    }

    private synchronized boolean remember(String nonce, Instant until, Instant now) {
        for (Iterator<Instant> oldest = nonces.values().iterator(); oldest.hasNext(); ) {
            if (oldest.next().isAfter(now) && nonces.size() < MAX_NONCES) {
                break;
            }
            oldest.remove();
        }
        return nonces.putIfAbsent(nonce, until) == null;
    }
}
