package dev.ephemeralbuilder.samples.bench;

import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.ecs.model.v20140526.DeleteInstanceRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesResponse.Instance;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.http.HttpClientConfig;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.profile.DefaultProfile;
import dev.ephemeralbuilder.spi.Ticker;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What most teams write around the vendor's SDK: a create call without client token, a look every five seconds, a
 * deletion. Nothing is repeated, no cap is set. Safe for use by many threads.
 */
final class PlainApi implements AutoCloseable {
    static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);
    static final int MOST_LOOKS = 120;
    static final String REQUEST_TAG = "ci-job";

    private final CloudFacts facts;
    private final PlainPlace place;
    private final Ticker ticker;
    private final DefaultAcsClient client;

    PlainApi(CloudFacts facts, PlainPlace place, Ticker ticker) {
        this.facts = facts;
        this.place = place;
        this.ticker = ticker;
        this.client = client(facts);
    }

    /** Returns a client of the simulated cloud, whose endpoint it does not have to look up. */
    static DefaultAcsClient client(CloudFacts facts) {
        HttpClientConfig config = HttpClientConfig.getDefault();
        config.setProtocolType(ProtocolType.HTTP);
        config.setNoProxy("127.0.0.1");
        DefaultProfile profile =
                DefaultProfile.getProfile(facts.region(), facts.accessKeyId(), facts.accessKeySecret());
        profile.setHttpClientConfig(config);
        profile.setCloseTrace(true);
        DefaultAcsClient client = new DefaultAcsClient(profile);
        client.setEndpointResolver(request -> URI.create(facts.endpoint()).getAuthority());
        return client;
    }

    /**
     * Creates a machine and returns its id.
     *
     * @param request goes into the tag by which such teams find their machines
     * @param userData in Base64, or null
     */
    String run(String request, @Nullable String userData) throws ClientException {
        RunInstancesRequest run = new RunInstancesRequest();
        run.setInstanceType(place.type());
        run.setImageId(facts.machineImage());
        run.setSecurityGroupId(facts.securityGroup());
        run.setZoneId(place.zone());
        run.setVSwitchId(facts.vSwitches().get(place.zone()));
        run.setSpotStrategy("SpotAsPriceGo");
        run.setSpotDuration(place.spotDuration());
        RunInstancesRequest.Tag tag = new RunInstancesRequest.Tag();
        tag.setKey(REQUEST_TAG);
        tag.setValue(request);
        run.setTags(List.of(tag));
        if (userData != null) {
            run.setUserData(userData);
        }
        return client.getAcsResponse(run).getInstanceIdSets().get(0);
    }

    /** Looks every five seconds until the machine runs, and returns its address; gives up after ten minutes. */
    Optional<String> awaitAddress(String id) throws ClientException, InterruptedException {
        for (int look = 0; look < MOST_LOOKS; look++) {
            DescribeInstancesRequest describe = new DescribeInstancesRequest();
            describe.setInstanceIds("[\"" + id + "\"]");
            List<Instance> found = client.getAcsResponse(describe).getInstances();
            if (!found.isEmpty() && "Running".equals(found.get(0).getStatus())) {
                return Optional.of(
                        found.get(0).getVpcAttributes().getPrivateIpAddress().get(0));
            }
            Pause.on(ticker, BETWEEN_LOOKS);
        }
        return Optional.empty();
    }

    void delete(String id) throws ClientException {
        DeleteInstanceRequest delete = new DeleteInstanceRequest();
        delete.setInstanceId(id);
        delete.setForce(true);
        client.getAcsResponse(delete);
    }

    @Override
    public void close() {
        client.shutdown();
    }
}
