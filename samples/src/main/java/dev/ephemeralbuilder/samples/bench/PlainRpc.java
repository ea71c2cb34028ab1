package dev.ephemeralbuilder.samples.bench;

import com.aliyuncs.CommonRequest;
import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.http.MethodType;
import com.aliyuncs.http.ProtocolType;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.util.Map;

/**
 * Calls by the vendor's SDK for a product whose own requests are too old: a form, and JSON back. Safe for use by many
 * threads.
 */
final class PlainRpc implements AutoCloseable {
    private final CloudFacts facts;
    private final String version;
    private final DefaultAcsClient client;

    PlainRpc(CloudFacts facts, String version) {
        this.facts = facts;
        this.version = version;
        this.client = PlainApi.client(facts);
    }

    /**
     * Makes one call.
     *
     * @throws IllegalArgumentException if the answer is no JSON
     */
    JsonNode call(String action, Map<String, String> parameters) throws ClientException {
        CommonRequest request = new CommonRequest();
        request.setSysMethod(MethodType.POST);
        request.setSysProtocol(ProtocolType.HTTP);
        request.setSysDomain(URI.create(facts.endpoint()).getAuthority());
        request.setSysVersion(version);
        request.setSysRegionId(facts.region());
        request.setSysAction(action);
        parameters.forEach(request::putBodyParameter);
        request.putBodyParameter("RegionId", facts.region());
        return Json.read(client.getCommonResponse(request).getData(), JsonNode.class);
    }

    @Override
    public void close() {
        client.shutdown();
    }
}
