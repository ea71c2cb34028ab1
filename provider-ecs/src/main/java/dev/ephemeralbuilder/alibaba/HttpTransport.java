package dev.ephemeralbuilder.alibaba;

import com.aliyuncs.http.CallBack;
import com.aliyuncs.http.FormatType;
import com.aliyuncs.http.HttpClientConfig;
import com.aliyuncs.http.HttpRequest;
import com.aliyuncs.http.HttpResponse;
import com.aliyuncs.http.IHttpClient;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The SDK's transport over {@link HttpClient}: one deadline for a whole call with its body, calls that can be
 * interrupted, no retries, nothing shared with other users of the SDK in this JVM (ecs-openapi, 4.6).
 *
 * <p>An answer that is no JSON object becomes an error with the code {@code HTTP.} and the status.
 */
final class HttpTransport extends IHttpClient {
    private static final Set<String> SET_BY_CLIENT =
            Set.of("host", "content-length", "connection", "expect", "upgrade");
    private static final Logger log = LoggerFactory.getLogger(HttpTransport.class);
    private static final int THREADS = 4;
    private static final AtomicInteger THREAD_NUMBER = new AtomicInteger();

    private final Duration callTimeout;
    private final ThreadPoolExecutor executor;
    private final Set<Runnable> aborts = ConcurrentHashMap.newKeySet();
    private volatile @Nullable HttpClient client;
    private volatile Consumer<Instant> dateListener = date -> {};

    HttpTransport(Duration callTimeout, Duration connectTimeout, @Nullable InetSocketAddress proxy) {
        this.callTimeout = callTimeout;
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        this.executor = new ThreadPoolExecutor(
                THREADS, THREADS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> thread(group, task));
        executor.allowCoreThreadTimeOut(true);
        HttpClient.Builder b = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(connectTimeout)
                .executor(executor);
        if (proxy != null) {
            b.proxy(ProxySelector.of(proxy));
        }
        this.client = b.build();
    }

    private static Thread thread(ThreadGroup group, Runnable task) {
        Thread t = new Thread(group, task, "ephemeral-http-" + THREAD_NUMBER.incrementAndGet());
        t.setDaemon(true);
        return t;
    }

    void onDate(Consumer<Instant> listener) {
        dateListener = listener;
    }

    @Override
    protected void init(HttpClientConfig config) {}

    @Override
    public HttpResponse syncInvoke(HttpRequest request) throws IOException {
        HttpClient c = client;
        if (c == null) {
            throw new ConnectException("the client is closed");
        }
        CompletableFuture<java.net.http.HttpResponse<byte[]>> call =
                c.sendAsync(translate(request), BodyHandlers.ofByteArray());
        Runnable abort = () -> call.cancel(true);
        aborts.add(abort);
        try {
            return translate(call.get(callTimeout.toNanos(), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
            throw new SocketTimeoutException("no complete answer in " + callTimeout);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } finally {
            abort.run();
            aborts.remove(abort);
        }
    }

    private static java.net.http.HttpRequest translate(HttpRequest request) {
        byte[] body = request.getHttpContent();
        java.net.http.HttpRequest.Builder b = java.net.http.HttpRequest.newBuilder(URI.create(request.getSysUrl()))
                .method(
                        request.getSysMethod().toString(),
                        body == null || body.length == 0
                                ? java.net.http.HttpRequest.BodyPublishers.noBody()
                                : java.net.http.HttpRequest.BodyPublishers.ofByteArray(body));
        for (Map.Entry<String, String> header : request.getSysHeaders().entrySet()) {
            if (!SET_BY_CLIENT.contains(header.getKey().toLowerCase(Locale.ROOT))) {
                b.header(header.getKey(), header.getValue());
            }
        }
        return b.build();
    }

    private HttpResponse translate(java.net.http.HttpResponse<byte[]> answer) {
        HttpResponse response = new HttpResponse();
        int status = answer.statusCode();
        byte[] body = answer.body();
        if (!isJsonObject(body)) {
            body = ("{\"Code\":\"HTTP." + status + "\",\"Message\":\"\"}").getBytes(StandardCharsets.UTF_8);
            // The SDK takes 2xx and 3xx for success.
            status = status < 400 ? 502 : status;
        } else {
            answer.headers().firstValue("Date").ifPresent(this::tellDate);
        }
        response.setStatus(status);
        response.setHttpContent(body, "UTF-8", FormatType.JSON);
        response.setHttpContentType(FormatType.JSON);
        return response;
    }

    /** What is no time says nothing about the time. */
    private void tellDate(String header) {
        Instant date;
        try {
            date = DateTimeFormatter.RFC_1123_DATE_TIME.parse(header, Instant::from);
        } catch (DateTimeException e) {
            log.debug("An answer has a Date that is none");
            return;
        }
        dateListener.accept(date);
    }

    /** The SDK's own reader answers some malformed JSON with half an object, and half a list would mean absence. */
    private static boolean isJsonObject(byte[] body) {
        try {
            return JsonParser.parseString(new String(body, StandardCharsets.UTF_8))
                    .isJsonObject();
        } catch (JsonParseException e) {
            return false;
        }
    }

    @Override
    public Future<HttpResponse> asyncInvoke(HttpRequest request, CallBack callback) {
        throw new UnsupportedOperationException("only synchronous calls are made");
    }

    @Override
    @Deprecated
    public void ignoreSSLCertificate() {
        throw new UnsupportedOperationException("certificates are always checked");
    }

    @Override
    @Deprecated
    public void restoreSSLCertificate() {}

    @Override
    public boolean isSingleton() {
        return false;
    }

    /** Aborts the calls and lets go of the client, whose selector thread ends when nothing refers to it. */
    @Override
    public void close() {
        client = null;
        aborts.forEach(Runnable::run);
        executor.shutdown();
    }
}
