package dev.ephemeralbuilder.alibaba;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aliyuncs.AcsRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesResponse;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import com.google.gson.JsonObject;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.alibaba.AlibabaCredentials.AccessKey;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class OpenApiClientTest {
    private static final String ID = "LTAI-secret-id";
    private static final String SECRET = "the-secret-of-the-key";
    private static final String TOKEN = "the-security-token";
    private static final String USER_DATA = "dGhlLXVzZXItZGF0YQ==";

    private final FakeEndpoint endpoint = new FakeEndpoint();
    private final OpenApiClient client = builder(endpoint.uri()).build();

    private static OpenApiClient.Builder builder(URI uri) {
        return OpenApiClient.builder()
                .region("cn-test")
                .credentials(AlibabaCredentials.fixed(ID, SECRET, TOKEN))
                .endpoint(uri);
    }

    @AfterEach
    void close() {
        client.close();
        endpoint.close();
    }

    private static RunInstancesRequest run() {
        RunInstancesRequest request = new RunInstancesRequest();
        request.setUserData(USER_DATA);
        return request;
    }

    private static BuilderException failure(OpenApiClient client, AcsRequest<?> request) throws InterruptedException {
        try {
            client.call(request);
        } catch (BuilderException e) {
            assertNoSecret(e);
            return e;
        }
        throw new AssertionError("the call succeeded");
    }

    private static void assertNoSecret(Throwable e) {
        StringWriter all = new StringWriter();
        e.printStackTrace(new PrintWriter(all));
        assertThat(all.toString())
                .doesNotContain(ID)
                .doesNotContain(SECRET)
                .doesNotContain(TOKEN)
                .doesNotContain(USER_DATA)
                .doesNotContain("Signature=")
                .doesNotContain("http://")
                .doesNotContain("com.aliyuncs.exceptions");
    }

    private static ProviderException providerFailure(BuilderException e) {
        assertThat(e).isInstanceOf(ProviderException.class);
        return (ProviderException) e;
    }

    @Test
    void anAnswerIsReturned() throws InterruptedException {
        endpoint.json(
                "DescribeInstances",
                "{'RequestId':'R','TotalCount':1,'Instances':{'Instance':[{'InstanceId':'i-1'}]}}");

        DescribeInstancesResponse answer = client.call(new DescribeInstancesRequest());

        assertThat(answer.getInstances())
                .singleElement()
                .satisfies(i -> assertThat(i.getInstanceId()).isEqualTo("i-1"));
        assertThat(endpoint.call().query())
                .containsEntry("AccessKeyId", ID)
                .containsEntry("SecurityToken", TOKEN)
                .containsEntry("RegionId", "cn-test")
                .containsKey("Signature");
    }

    @Test
    void aRefusedConnectionHadNoEffect() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        try (OpenApiClient nobody =
                builder(URI.create("http://127.0.0.1:" + port)).build()) {
            ProviderException e = providerFailure(failure(nobody, run()));
            assertThat(e.effect()).isEqualTo(Effect.NONE);
            assertThat(e.retryable()).isTrue();
        }
    }

    @Test
    void anAnswerThatDoesNotComeIsAnUnknownOutcome() throws InterruptedException {
        CountDownLatch over = new CountDownLatch(1);
        endpoint.on("RunInstances", exchange -> over.await());
        try (OpenApiClient hasty =
                builder(endpoint.uri()).callTimeout(Duration.ofMillis(300)).build()) {
            ProviderException e = providerFailure(failure(hasty, run()));
            assertThat(e.effect()).isEqualTo(Effect.UNKNOWN);
            assertThat(e.retryable()).isTrue();
        } finally {
            over.countDown();
        }
        assertThat(endpoint.calls()).hasSize(1);
    }

    @Test
    void aBodyThatDribblesIsCutOffByTheDeadlineOfTheWholeCall() throws InterruptedException {
        CountDownLatch over = new CountDownLatch(1);
        endpoint.on("RunInstances", exchange -> {
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, 0);
            while (!over.await(20, TimeUnit.MILLISECONDS)) {
                exchange.getResponseBody().write(' ');
                exchange.getResponseBody().flush();
            }
        });
        try (OpenApiClient hasty =
                builder(endpoint.uri()).callTimeout(Duration.ofMillis(300)).build()) {
            assertThat(providerFailure(failure(hasty, run())).effect()).isEqualTo(Effect.UNKNOWN);
        } finally {
            over.countDown();
        }
    }

    @Test
    void aConnectionThatBreaksAfterTheRequestIsAnUnknownOutcomeAndIsNotTriedAgain() throws Exception {
        AtomicInteger connections = new AtomicInteger();
        try (ServerSocket socket = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Thread server = new Thread(() -> {
                while (!socket.isClosed()) {
                    try (Socket connection = socket.accept()) {
                        connections.incrementAndGet();
                        assertThat(connection.getInputStream().read()).isEqualTo('P');
                    } catch (IOException e) {
                        assertThat(socket.isClosed()).isTrue();
                    }
                }
            });
            server.setDaemon(true);
            server.start();
            try (OpenApiClient other = builder(URI.create("http://127.0.0.1:" + socket.getLocalPort()))
                    .build()) {
                assertThat(providerFailure(failure(other, run())).effect()).isEqualTo(Effect.UNKNOWN);
            }
        }
        assertThat(connections).hasValue(1);
    }

    @Test
    void anInterruptEndsTheCall() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        endpoint.on("RunInstances", exchange -> over.await());
        CompletableFuture<Throwable> seen = new CompletableFuture<>();
        Thread caller = new Thread(() -> {
            try {
                client.call(run());
                seen.completeExceptionally(new AssertionError("the call succeeded"));
            } catch (InterruptedException | RuntimeException e) {
                seen.complete(e);
            }
        });
        caller.start();
        Awaitility.await().until(() -> endpoint.calls().size() == 1);
        caller.interrupt();
        assertThat(seen.get(10, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
        assertNoSecret(seen.join());
        over.countDown();
        caller.join();
    }

    @Test
    void anInterruptedThreadSendsNothing() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> client.call(run())).isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
        assertThat(endpoint.calls()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            503 | text/html        | <html>busy</html>
            503 | ''               | ''
            500 | application/json | {}
            500 | application/json | {not json
            500 | application/json | {"Code":"InternalError","RequestId":"R"}
            503 | application/json | {"Code":"SomethingNew","RequestId":"R"}
            302 | text/html        | moved
            400 | application/json | {}
            404 | text/html        | no stub
            200 | text/html        | <html>hello</html>
            200 | ''               | ''
            200 | application/json | ''
            200 | application/json | []
            200 | application/json | {"RequestId":"R","InstanceIdSets":{"InstanceIdSet":["i-1"
            200 | application/json | {"RequestId":"R","InstanceIdSets":{"InstanceIdSet":[null]}}
            """)
    void anAnswerThatMakesNoSenseIsAnUnknownOutcome(int status, String type, String body) throws InterruptedException {
        endpoint.on("RunInstances", status, type, body);

        ProviderException e = providerFailure(failure(client, run()));

        assertThat(e.effect()).isEqualTo(Effect.UNKNOWN);
        assertThat(e.retryable()).isTrue();
        assertThat(endpoint.calls()).hasSize(1);
    }

    @Test
    void aReadThatFailsHadNoEffect() throws InterruptedException {
        endpoint.on("DescribeInstances", 503, "text/html", "busy");

        assertThat(providerFailure(failure(client, new DescribeInstancesRequest()))
                        .effect())
                .isEqualTo(Effect.NONE);
    }

    @Test
    void tooManyCallsInTheWordsOfAGatewayAreThrottling() throws InterruptedException {
        endpoint.on("RunInstances", 429, "text/plain", "slow down");

        assertThat(failure(client, run())).isInstanceOf(ThrottledException.class);
    }

    @Test
    void aCodeThatNobodyKnowsIsAMistakeOfOurs() throws InterruptedException {
        endpoint.error("RunInstances", 400, "InvalidSomething.Malformed");

        BuilderException e = failure(client, run());

        assertThat(e).isInstanceOf(ConfigurationException.class);
        assertThat(e.code()).contains("InvalidSomething.Malformed");
        assertThat(e.requestId()).contains("R-1");
    }

    @Test
    void theMessageOfTheCloudIsNotPassedOn() throws InterruptedException {
        endpoint.error(
                "RunInstances",
                400,
                "IncompleteSignature",
                "server string to sign is:POST&%2F&AccessKeyId%3D" + ID + "%26UserData%3D" + USER_DATA);

        assertThat(failure(client, run()))
                .isInstanceOf(CredentialsException.class)
                .hasMessageContaining("IncompleteSignature");
    }

    @Test
    void aCodeThatIsNoCodeIsNotPassedOn() throws InterruptedException {
        endpoint.error("RunInstances", 400, "http://127.0.0.1/?AccessKeyId=" + ID);

        assertThat(failure(client, run()).code()).isEmpty();
    }

    @Test
    void theKeyIsAskedForOnEveryCall() throws InterruptedException {
        endpoint.json("DescribeInstances", "{'RequestId':'R'}");
        AtomicInteger number = new AtomicInteger();
        try (OpenApiClient rotating = builder(endpoint.uri())
                .credentials(() -> new AccessKey("id-" + number.incrementAndGet(), SECRET, null))
                .build()) {
            rotating.call(new DescribeInstancesRequest());
            rotating.call(new DescribeInstancesRequest());
        }
        assertThat(endpoint.calls())
                .extracting(call -> call.query().get("AccessKeyId"))
                .containsExactly("id-1", "id-2");
        assertThat(endpoint.calls()).noneMatch(call -> call.query().containsKey("SecurityToken"));
    }

    @Test
    void credentialsThatFailAreSaidSoWithoutTheirMessage() throws InterruptedException {
        try (OpenApiClient poor = builder(endpoint.uri())
                .credentials(() -> {
                    throw new IllegalStateException("found " + SECRET);
                })
                .build()) {
            assertThat(failure(poor, run())).isInstanceOf(CredentialsException.class);
        }
        assertThat(endpoint.calls()).isEmpty();
    }

    @Test
    void manyCallsAtOnceAllSucceed() throws Exception {
        CountDownLatch allThere = new CountDownLatch(64);
        endpoint.on("DescribeInstances", exchange -> {
            allThere.countDown();
            assertThat(allThere.await(20, TimeUnit.SECONDS)).isTrue();
            byte[] body = "{\"RequestId\":\"R\"}".getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        ExecutorService callers = Executors.newFixedThreadPool(64);
        try {
            List<Future<DescribeInstancesResponse>> answers =
                    callers.invokeAll(Collections.nCopies(64, () -> client.call(new DescribeInstancesRequest())));
            for (Future<DescribeInstancesResponse> answer : answers) {
                assertThat(answer.get().getRequestId()).isEqualTo("R");
            }
        } finally {
            callers.shutdownNow();
        }
        assertThat(endpoint.calls())
                .extracting(call -> call.query().get("SignatureNonce"))
                .doesNotHaveDuplicates();
    }

    @Test
    void aClosedClientMakesNoCall() throws InterruptedException {
        client.close();

        assertThat(providerFailure(failure(client, run())).effect()).isEqualTo(Effect.NONE);
        assertThat(endpoint.calls()).isEmpty();
    }

    @Test
    void theSdksOwnTransportIsNeverStarted() throws InterruptedException {
        endpoint.json("DescribeInstances", "{'RequestId':'R'}");
        client.call(new DescribeInstancesRequest());

        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .noneMatch(name -> name.startsWith("sdk-apache"));
        assertThat(endpoint.call().headers().get("User-Agent")).doesNotContain("Apache");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void endpointsAreKnownWithoutAsking(boolean vpc) {
        assertThat(OpenApiClient.host("ecs", Map.of(), "cn-shanghai", vpc))
                .isEqualTo(vpc ? "ecs-vpc.cn-shanghai.aliyuncs.com" : "ecs.cn-shanghai.aliyuncs.com");
    }

    @Test
    void theSdksExceptionsToTheRuleForEndpointsAreUsed() {
        assertThat(OpenApiClient.host("ecs", new RunInstancesRequest().productEndpointMap, "cn-hangzhou", false))
                .isEqualTo("ecs-cn-hangzhou.aliyuncs.com");
    }

    @Test
    void aPathOfTheEndpointIsKept() throws InterruptedException {
        endpoint.json("DescribeInstances", "{'RequestId':'R'}");
        try (OpenApiClient other =
                builder(URI.create(endpoint.uri() + "/some/path")).build()) {
            other.call(new DescribeInstancesRequest());
        }
        assertThat(endpoint.calls()).hasSize(1);
    }

    @Test
    void callsGoThroughTheProxy() throws InterruptedException {
        endpoint.json("DescribeInstances", "{'RequestId':'R'}");
        try (OpenApiClient proxied =
                builder(URI.create("http://127.0.0.1:1")).proxy(endpoint.uri()).build()) {
            proxied.call(new DescribeInstancesRequest());
        }
        assertThat(endpoint.calls()).hasSize(1);
    }

    @Test
    void settingsThatCannotBeRightAreRefusedByName() {
        OpenApiClient.Builder b = OpenApiClient.builder();
        for (String bad : List.of(
                "http://example.com", "ftp://127.0.0.1", "https://user:word@example.com", "https://example.com?x=1")) {
            assertThatThrownBy(() -> b.endpoint(URI.create(bad)))
                    .asInstanceOf(InstanceOfAssertFactories.THROWABLE)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("endpoint")
                    .hasMessageNotContaining("word");
        }
        assertThatThrownBy(() -> b.proxy(URI.create("https://example.com:1"))).hasMessageContaining("proxy");
        assertThatThrownBy(() -> b.proxy(URI.create("http://example.com"))).hasMessageContaining("proxy");
        assertThatThrownBy(() -> b.callTimeout(Duration.ZERO)).hasMessageContaining("callTimeout");
        assertThatThrownBy(() -> b.connectTimeout(Duration.ofSeconds(-1))).hasMessageContaining("connectTimeout");
        assertThatThrownBy(() -> b.region("cn-x.evil.com/")).hasMessageContaining("region");
        assertThatThrownBy(b::build).isInstanceOf(IllegalStateException.class).hasMessageContaining("region");
    }

    @Test
    void anAccessKeyShowsNothingOfItself() {
        assertThat(new AccessKey(ID, SECRET, TOKEN).toString())
                .doesNotContain(ID)
                .doesNotContain(SECRET)
                .doesNotContain(TOKEN);
    }

    private static final FormCall CREATE = new FormCall(
            "eci", "2018-08-08", "CreateContainerGroup", Map.of("Password", USER_DATA, "Name", "a b&c=d+e/\u00e9"));

    @Test
    void aFormCallHasItsParametersInTheBodyAndGivesTheAnswerAsItIs() throws InterruptedException {
        endpoint.json("CreateContainerGroup", "{'RequestId':'R','Price':0.00012252}");

        JsonObject answer = client.call(CREATE);

        assertThat(answer.get("Price").getAsString()).isEqualTo("0.00012252");
        FakeEndpoint.Call call = endpoint.call();
        assertThat(call.method()).isEqualTo("POST");
        assertThat(call.form()).containsAllEntriesOf(CREATE.parameters());
        assertThat(call.query())
                .containsEntry("Version", "2018-08-08")
                .containsEntry("RegionId", "cn-test")
                .doesNotContainKeys("Password", "Name");
    }

    @Test
    void aFormCallGoesToTheEndpointOfItsProduct() {
        assertThat(OpenApiClient.host("eci", null, "cn-test", false)).isEqualTo("eci.cn-test.aliyuncs.com");
    }

    @ParameterizedTest
    @CsvSource({
        "400,Throttling.User,ThrottledException",
        "403,Forbidden.RAM,CredentialsException",
        "400,Unheard.Of,ConfigurationException",
        "500,Unheard.Of,ProviderException",
        "503,ServiceUnavailable,ProviderException"
    })
    void aFormCallFailsAsOthersDo(int status, String code, String expected) {
        endpoint.error("CreateContainerGroup", status, code);

        assertThatThrownBy(() -> client.call(CREATE)).isInstanceOfSatisfying(BuilderException.class, e -> {
            assertThat(e.getClass().getSimpleName()).isEqualTo(expected);
            assertThat(e.code()).contains(code);
            assertThat(e.requestId()).contains("R-1");
            assertNoSecret(e);
        });
    }

    @Test
    void aFormCallThatIsNotAnsweredInJsonMayHaveHadAnEffect() {
        endpoint.on("CreateContainerGroup", 200, "text/html", "<html>");

        assertThatThrownBy(() -> client.call(CREATE)).isInstanceOfSatisfying(ProviderException.class, e -> {
            assertThat(e.effect()).isEqualTo(Effect.UNKNOWN);
            assertNoSecret(e);
        });
    }

    @Test
    void aFormCallShowsTheNamesOfItsParametersOnly() {
        assertThat(CREATE).hasToString("FormCall[eci 2018-08-08 CreateContainerGroup, [Name, Password]]");
    }
}
