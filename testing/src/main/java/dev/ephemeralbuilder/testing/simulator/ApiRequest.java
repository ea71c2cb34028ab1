package dev.ephemeralbuilder.testing.simulator;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A request as it came over the wire. Holds secrets; {@link #toString} shows none. */
final class ApiRequest {
    private static final String FORM = "application/x-www-form-urlencoded";

    private final String method;
    private final String path;
    private final String query;
    private final Map<String, List<String>> headers = new TreeMap<>();
    private final byte[] body;

    /**
     * @param method the method of HTTP
     * @param url path and query, as encoded by the client
     * @param headers values by name, in any case
     * @param body as it came, empty if there is none
     */
    ApiRequest(String method, String url, Map<String, List<String>> headers, byte[] body) {
        int question = url.indexOf('?');
        this.method = method;
        this.path = question < 0 ? url : url.substring(0, question);
        this.query = question < 0 ? "" : url.substring(question + 1);
        headers.forEach((name, values) -> this.headers
                .computeIfAbsent(name.toLowerCase(Locale.ROOT), key -> new ArrayList<>())
                .addAll(values));
        this.body = body.clone();
    }

    String method() {
        return method;
    }

    String path() {
        return path.isEmpty() ? "/" : path;
    }

    /** Returns the parameters of the query alone. */
    Parameters query() {
        return Parameters.parse(List.of(query));
    }

    byte[] body() {
        return body.clone();
    }

    /**
     * Checks the body against the header {@code Content-MD5}, if that came. The code is [unconfirmed].
     *
     * @throws ApiError if they do not fit
     */
    void checkBody() {
        String given = header("content-md5");
        if (given == null) {
            return;
        }
        try {
            byte[] digest = MessageDigest.getInstance("MD5").digest(body);
            if (!Base64.getEncoder().encodeToString(digest).equals(given)) {
                throw ApiError.of("InvalidContentMD5", "The specified Content-MD5 is not that of the body.");
            }
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has MD5", e);
        }
    }

    /** Returns the values of a header, trimmed, sorted and joined by commas, or null if it did not come. */
    @Nullable String header(String name) {
        List<String> values = headers.get(name.toLowerCase(Locale.ROOT));
        return values == null
                ? null
                : values.stream().map(String::strip).sorted().collect(Collectors.joining(","));
    }

    /**
     * Returns what the request asks for, wherever it says it: in the query, in a form as body, and under signature V3
     * in headers, whose action, version and key then stand under the names that V1 gives them.
     *
     * @throws ApiError if a parameter comes twice, or the encoding is broken
     */
    Parameters parameters() {
        List<String> encoded = new ArrayList<>(List.of(query));
        String type = header("content-type");
        if (type != null && type.toLowerCase(Locale.ROOT).startsWith(FORM)) {
            encoded.add(new String(body, StandardCharsets.UTF_8));
        }
        Parameters parameters = Parameters.parse(encoded);
        return SignatureV3.signs(this) ? parameters.with(SignatureV3.parameters(this)) : parameters;
    }

    @Override
    public String toString() {
        return "ApiRequest[" + method + ", " + headers.keySet() + "]";
    }
}
