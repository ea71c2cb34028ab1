package dev.ephemeralbuilder.alibaba;

import static java.util.Objects.requireNonNull;

import com.aliyuncs.AcsRequest;
import com.aliyuncs.AcsResponse;
import com.aliyuncs.CommonRequest;
import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.auth.BasicCredentials;
import com.aliyuncs.auth.BasicSessionCredentials;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.http.HttpClientConfig;
import com.aliyuncs.http.MethodType;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.profile.DefaultProfile;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.alibaba.AlibabaCredentials.AccessKey;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The vendor's SDK made safe: HTTPS, one deadline per call, calls that can be interrupted, no retries, and exceptions
 * of our own that hold no secret.
 *
 * <p>Safe for use by many threads. Request objects are not: a new one per call (ecs-openapi, 4.3).
 */
public final class OpenApiClient implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(OpenApiClient.class);

    private final String region;
    private final HttpTransport transport;
    private final AnswerClock clock = new AnswerClock(Clock.systemUTC());
    private volatile boolean closed;
    private final DefaultAcsClient sdk;
    private final ErrorTable table;
    private final ErrorTranslator errors;

    private OpenApiClient(Builder b) {
        this.region = Settings.required(b.region, "region");
        URI endpoint = b.endpoint;
        this.table = new ErrorTable(b.errors);
        this.errors = new ErrorTranslator(table);
        this.transport = new HttpTransport(b.callTimeout, b.connectTimeout, b.proxy);
        transport.onDate(clock::learn);

        HttpClientConfig config = HttpClientConfig.getDefault();
        // The class that this names does nothing until it is called, and it never is: the default one would start the
        // JVM-wide Apache client, and a class of ours by name would have to be visible to the SDK's class loader.
        config.setCompatibleMode(true);
        boolean plain = endpoint != null && "http".equals(endpoint.getScheme());
        config.setProtocolType(plain ? ProtocolType.HTTP : ProtocolType.HTTPS);
        DefaultProfile profile = DefaultProfile.getProfile(region);
        profile.setHttpClientConfig(config);
        profile.setCloseTrace(true);
        this.sdk = new DefaultAcsClient(profile, new SdkCredentials(b.credentials));
        sdk.setHttpClient(transport);
        boolean vpc = b.vpcEndpoint;
        sdk.setEndpointResolver(request -> endpoint != null
                ? authority(endpoint)
                : host(request.productCodeLower, request.productEndpointMap, request.regionId, vpc));
    }

    /** Returns a new builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the region that calls go to. */
    public String region() {
        return region;
    }

    /**
     * Sets who is told what time it is at the cloud: by the header {@code Date} of each answer that is a JSON object, on
     * the thread that made the call. Default: nobody.
     */
    public void onDate(Consumer<Instant> listener) {
        requireNonNull(listener, "listener");
        transport.onDate(date -> {
            clock.learn(date);
            listener.accept(date);
        });
    }

    /** Returns the cloud's clock, as the answers of this client tell it; this host's before the first. */
    public Clock clock() {
        return clock;
    }

    /**
     * Makes one call. Ends within the call's time limit.
     *
     * @param request a request object that nobody else uses
     * @return the answer, which was a JSON object
     * @throws dev.ephemeralbuilder.BuilderException if it failed; no cause, and no word of the cloud but its code and
     *     request id, because the SDK's messages hold signed URLs
     * @throws InterruptedException if interrupted; the call may have taken effect
     */
    public <T extends AcsResponse> T call(AcsRequest<T> request) throws InterruptedException {
        return send(request.getSysActionName(), () -> sdk.getAcsResponse(request));
    }

    /**
     * Makes one call of a product that the SDK has no usable requests for. Ends within the call's time limit.
     *
     * @return the answer, unchecked
     * @throws dev.ephemeralbuilder.BuilderException if it failed; no cause, and no word of the cloud but its code and
     *     request id
     * @throws InterruptedException if interrupted; the call may have taken effect
     */
    public JsonObject call(FormCall call) throws InterruptedException {
        CommonRequest request = new CommonRequest();
        request.setSysProduct(call.product());
        request.setSysVersion(call.version());
        request.setSysAction(call.action());
        request.setSysMethod(MethodType.POST);
        call.parameters().forEach(request::putBodyParameter);
        return send(
                call.action(),
                () -> JsonParser.parseString(sdk.getCommonResponse(request).getData())
                        .getAsJsonObject());
    }

    /** What is done with the SDK in one call. */
    @FunctionalInterface
    private interface Sending<T> {
        T send() throws ClientException;
    }

    private <T> T send(String action, Sending<T> sending) throws InterruptedException {
        if (closed) {
            throw new ProviderException(
                    action + " was not sent: the provider is closed", Effect.NONE, false, null, null, null);
        }
        if (Thread.interrupted()) {
            throw new InterruptedException(action + " was not sent");
        }
        try {
            T answer = sending.send();
            log.debug("{} in {} answered", action, region);
            return answer;
        } catch (ClientException e) {
            throw errors.translate(action, e);
        } catch (BuilderException e) {
            throw e;
        } catch (RuntimeException e) {
            throw errors.nonsense(action);
        }
    }

    /**
     * Returns what an error code means, or null for a code that is not known; then the kind depends on who failed.
     *
     * @param code the code of an exception that {@link #call} threw
     */
    public @Nullable ErrorKind kind(String code) {
        return table.find(code);
    }

    /** Returns whether a failure of {@link #call} says that what it was about does not exist, and that nothing was done. */
    public boolean isNotFound(ProviderException failure) {
        return failure.effect() == Effect.NONE && kind(failure.code().orElse("")) == ErrorKind.NOT_FOUND;
    }

    /** Closes the connections; calls under way fail. Does not throw. */
    @Override
    public void close() {
        closed = true;
        transport.close();
    }

    private static String authority(URI endpoint) {
        String path = endpoint.getRawPath() == null || endpoint.getRawPath().equals("/") ? "" : endpoint.getRawPath();
        return endpoint.getRawAuthority() + path;
    }

    /** As the SDK resolves it from its own data, but without ever asking the Location service (ecs-openapi, 4.2). */
    static String host(String product, @Nullable Map<String, String> exceptions, String region, boolean vpc) {
        if (vpc) {
            return product + "-vpc." + region + ".aliyuncs.com";
        }
        String exception = exceptions == null ? null : exceptions.get(region);
        return exception != null ? exception : product + "." + region + ".aliyuncs.com";
    }

    /** Our credentials in the SDK's form, asked on every call. */
    private static final class SdkCredentials implements com.aliyuncs.auth.AlibabaCloudCredentialsProvider {
        private final AlibabaCredentials source;

        SdkCredentials(AlibabaCredentials source) {
            this.source = source;
        }

        @Override
        public com.aliyuncs.auth.AlibabaCloudCredentials getCredentials() throws ClientException {
            AccessKey key;
            try {
                key = requireNonNull(source.current(), "current");
            } catch (BuilderException e) {
                throw e;
            } catch (RuntimeException e) {
                // What the source says may hold what it found; its class is enough to go on.
                throw new ClientException(
                        ErrorTranslator.NO_CREDENTIALS, e.getClass().getSimpleName());
            }
            return key.securityToken() == null
                    ? new BasicCredentials(key.id(), key.secret())
                    : new BasicSessionCredentials(key.id(), key.secret(), key.securityToken());
        }
    }

    /** Builds {@link OpenApiClient}s. Not safe for use by many threads. */
    public static final class Builder {
        private @Nullable String region;
        private AlibabaCredentials credentials = AlibabaCredentials.sdkDefaults();
        private @Nullable URI endpoint;
        private boolean vpcEndpoint;
        private @Nullable InetSocketAddress proxy;
        private Duration callTimeout = Duration.ofSeconds(15);
        private Duration connectTimeout = Duration.ofSeconds(5);
        private Map<String, ErrorKind> errors = Map.of();

        private Builder() {}

        /** Sets the region, such as {@code cn-shanghai}. Required. */
        public Builder region(String region) {
            this.region = Settings.name(region, "region");
            return this;
        }

        /** Sets where access keys come from. Default: {@link AlibabaCredentials#sdkDefaults}. */
        public Builder credentials(AlibabaCredentials credentials) {
            this.credentials = requireNonNull(credentials, "credentials");
            return this;
        }

        /**
         * Sets the endpoint instead of the region's own.
         *
         * @throws IllegalArgumentException unless it is {@code https://host[:port][/path]}, or {@code http://…} with a
         *     loopback address
         */
        public Builder endpoint(URI endpoint) {
            this.endpoint = Settings.endpoint(endpoint, "endpoint");
            return this;
        }

        /** Sets whether calls go to the region's endpoint inside VPCs. Default: no. */
        public Builder vpcEndpoint(boolean vpcEndpoint) {
            this.vpcEndpoint = vpcEndpoint;
            return this;
        }

        /**
         * Sets the HTTP proxy to go through. Default: as the JVM's system properties say.
         *
         * @throws IllegalArgumentException unless it is {@code http://host:port}
         */
        public Builder proxy(URI proxy) {
            this.proxy = Settings.proxy(proxy, "proxy");
            return this;
        }

        /**
         * Sets how long one call may take in all, with connecting and the whole answer. Default: 15 seconds.
         *
         * @throws IllegalArgumentException unless positive
         */
        public Builder callTimeout(Duration callTimeout) {
            this.callTimeout = Settings.positive(callTimeout, "callTimeout");
            return this;
        }

        /**
         * Sets how long connecting may take. Default: 5 seconds.
         *
         * @throws IllegalArgumentException unless positive
         */
        public Builder connectTimeout(Duration connectTimeout) {
            this.connectTimeout = Settings.positive(connectTimeout, "connectTimeout");
            return this;
        }

        /** Sets error codes of one product, which go before those that all products share. Default: none. */
        public Builder errors(Map<String, ErrorKind> errors) {
            this.errors = Map.copyOf(errors);
            return this;
        }

        /**
         * Builds the client.
         *
         * @throws IllegalStateException if the region is missing
         */
        public OpenApiClient build() {
            return new OpenApiClient(this);
        }
    }
}
