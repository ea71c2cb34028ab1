package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ApiRequestTest {
    private static final String FORM = "application/x-www-form-urlencoded";

    private static ApiRequest request(String body, String md5) {
        return new ApiRequest(
                "POST",
                "/?Action=DescribeRegions",
                Map.of("Content-Type", List.of(FORM), "Content-MD5", List.of(md5)),
                body.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aFormIsReadWithTheQuery() {
        assertThat(request("Cpu=2", "").parameters().all()).containsKeys("Action", "Cpu");
    }

    @Test
    void aBodyThatFitsItsDigestIsAccepted() {
        // Of RFC 1321: MD5 of "abc".
        assertThatCode(() -> request("abc", "kAFQmDzST7DWlj99KOF/cg==").checkBody())
                .doesNotThrowAnyException();
    }

    @Test
    void aBodyThatDoesNotFitItsDigestIsRefused() {
        assertThatThrownBy(() -> request("abd", "kAFQmDzST7DWlj99KOF/cg==").checkBody())
                .isInstanceOfSatisfying(
                        ApiError.class, e -> assertThat(e.code()).isEqualTo("InvalidContentMD5"));
    }
}
