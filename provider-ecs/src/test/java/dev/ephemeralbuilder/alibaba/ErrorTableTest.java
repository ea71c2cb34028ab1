package dev.ephemeralbuilder.alibaba;

import static org.assertj.core.api.Assertions.assertThat;

import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.CapacityException.Reason;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The codes of {@link ErrorCodesTest} as the real SDK reports them, and what may be done after them. */
class ErrorTableTest {
    private static BuilderException failure(int status, String code) throws InterruptedException {
        try (FakeEndpoint endpoint = new FakeEndpoint();
                OpenApiClient client = OpenApiClient.builder()
                        .region("cn-test")
                        .credentials(AlibabaCredentials.fixed("id", "secret"))
                        .endpoint(endpoint.uri())
                        .build()) {
            endpoint.error("RunInstances", status, code);
            client.call(new RunInstancesRequest());
            throw new AssertionError("the call succeeded");
        } catch (BuilderException e) {
            assertThat(e.code()).isEqualTo(Optional.of(code));
            assertThat(e.requestId()).isEqualTo(Optional.of("R-1"));
            assertThat(e).hasNoCause();
            return e;
        }
    }

    private static int status(ErrorKind kind) {
        return switch (kind) {
            case NO_STOCK, UNSUITABLE, PRICE, STATE -> 403;
            case QUOTA, THROTTLED, CREDENTIALS, CONFIGURATION, TOKEN_MISMATCH, IN_PROGRESS -> 400;
            case NOT_FOUND -> 404;
            case SERVER -> 500;
        };
    }

    @ParameterizedTest
    @MethodSource("dev.ephemeralbuilder.alibaba.ErrorCodesTest#codes")
    void eachCodeComesOverTheWire(String code, ErrorKind kind) throws InterruptedException {
        BuilderException e = failure(status(kind), code);

        assertThat(e).isExactlyInstanceOf(ErrorCodesTest.type(kind));
        switch (kind) {
            case NO_STOCK -> assertReason(e, Reason.NO_STOCK);
            case UNSUITABLE -> assertReason(e, Reason.UNSUITABLE);
            case PRICE -> assertReason(e, Reason.PRICE);
            case TOKEN_MISMATCH -> assertAfter(e, Effect.UNKNOWN, false);
            case IN_PROGRESS, SERVER -> assertAfter(e, Effect.UNKNOWN, true);
            case STATE -> assertAfter(e, Effect.NONE, true);
            case NOT_FOUND -> assertAfter(e, Effect.NONE, false);
            case THROTTLED -> assertThat(e.retryable()).isTrue();
            case QUOTA, CREDENTIALS, CONFIGURATION -> assertThat(e.retryable()).isFalse();
        }
    }

    private static void assertReason(BuilderException e, Reason reason) {
        assertThat(((CapacityException) e).reason()).isEqualTo(reason);
    }

    private static void assertAfter(BuilderException e, Effect effect, boolean retryable) {
        assertThat(((ProviderException) e).effect()).isEqualTo(effect);
        assertThat(e.retryable()).isEqualTo(retryable);
    }

    @Test
    void anUnknownCodeOfAServerThatFailedMayHaveHadAnEffect() throws InterruptedException {
        assertAfter(failure(500, "SomethingUnheardOf"), Effect.UNKNOWN, true);
    }

    @Test
    void aProductsOwnCodesGoFirst() {
        ErrorTable table = new ErrorTable(Map.of("QuotaExceeded", ErrorKind.NO_STOCK));
        assertThat(table.find("QuotaExceeded")).isEqualTo(ErrorKind.NO_STOCK);
        assertThat(table.find("Forbidden.RAM")).isEqualTo(ErrorKind.CREDENTIALS);
    }
}
