package dev.ephemeralbuilder.testing.strangers;

import com.aliyuncs.AcsRequest;
import com.aliyuncs.AcsResponse;
import com.aliyuncs.CommonRequest;
import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.RpcAcsRequest;
import com.aliyuncs.auth.AlibabaCloudCredentials;
import com.aliyuncs.auth.BasicCredentials;
import com.aliyuncs.auth.BasicSessionCredentials;
import com.aliyuncs.auth.SignatureVersion;
import com.aliyuncs.auth.StaticCredentialsProvider;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.http.HttpClientConfig;
import com.aliyuncs.http.MethodType;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.profile.DefaultProfile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** {@code com.aliyun:aliyun-java-sdk-core}, which signs with V1 unless told otherwise, for the products on top of it. */
final class OldSdk implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final DefaultAcsClient client;
    private final SignatureVersion signature;
    private final Wire.Access access;

    OldSdk(Wire.Access access, SignatureVersion signature) {
        this.access = access;
        this.signature = signature;
        HttpClientConfig config = HttpClientConfig.getDefault();
        config.setProtocolType(ProtocolType.HTTP);
        config.setNoProxy("127.0.0.1");
        DefaultProfile profile = DefaultProfile.getProfile(access.region(), access.keyId(), access.secret());
        profile.setHttpClientConfig(config);
        profile.setCloseTrace(true);
        AlibabaCloudCredentials credentials = access.token() == null
                ? new BasicCredentials(access.keyId(), access.secret())
                : new BasicSessionCredentials(access.keyId(), access.secret(), access.token());
        client = new DefaultAcsClient(profile, new StaticCredentialsProvider(credentials));
        client.setEndpointResolver(request -> access.host());
    }

    /** Makes a call and has the SDK read the answer. */
    <T extends AcsResponse> T call(RpcAcsRequest<T> request) throws Refusal {
        prepare(request);
        T answer;
        try {
            answer = client.getAcsResponse(request);
        } catch (ClientException e) {
            throw refusal(e);
        }
        required(requestId(answer), request.getSysActionName());
        return answer;
    }

    /** Makes a call that the SDK has no class for: a POST with a form as body, whose answer is read here. */
    JsonNode form(String version, String action, Map<String, ?> parameters) throws Refusal {
        CommonRequest request = new CommonRequest();
        request.setSysDomain(access.host());
        request.setSysVersion(version);
        request.setSysAction(action);
        request.setSysRegionId(access.region());
        request.setSysProtocol(ProtocolType.HTTP);
        request.setSysMethod(MethodType.POST);
        request.setSysSignatureVersion(signature);
        request.setSysConnectTimeout(Stranger.TIMEOUT_MILLIS);
        request.setSysReadTimeout(Stranger.TIMEOUT_MILLIS);
        parameters.forEach(request::putBodyParameter);
        try {
            JsonNode answer = JSON.readTree(client.getCommonResponse(request).getData());
            required(answer.path("RequestId").asText(), action);
            return answer;
        } catch (ClientException e) {
            throw refusal(e);
        } catch (JsonProcessingException e) {
            throw new AssertionError(action + " was not answered with JSON", e);
        }
    }

    private void prepare(AcsRequest<?> request) {
        request.setSysSignatureVersion(signature);
        request.setSysConnectTimeout(Stranger.TIMEOUT_MILLIS);
        request.setSysReadTimeout(Stranger.TIMEOUT_MILLIS);
    }

    private static Refusal refusal(ClientException e) {
        String code = e.getErrCode();
        boolean own = code == null || code.startsWith("SDK.");
        return new Refusal(own ? null : code, null, e.getRequestId(), code == null ? "code null" : code);
    }

    private static void required(String requestId, String action) {
        if (requestId == null || requestId.isBlank()) {
            throw new AssertionError(action + " was answered without a request id");
        }
    }

    private static String requestId(AcsResponse answer) {
        try {
            return (String) answer.getClass().getMethod("getRequestId").invoke(answer);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("each answer of the SDK has a request id", e);
        }
    }

    static String json(List<String> texts) {
        try {
            return JSON.writeValueAsString(texts);
        } catch (JsonProcessingException e) {
            throw new AssertionError("a list of texts can always be written", e);
        }
    }

    static BigDecimal decimal(Float value) {
        return new BigDecimal(value.toString());
    }

    @Override
    public void close() {
        client.shutdown();
    }
}
