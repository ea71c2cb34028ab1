package dev.ephemeralbuilder.alibaba;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aliyuncs.exceptions.ClientException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

class ErrorTranslatorTest {
    private final ErrorTranslator translator = new ErrorTranslator(new ErrorTable(Map.of()));

    private ProviderException unreachable(Throwable cause) throws InterruptedException {
        ClientException e = new ClientException(
                "SDK.ServerUnreachable", "Server unreachable: connection https://x/?Signature=abc failed", cause);
        return (ProviderException) translator.translate("RunInstances", e);
    }

    @Test
    void aCallThatWasSurelyNotSentHadNoEffect() throws InterruptedException {
        for (Throwable cause : List.of(
                new ConnectException("refused"),
                new UnknownHostException("x"),
                new HttpConnectTimeoutException("slow"),
                new SSLHandshakeException("untrusted"),
                new IOException(new UnresolvedAddressException()))) {
            ProviderException e = unreachable(cause);
            assertThat(e.effect()).isEqualTo(Effect.NONE);
            assertThat(e.retryable()).isTrue();
            assertThat(e).hasMessageContaining(cause.getClass().getSimpleName()).hasNoCause();
            assertThat(e.getMessage()).doesNotContain("Signature");
        }
    }

    @Test
    void aConnectionThatBrokeMayHaveHadAnEffect() throws InterruptedException {
        assertThat(unreachable(new SocketException("reset")).effect()).isEqualTo(Effect.UNKNOWN);
        assertThat(unreachable(new IOException("header parser received no bytes"))
                        .effect())
                .isEqualTo(Effect.UNKNOWN);
    }

    @Test
    void anInterruptIsNoFailureOfTheCall() {
        assertThatThrownBy(() -> unreachable(new InterruptedIOException())).isInstanceOf(InterruptedException.class);
    }
}
