package dev.ephemeralbuilder.testing.simulator;

import com.aliyuncs.AcsRequest;
import com.aliyuncs.AcsResponse;
import com.aliyuncs.CommonRequest;
import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesResponse;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.http.HttpClientConfig;
import com.aliyuncs.http.HttpResponse;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.profile.DefaultProfile;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The real SDK, pointed at a simulator. */
final class SimulatorClient implements AutoCloseable {
    static final String TYPE = "ecs.c7.xlarge";

    private final AlibabaCloudSimulator cloud;
    private final DefaultAcsClient client;

    SimulatorClient(AlibabaCloudSimulator cloud) {
        this(cloud, cloud.accessKeyId(), cloud.accessKeySecret());
    }

    SimulatorClient(AlibabaCloudSimulator cloud, String accessKeyId, String accessKeySecret) {
        this.cloud = cloud;
        HttpClientConfig config = HttpClientConfig.getDefault();
        config.setProtocolType(ProtocolType.HTTP);
        config.setNoProxy("127.0.0.1");
        DefaultProfile profile = DefaultProfile.getProfile(cloud.region(), accessKeyId, accessKeySecret);
        profile.setHttpClientConfig(config);
        profile.setCloseTrace(true);
        client = new DefaultAcsClient(profile);
        client.setEndpointResolver(request -> cloud.endpoint().getAuthority());
    }

    <T extends AcsResponse> T call(AcsRequest<T> request) throws ClientException {
        return client.getAcsResponse(request);
    }

    void common(CommonRequest request) throws ClientException {
        request.setSysProtocol(ProtocolType.HTTP);
        client.getCommonResponse(request);
    }

    /** Returns status and body of an answer as they came. */
    String raw(AcsRequest<?> request) throws ClientException {
        HttpResponse response = client.doAction(request);
        return response.getStatus() + " " + response.getHttpContentString();
    }

    /** Returns a header of an answer, or null. */
    @Nullable String header(AcsRequest<?> request, String name) throws ClientException {
        return client.doAction(request).getSysHeaders().entrySet().stream()
                .filter(header -> header.getKey().equalsIgnoreCase(name))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(null);
    }

    /** A create call for one spot machine in the first zone. */
    RunInstancesRequest spot() {
        RunInstancesRequest request = new RunInstancesRequest();
        request.setInstanceType(TYPE);
        request.setImageId(cloud.machineImage());
        request.setSecurityGroupId(cloud.securityGroup());
        request.setZoneId(zone());
        request.setVSwitchId(cloud.vSwitches().get(zone()));
        request.setSpotStrategy("SpotAsPriceGo");
        request.setSpotDuration(0);
        return request;
    }

    RunInstancesRequest spot(String userData) {
        RunInstancesRequest request = spot();
        request.setUserData(Base64.getEncoder().encodeToString(userData.getBytes(StandardCharsets.UTF_8)));
        return request;
    }

    String zone() {
        return cloud.vSwitches().keySet().iterator().next();
    }

    static void tag(RunInstancesRequest request, Map<String, String> tags) {
        request.setTags(tags.entrySet().stream()
                .map(entry -> {
                    RunInstancesRequest.Tag tag = new RunInstancesRequest.Tag();
                    tag.setKey(entry.getKey());
                    tag.setValue(entry.getValue());
                    return tag;
                })
                .toList());
    }

    List<String> create(RunInstancesRequest request) throws ClientException {
        return call(request).getInstanceIdSets();
    }

    List<DescribeInstancesResponse.Instance> describe() throws ClientException {
        DescribeInstancesRequest request = new DescribeInstancesRequest();
        request.setMaxResults(100);
        return call(request).getInstances();
    }

    String status(String id) {
        try {
            DescribeInstancesRequest request = new DescribeInstancesRequest();
            request.setInstanceIds("[\"" + id + "\"]");
            return call(request).getInstances().stream()
                    .map(DescribeInstancesResponse.Instance::getStatus)
                    .findFirst()
                    .orElse("absent");
        } catch (ClientException e) {
            throw new AssertionError(e.getErrCode(), e);
        }
    }

    @Override
    public void close() {
        client.shutdown();
    }
}
