package dev.ephemeralbuilder.testing.simulator;

import com.aliyuncs.CommonRequest;
import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.http.HttpClientConfig;
import com.aliyuncs.http.MethodType;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.profile.DefaultProfile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The real SDK's core at the ECI half of a simulator: each call a POST with a form as body (eci-openapi, 2.3). */
final class GroupClient implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final AlibabaCloudSimulator cloud;
    private final DefaultAcsClient client;

    GroupClient(AlibabaCloudSimulator cloud) {
        this(cloud, cloud.accessKeyId(), cloud.accessKeySecret());
    }

    GroupClient(AlibabaCloudSimulator cloud, String accessKeyId, String accessKeySecret) {
        this.cloud = cloud;
        HttpClientConfig config = HttpClientConfig.getDefault();
        config.setProtocolType(ProtocolType.HTTP);
        config.setNoProxy("127.0.0.1");
        DefaultProfile profile = DefaultProfile.getProfile(cloud.region(), accessKeyId, accessKeySecret);
        profile.setHttpClientConfig(config);
        profile.setCloseTrace(true);
        client = new DefaultAcsClient(profile);
    }

    JsonNode call(String action, Map<String, String> parameters) throws ClientException {
        CommonRequest request = new CommonRequest();
        request.setSysDomain(cloud.endpoint().getAuthority());
        request.setSysVersion("2018-08-08");
        request.setSysAction(action);
        request.setSysRegionId(cloud.region());
        request.setSysProtocol(ProtocolType.HTTP);
        request.setSysMethod(MethodType.POST);
        parameters.forEach(request::putBodyParameter);
        try {
            return JSON.readTree(client.getCommonResponse(request).getData());
        } catch (JsonProcessingException e) {
            throw new AssertionError("no JSON", e);
        }
    }

    /** Returns the code of the error that a call answers, or an empty text for none. */
    String code(String action, Map<String, String> parameters) {
        try {
            call(action, parameters);
            return "";
        } catch (ClientException e) {
            return e.getErrCode();
        }
    }

    /** Parameters of a group with one container that runs a command in a shell. */
    static Map<String, String> group(String script) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("ContainerGroupName", "job-1");
        parameters.put("RestartPolicy", "Never");
        parameters.put("Container.1.Name", "build");
        parameters.put("Container.1.Image", "registry.example.com/build:21");
        command(parameters, 1, "sh", "-c", script);
        return parameters;
    }

    static void command(Map<String, String> parameters, int container, String... command) {
        for (int i = 0; i < command.length; i++) {
            parameters.put("Container." + container + ".Command." + (i + 1), command[i]);
        }
    }

    static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    String create(Map<String, String> parameters) throws ClientException {
        return call("CreateContainerGroup", parameters).path("ContainerGroupId").asText();
    }

    /** Returns a group as described, or an empty object if it is not there. */
    JsonNode describe(String id) {
        try {
            JsonNode groups = call(
                            "DescribeContainerGroups",
                            Map.of("ContainerGroupIds", "[\"" + id + "\"]", "WithEvent", "true"))
                    .path("ContainerGroups");
            return groups.isEmpty() ? JSON.createObjectNode() : groups.get(0);
        } catch (ClientException e) {
            throw new AssertionError(e.getErrCode(), e);
        }
    }

    String status(String id) {
        return describe(id).path("Status").asText("absent");
    }

    /** Returns the state of a group's first container. */
    JsonNode state(String id) {
        return describe(id).path("Containers").path(0).path("CurrentState");
    }

    List<String> reasons(String id) {
        return describe(id).path("Events").findValuesAsText("Reason");
    }

    void delete(String id) throws ClientException {
        call("DeleteContainerGroup", Map.of("ContainerGroupId", id));
    }

    @Override
    public void close() {
        client.shutdown();
    }
}
