package dev.ephemeralbuilder.testing.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SignatureV3Test {
    private static final Instant THEN = Instant.parse("2023-10-26T10:22:32Z");
    private static final String NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private static final String QUERY =
            "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai";

    private static final String AUTHORIZATION = "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,"
            + "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
            + "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0";

    /**
     * The worked example of Alibaba Cloud's page "V3 request structure and signature": key "YourAccessKeyId", secret
     * "YourAccessKeySecret".
     */
    private static final Map<String, String> EXAMPLE = Map.of(
            "Authorization", AUTHORIZATION,
            "host", "ecs.cn-shanghai.aliyuncs.com",
            "x-acs-action", "RunInstances",
            "x-acs-content-sha256", NOTHING,
            "x-acs-date", "2023-10-26T10:22:32Z",
            "x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d",
            "x-acs-version", "2014-05-26");

    @Test
    void publishedExampleIsAccepted() {
        assertThat(code(signature(THEN), EXAMPLE, QUERY, "")).isEqualTo("accepted");
    }

    @Test
    void orderOfParametersAndCaseOfHeadersDoNotMatter() {
        Map<String, String> headers = new HashMap<>();
        EXAMPLE.forEach((name, value) -> headers.put(name.replace("x-acs", "X-Acs"), value));
        String[] parameters = QUERY.split("&", -1);
        assertThat(code(signature(THEN), headers, parameters[1] + "&" + parameters[0], ""))
                .isEqualTo("accepted");
    }

    @Test
    void actionVersionAndKeyAreReadFromHeaders() {
        Parameters parameters = request(EXAMPLE, QUERY, "").parameters();
        assertThat(parameters.get("Action")).isEqualTo("RunInstances");
        assertThat(parameters.get("Version")).isEqualTo("2014-05-26");
        assertThat(parameters.get("AccessKeyId")).isEqualTo("YourAccessKeyId");
        assertThat(parameters.get("RegionId")).isEqualTo("cn-shanghai");
    }

    @Test
    void changedQueryIsRefused() {
        assertThat(code(signature(THEN), EXAMPLE, QUERY + "&Signature=x", "")).isEqualTo("SignatureDoesNotMatch");
        assertThat(code(signature(THEN), EXAMPLE, QUERY + "&Amount=100", "")).isEqualTo("SignatureDoesNotMatch");
    }

    @Test
    void changedBodyIsRefused() {
        assertThat(code(signature(THEN), EXAMPLE, QUERY, "Amount=100")).isEqualTo("SignatureDoesNotMatch");
        String digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assertThat(code(signature(THEN), with("x-acs-content-sha256", digest), QUERY, "test"))
                .isEqualTo("SignatureDoesNotMatch");
    }

    @ParameterizedTest
    @ValueSource(strings = {"host", "x-acs-action", "x-acs-version", "x-acs-signature-nonce"})
    void changedHeaderIsRefused(String header) {
        assertThat(code(signature(THEN), with(header, "other"), QUERY, "")).isEqualTo("SignatureDoesNotMatch");
    }

    @Test
    void nonceIsGoodForOneRequest() {
        RequestSignature signature = signature(THEN);
        assertThat(code(signature, EXAMPLE, QUERY, "")).isEqualTo("accepted");
        assertThat(code(signature, EXAMPLE, QUERY, "")).isEqualTo("SignatureNonceUsed");
    }

    @Test
    void requestIsGoodForAQuarterOfAnHour() {
        assertThat(code(signature(THEN.plus(Duration.ofMinutes(15))), EXAMPLE, QUERY, ""))
                .isEqualTo("accepted");
        assertThat(code(signature(THEN.plus(Duration.ofMinutes(16))), EXAMPLE, QUERY, ""))
                .isEqualTo("InvalidTimeStamp.Expired");
    }

    @Test
    void unknownKeyIsNotFound() {
        String authorization = AUTHORIZATION.replace("YourAccessKeyId", "nobody");
        assertThat(code(signature(THEN), with("Authorization", authorization), QUERY, ""))
                .isEqualTo("InvalidAccessKeyId.NotFound");
    }

    @Test
    void whatMakesTheRequestMustBeSigned() {
        String authorization = AUTHORIZATION.replace("x-acs-date;", "");
        assertThat(code(signature(THEN), with("Authorization", authorization), QUERY, ""))
                .isEqualTo("IncompleteSignature");
        assertThat(code(signature(THEN), with("x-acs-security-token", "token"), QUERY, ""))
                .isEqualTo("IncompleteSignature");
    }

    @ParameterizedTest
    @ValueSource(strings = {"x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256", "host"})
    void signedHeaderMustBeThere(String header) {
        Map<String, String> headers = new HashMap<>(EXAMPLE);
        headers.remove(header);
        assertThat(code(signature(THEN), headers, QUERY, "")).isEqualTo("IncompleteSignature");
    }

    @Test
    void otherAlgorithmsAreRefused() {
        String authorization = AUTHORIZATION.replace("HMAC-SHA256", "HMAC-SM3");
        assertThat(code(signature(THEN), with("Authorization", authorization), QUERY, ""))
                .isEqualTo("InvalidParameter");
    }

    private static Map<String, String> with(String name, String value) {
        Map<String, String> changed = new HashMap<>(EXAMPLE);
        changed.put(name, value);
        return changed;
    }

    private static RequestSignature signature(Instant now) {
        Clock clock = Clock.fixed(now, ZoneOffset.UTC);
        AccessKeys keys = new AccessKeys(key -> key.equals("YourAccessKeyId") ? "YourAccessKeySecret" : null, clock);
        return new RequestSignature(keys, clock);
    }

    private static ApiRequest request(Map<String, String> headers, String query, String body) {
        Map<String, List<String>> all = new HashMap<>();
        headers.forEach((name, value) -> all.put(name, List.of(value)));
        return new ApiRequest("POST", "/?" + query, all, body.getBytes(UTF_8));
    }

    private static String code(RequestSignature signature, Map<String, String> headers, String query, String body) {
        ApiRequest request = request(headers, query, body);
        try {
            signature.verify(request, request.parameters());
            return "accepted";
        } catch (ApiError e) {
            return e.code();
        }
    }
}
