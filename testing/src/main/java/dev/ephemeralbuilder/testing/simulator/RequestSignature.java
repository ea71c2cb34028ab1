package dev.ephemeralbuilder.testing.simulator;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Checks who sent a request: signature V1 with HMAC-SHA1 (ecs-openapi, 4.3), time and nonce, all by the wall clock. The
 * error for a bad signature does not repeat the string to sign, as the real gateway does, because it holds the whole
 * request. Signature V3 and temporary credentials are refused.
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

    /** The keys that are known. */
    @FunctionalInterface
    interface AccessKeys {
        /** Returns the secret of a key, or null if the key is not known. */
        @Nullable String secretOf(String accessKeyId);
    }

    /**
     * Checks a request and remembers its nonce.
     *
     * @param method the method of HTTP
     * @return the id of the caller's key
     * @throws ApiError if it is not to be served
     */
    String verify(String method, Parameters parameters) {
        String key = require(parameters, "AccessKeyId");
        String signature = require(parameters, "Signature");
        String nonce = require(parameters, "SignatureNonce");
        Instant time;
        try {
            time = Parameters.time(require(parameters, "Timestamp"));
        } catch (DateTimeParseException e) {
            throw ApiError.of("InvalidTimeStamp.Format", "Specified time stamp is not well formatted.");
        }
        if (parameters.get("SecurityToken") != null) {
            throw ApiError.of("InvalidSecurityToken.Malformed", "Temporary credentials are not supported.");
        }
        String secret = keys.secretOf(key);
        if (secret == null) {
            throw ApiError.of("InvalidAccessKeyId.NotFound", "Specified access key is not found.");
        }
        byte[] expected = sign(method, parameters, secret).getBytes(StandardCharsets.UTF_8);
        if (!MessageDigest.isEqual(expected, signature.getBytes(StandardCharsets.UTF_8))) {
            throw ApiError.of("SignatureDoesNotMatch", "Specified signature is not matched with our calculation.");
        }
        Instant now = wall.instant();
        if (Duration.between(time, now).abs().compareTo(SKEW) > 0) {
            throw ApiError.of("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.");
        }
        if (!remember(nonce, time.plus(SKEW), now)) {
            throw ApiError.of("SignatureNonceUsed", "Specified signature nonce was used already.");
        }
        return key;
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

    private static String sign(String method, Parameters parameters, String secret) {
        String canonical = parameters.all().entrySet().stream()
                .filter(entry -> !entry.getKey().equals("Signature"))
                .map(entry -> encode(entry.getKey()) + "=" + encode(entry.getValue()))
                .collect(Collectors.joining("&"));
        String text = method + "&%2F&" + encode(canonical);
        try {
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec((secret + "&").getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
            return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has HmacSHA1", e);
        }
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("*", "%2A")
                .replace("%7E", "~");
    }

    private static String require(Parameters parameters, String name) {
        String value = parameters.get(name);
        if (value == null) {
            throw ApiError.of("IncompleteSignature", "The request has no " + name + ".");
        }
        return value;
    }
}
