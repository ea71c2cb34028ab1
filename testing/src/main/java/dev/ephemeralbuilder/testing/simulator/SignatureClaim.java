package dev.ephemeralbuilder.testing.simulator;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Who a request says it is from, whichever version of the signature says so. Holds secrets; {@link #toString} shows
 * none.
 *
 * @param accessKeyId the key
 * @param securityToken what goes with a temporary key
 * @param time when it was signed, as text
 * @param nonce what makes it unique
 * @param signature as the client wrote it
 * @param expected gives the right signature for a secret
 */
record SignatureClaim(
        String accessKeyId,
        @Nullable String securityToken,
        String time,
        String nonce,
        String signature,
        UnaryOperator<String> expected) {

    /** Percent-encodes all but letters, digits and {@code -_.~}, as both versions want it. */
    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("*", "%2A")
                .replace("%7E", "~");
    }

    /** Writes parameters in the order of their names, encoded. */
    static String canonical(Map<String, String> parameters) {
        return new TreeMap<>(parameters)
                .entrySet().stream()
                        .map(entry -> encode(entry.getKey()) + "=" + encode(entry.getValue()))
                        .collect(Collectors.joining("&"));
    }

    static ApiError incomplete(String what) {
        return ApiError.of("IncompleteSignature", "The request has no " + what + ".");
    }

    @Override
    public String toString() {
        return "SignatureClaim[" + accessKeyId + ", " + time + "]";
    }
}
