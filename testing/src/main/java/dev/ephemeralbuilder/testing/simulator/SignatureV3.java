package dev.ephemeralbuilder.testing.simulator;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Signature version 3, {@code ACS3-HMAC-SHA256}: action, version, time, nonce and the digest of the body stand in
 * headers, and what is signed is method, path, query, the named headers and that digest (Alibaba Cloud's page "V3
 * request structure and signature"; what {@code com.aliyun:tea-openapi} 0.3.5, {@code @alicloud/openapi-core} 1.0.8 and
 * {@code aliyun-java-sdk-core} 4.7.10 send).
 *
 * <p>The page wants every {@code x-acs-} header, {@code host} and {@code content-type} signed; aliyun-java-sdk-core
 * leaves {@code host} out. Here only what makes a request what it is must be signed. That, and the codes for an unsigned
 * header, another algorithm and a body that does not fit its digest, are [unconfirmed].
 */
final class SignatureV3 {
    private static final String PREFIX = "ACS3-";
    private static final String ALGORITHM = "ACS3-HMAC-SHA256";
    private static final String MAC = "HmacSHA256";
    private static final String TOKEN = "x-acs-security-token";
    private static final List<String> MUST_BE_SIGNED =
            List.of("x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256");

    private SignatureV3() {}

    /** Whether a request is signed by this version. */
    static boolean signs(ApiRequest request) {
        String authorization = request.header("authorization");
        return authorization != null && authorization.startsWith(PREFIX);
    }

    /** Returns what the headers say, under the names that parameters of V1 have; what is missing is left out. */
    static Map<String, String> parameters(ApiRequest request) {
        Map<String, String> found = new TreeMap<>();
        put(found, "Action", request.header("x-acs-action"));
        put(found, "Version", request.header("x-acs-version"));
        put(found, "AccessKeyId", authorization(request).get("Credential"));
        return found;
    }

    private static void put(Map<String, String> map, String name, @Nullable String value) {
        if (value != null) {
            map.put(name, value);
        }
    }

    /**
     * Reads who a request is from.
     *
     * @throws ApiError if a part of the signature is missing, or the body is not the one that was signed
     */
    static SignatureClaim read(ApiRequest request) {
        String algorithm = require(request, "authorization").split(" ", 2)[0];
        if (!algorithm.equals(ALGORITHM)) {
            throw ApiError.of(
                    "InvalidParameter", "The simulator knows the signature algorithm " + ALGORITHM + " only.");
        }
        Map<String, String> parts = authorization(request);
        Set<String> signed = new TreeSet<>(Arrays.asList(
                part(parts, "SignedHeaders").toLowerCase(Locale.ROOT).split(";", -1)));
        MUST_BE_SIGNED.forEach(name -> requireSigned(request, signed, name));
        String token = request.header(TOKEN);
        if (token != null) {
            requireSigned(request, signed, TOKEN);
        }
        String digest = HexFormat.of().formatHex(sha256(request.body()));
        if (!digest.equals(require(request, "x-acs-content-sha256"))) {
            throw RequestSignature.mismatch();
        }
        return new SignatureClaim(
                part(parts, "Credential"),
                token,
                require(request, "x-acs-date"),
                require(request, "x-acs-signature-nonce"),
                part(parts, "Signature"),
                secret -> sign(request, signed, digest, secret));
    }

    private static String sign(ApiRequest request, Set<String> signed, String digest, String secret) {
        StringBuilder text = new StringBuilder()
                .append(request.method())
                .append('\n')
                .append(request.path())
                .append('\n')
                .append(SignatureClaim.canonical(request.query().all()))
                .append('\n');
        for (String name : signed) {
            text.append(name).append(':').append(require(request, name)).append('\n');
        }
        text.append('\n').append(String.join(";", signed)).append('\n').append(digest);
        String hashed = HexFormat.of().formatHex(sha256(text.toString().getBytes(StandardCharsets.UTF_8)));
        try {
            Mac mac = Mac.getInstance(MAC);
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), MAC));
            byte[] code = mac.doFinal((ALGORITHM + "\n" + hashed).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(code);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has " + MAC, e);
        }
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    /** Returns the parts of the header {@code Authorization}; clients differ in their order. */
    private static Map<String, String> authorization(ApiRequest request) {
        Map<String, String> parts = new TreeMap<>();
        String[] words = require(request, "authorization").split(" ", 2);
        for (String pair : words.length < 2 ? new String[0] : words[1].split(",", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                parts.put(
                        pair.substring(0, equals).strip(),
                        pair.substring(equals + 1).strip());
            }
        }
        return parts;
    }

    private static String part(Map<String, String> parts, String name) {
        String value = parts.get(name);
        if (value == null || value.isEmpty()) {
            throw SignatureClaim.incomplete(name);
        }
        return value;
    }

    private static void requireSigned(ApiRequest request, Set<String> signed, String name) {
        require(request, name);
        if (!signed.contains(name)) {
            throw ApiError.of("IncompleteSignature", "The header " + name + " is not signed.");
        }
    }

    private static String require(ApiRequest request, String header) {
        String value = request.header(header);
        if (value == null || value.isEmpty()) {
            throw SignatureClaim.incomplete(header);
        }
        return value;
    }
}
