package dev.ephemeralbuilder.testing.simulator;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signature version 1.0 with HMAC-SHA1 over all parameters, from the query and from a form alike (ecs-openapi, 4.3).
 * Spoken by {@code aliyun-java-sdk-core} by default and by {@code @alicloud/pop-core}.
 */
final class SignatureV1 {
    private static final String ALGORITHM = "HmacSHA1";

    private SignatureV1() {}

    /**
     * Reads who a request is from.
     *
     * @throws ApiError if a part of the signature is missing
     */
    static SignatureClaim read(String method, Parameters parameters) {
        return new SignatureClaim(
                require(parameters, "AccessKeyId"),
                parameters.get("SecurityToken"),
                require(parameters, "Timestamp"),
                require(parameters, "SignatureNonce"),
                require(parameters, "Signature"),
                secret -> sign(method, parameters, secret));
    }

    private static String sign(String method, Parameters parameters, String secret) {
        Map<String, String> signed = new TreeMap<>(parameters.all());
        signed.remove("Signature");
        String text = method + "&%2F&" + SignatureClaim.encode(SignatureClaim.canonical(signed));
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec((secret + "&").getBytes(StandardCharsets.UTF_8), ALGORITHM));
            return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has " + ALGORITHM, e);
        }
    }

    private static String require(Parameters parameters, String name) {
        String value = parameters.get(name);
        if (value == null) {
            throw SignatureClaim.incomplete(name);
        }
        return value;
    }
}
