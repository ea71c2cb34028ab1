package dev.ephemeralbuilder.testing.simulator;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.extension.ResponseDefinitionTransformerV2;
import com.github.tomakehurst.wiremock.http.Fault;
import com.github.tomakehurst.wiremock.http.Request;
import com.github.tomakehurst.wiremock.http.ResponseDefinition;
import com.github.tomakehurst.wiremock.stubbing.ServeEvent;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import wiremock.org.eclipse.jetty.util.thread.QueuedThreadPool;

/** The HTTP side: reads requests, lets the {@link Gateway} answer, and dresses the answer as faults want it. */
final class HttpFront implements AutoCloseable {
    private static final String TRANSFORMER = "ephemeral-simulator";
    private static final int THREADS = 200;
    private static final int ASYNC_THREADS = 16;
    // User data of 32 KB makes a request line of about 46 KB (ecs-openapi, 4.3).
    private static final int REQUEST_HEAD_BYTES = 131_072;

    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT);

    private final WireMockServer server;
    private final int port;

    /**
     * @param clock the cloud's, for the header {@code Date} of the API's answers
     */
    HttpFront(int port, Gateway gateway, Metadata metadata, ControlApi control, SimulatedClock clock) {
        server = new WireMockServer(options()
                .port(port)
                .bindAddress("127.0.0.1")
                .jettyHeaderRequestSize(REQUEST_HEAD_BYTES)
                .jettyStopTimeout(2_000L)
                .containerThreads(THREADS)
                .threadPoolFactory(settings -> {
                    QueuedThreadPool pool = new QueuedThreadPool(settings.containerThreads());
                    pool.setName("ephemeral-simulator-http");
                    pool.setDaemon(true);
                    return pool;
                })
                .asynchronousResponseEnabled(true)
                .asynchronousResponseThreads(ASYNC_THREADS)
                .stubCorsEnabled(false)
                .gzipDisabled(true)
                .globalTemplating(false)
                .disableRequestJournal()
                .stubRequestLoggingDisabled(true)
                // Nobody steers the server over the wire.
                .adminAuthenticator(request -> false)
                .extensions(new Transformer(gateway, metadata, control, clock)));
        server.start();
        this.port = server.port();
        server.stubFor(any(anyUrl()).willReturn(aResponse().withTransformers(TRANSFORMER)));
    }

    int port() {
        return port;
    }

    @Override
    public void close() {
        server.stop();
    }

    private record Transformer(Gateway gateway, Metadata metadata, ControlApi control, SimulatedClock clock)
            implements ResponseDefinitionTransformerV2 {
        @Override
        public String getName() {
            return TRANSFORMER;
        }

        @Override
        public boolean applyGlobally() {
            return false;
        }

        @Override
        public ResponseDefinition transform(ServeEvent event) {
            Request request = event.getRequest();
            if (Metadata.isFor(request.getUrl())) {
                Metadata.Answer answer =
                        metadata.answer(request.getMethod().getName(), request.getUrl(), request::getHeader);
                return aResponse()
                        .withStatus(answer.status())
                        .withHeader("Content-Type", "text/plain;charset=utf-8")
                        .withBody(answer.body())
                        .build();
            }
            if (ControlApi.owns(request.getUrl())) {
                // HTTP/2 has no such header, but the host in another place.
                String host = request.getHeader("Host");
                return plain(control.answer(new ControlApi.Call(
                        request.getMethod().getName(),
                        request.getUrl(),
                        host == null ? request.getHost() : host,
                        request::getHeader,
                        request.getBodyAsString())));
            }
            ApiRequest received = received(request);
            ResponseDefinitionBuilder response = dress(gateway.answer(received)).withHeader("Date", date());
            if ("enable".equals(request.getHeader("x-sdk-throttling-control"))) {
                String left = gateway.rateLimit(received);
                if (left != null) {
                    response.withHeader("X-RateLimit-User-API", left);
                }
            }
            return response.build();
        }

        private String date() {
            return DATE.format(clock.now().atOffset(ZoneOffset.UTC));
        }

        private static ApiRequest received(Request request) {
            Map<String, List<String>> headers = new HashMap<>();
            request.getHeaders().all().forEach(header -> headers.put(header.key(), header.values()));
            byte[] body = request.getBody();
            return new ApiRequest(
                    request.getMethod().getName(), request.getUrl(), headers, body == null ? new byte[0] : body);
        }

        private static ResponseDefinition plain(ControlApi.Answer answer) {
            return aResponse()
                    .withStatus(answer.status())
                    .withHeader("Content-Type", "application/json;charset=utf-8")
                    .withHeader("Cache-Control", "no-store")
                    .withHeader("X-Content-Type-Options", "nosniff")
                    .withBody(answer.body())
                    .build();
        }

        private static ResponseDefinitionBuilder dress(Gateway.Answer answer) {
            ResponseDefinitionBuilder response = aResponse()
                    .withStatus(answer.status())
                    .withHeader("Content-Type", "application/json;charset=utf-8")
                    .withBody(answer.body());
            answer.headers().forEach((name, value) -> response.withHeader(name, value));
            if (!answer.latency().isZero()) {
                response.withFixedDelay(Math.toIntExact(answer.latency().toMillis()));
            }
            switch (answer.fault()) {
                case LOSE_ANSWER -> response.withFault(Fault.CONNECTION_RESET_BY_PEER);
                case HTML_503 ->
                    response.withStatus(503)
                            .withBody("<html><body><h1>503 Service Unavailable</h1></body></html>")
                            .withHeader("Content-Type", "text/html");
                case EMPTY_OK -> response.withStatus(200).withBody("");
                case MALFORMED_JSON -> response.withStatus(200).withBody("{");
                case TRUNCATED_JSON ->
                    response.withStatus(200)
                            .withBody(answer.body().substring(0, answer.body().length() / 2));
                case SLOW_BODY -> {
                    int millis = Math.toIntExact(answer.slowness().toMillis());
                    response.withChunkedDribbleDelay(Math.max(2, Math.min(20, millis / 50)), millis);
                }
                case NONE, ERROR, LATENCY, VANISH, DESCRIBE_LAG, PROCESSING -> {
                    // The answer goes out as it is.
                }
            }
            return response;
        }
    }
}
