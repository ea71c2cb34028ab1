package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RequestSignatureTest {
    /** The worked example of Alibaba Cloud's page on RPC signatures: key "testid", secret "testsecret". */
    private static final Map<String, String> EXAMPLE = Map.of(
            "Timestamp", "2016-02-23T12:46:24Z",
            "Format", "XML",
            "AccessKeyId", "testid",
            "Action", "DescribeRegions",
            "SignatureMethod", "HMAC-SHA1",
            "SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
            "Version", "2014-05-26",
            "SignatureVersion", "1.0",
            "Signature", "OLeaidS1JvxuMvnyHOwuJ+uX5qY=");

    private static final Instant THEN = Instant.parse("2016-02-23T12:46:24Z");

    @Test
    void publishedExampleIsAccepted() {
        assertThatCode(() -> verify(signature(THEN), EXAMPLE)).doesNotThrowAnyException();
    }

    @Test
    void changedParameterIsRefused() {
        assertThat(code(signature(THEN), with("Action", "DescribeZones"))).isEqualTo("SignatureDoesNotMatch");
    }

    @Test
    void nonceIsGoodForOneRequest() {
        RequestSignature signature = signature(THEN);
        verify(signature, EXAMPLE);
        assertThat(code(signature, EXAMPLE)).isEqualTo("SignatureNonceUsed");
    }

    @Test
    void requestIsGoodForAQuarterOfAnHour() {
        assertThatCode(() -> verify(signature(THEN.plus(Duration.ofMinutes(15))), EXAMPLE))
                .doesNotThrowAnyException();
        assertThat(code(signature(THEN.plus(Duration.ofMinutes(16))), EXAMPLE)).isEqualTo("InvalidTimeStamp.Expired");
        assertThat(code(signature(THEN.minus(Duration.ofMinutes(16))), EXAMPLE)).isEqualTo("InvalidTimeStamp.Expired");
    }

    @Test
    void unsignedRequestIsRefused() {
        Map<String, String> unsigned = new HashMap<>(EXAMPLE);
        unsigned.remove("Signature");
        assertThat(code(signature(THEN), unsigned)).isEqualTo("IncompleteSignature");
    }

    @Test
    void malformedTimeIsRefused() {
        assertThat(code(signature(THEN), with("Timestamp", "yesterday"))).isEqualTo("InvalidTimeStamp.Format");
    }

    @Test
    void tokenOfNobodyIsRefused() {
        assertThat(code(signature(THEN), with("SecurityToken", "token"))).isEqualTo("InvalidSecurityToken.Malformed");
    }

    @Test
    void parameterMayNotComeTwice() {
        assertThatThrownBy(() -> Parameters.parse(List.of("Action=A&Action=B"))).isInstanceOf(ApiError.class);
        assertThatThrownBy(() -> Parameters.parse(List.of("Action=A", "Action=A")))
                .isInstanceOf(ApiError.class);
    }

    private static Map<String, String> with(String name, String value) {
        Map<String, String> changed = new HashMap<>(EXAMPLE);
        changed.put(name, value);
        return changed;
    }

    private static RequestSignature signature(Instant now) {
        Clock clock = Clock.fixed(now, ZoneOffset.UTC);
        AccessKeys keys = new AccessKeys(key -> key.equals("testid") ? "testsecret" : null, clock);
        return new RequestSignature(keys, clock);
    }

    private static void verify(RequestSignature signature, Map<String, String> parameters) {
        String key = signature.verify(new ApiRequest("GET", "/", Map.of(), new byte[0]), new Parameters(parameters));
        assertThat(key).isEqualTo("testid");
    }

    private static String code(RequestSignature signature, Map<String, String> parameters) {
        try {
            verify(signature, parameters);
            return "accepted";
        } catch (ApiError e) {
            return e.code();
        }
    }
}
