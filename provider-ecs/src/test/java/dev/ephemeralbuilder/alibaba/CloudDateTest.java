package dev.ephemeralbuilder.alibaba;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aliyuncs.ecs.model.v20140526.DescribeInstancesRequest;
import dev.ephemeralbuilder.ProviderException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What time it is at the cloud, as its answers say. The JDK's server would write a Date of its own, so this has none. */
@Timeout(60)
class CloudDateTest {
    private static final String ANSWER = "{\"RequestId\":\"R-1\",\"Code\":\"Refused\"}";
    private static final Instant TIME = Instant.parse("2026-01-03T04:05:06Z");

    private final List<Instant> told = new CopyOnWriteArrayList<>();

    private interface Use {
        void of(OpenApiClient client) throws Exception;
    }

    /** Lets a client talk to a server that knows one answer. */
    private void withAnswer(String status, String date, String body, Use use) throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            String answer = "HTTP/1.1 " + status + "\r\n" + date + "Connection: close\r\nContent-Length: "
                    + body.length() + "\r\n\r\n" + body;
            Thread server = new Thread(() -> serve(socket, answer), "test-server");
            server.setDaemon(true);
            server.start();
            try (OpenApiClient client = OpenApiClient.builder()
                    .region("cn-test")
                    .credentials(AlibabaCredentials.fixed("id", "secret"))
                    .endpoint(URI.create("http://127.0.0.1:" + socket.getLocalPort()))
                    .build()) {
                client.onDate(told::add);
                use.of(client);
            }
        }
    }

    private static void serve(ServerSocket socket, String answer) {
        while (!socket.isClosed()) {
            try (Socket connection = socket.accept()) {
                BufferedReader in = new BufferedReader(
                        new InputStreamReader(connection.getInputStream(), StandardCharsets.US_ASCII));
                String line = in.readLine();
                while (line != null && !line.isEmpty()) {
                    line = in.readLine();
                }
                connection.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
            } catch (IOException e) {
                assertThat(socket.isClosed()).isTrue();
            }
        }
    }

    @Test
    void everyAnswerSaysTheTime() throws Exception {
        withAnswer("200 OK", "Date: Sat, 03 Jan 2026 04:05:06 GMT\r\n", ANSWER, client -> {
            client.call(new DescribeInstancesRequest());
            client.call(new DescribeInstancesRequest());
        });
        assertThat(told).containsExactly(TIME, TIME);
    }

    @Test
    void aRefusalSaysItToo() throws Exception {
        withAnswer(
                "500 Oops",
                "Date: Sat, 03 Jan 2026 04:05:06 GMT\r\n",
                ANSWER,
                client -> assertThatThrownBy(() -> client.call(new DescribeInstancesRequest()))
                        .isInstanceOf(ProviderException.class));
        assertThat(told).containsExactly(TIME);
    }

    @Test
    void aDateThatIsNoneIsNoReasonToFail() throws Exception {
        withAnswer(
                "200 OK",
                "Date: yesterday\r\n",
                ANSWER,
                client -> assertThat(client.call(new DescribeInstancesRequest()).getRequestId())
                        .isEqualTo("R-1"));
        assertThat(told).isEmpty();
    }

    @Test
    void anAnswerWithoutDateSaysNothing() throws Exception {
        withAnswer("200 OK", "", ANSWER, client -> client.call(new DescribeInstancesRequest()));
        assertThat(told).isEmpty();
    }

    @Test
    void whatIsNoAnswerOfTheCloudSaysNoTime() throws Exception {
        withAnswer(
                "503 Busy",
                "Date: Sat, 03 Jan 2026 04:05:06 GMT\r\n",
                "<html>busy</html>",
                client -> assertThatThrownBy(() -> client.call(new DescribeInstancesRequest()))
                        .isInstanceOf(ProviderException.class));
        assertThat(told).isEmpty();
    }
}
