package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ephemeralbuilder.spi.Ticker;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One instance as the API sees it. What can change is guarded by the {@link Instances} that it belongs to. Times have
 * minutes only, as in the API's own samples [unconfirmed for every field].
 */
final class Instance {
    final String id;
    final long number;
    final RunRequest request;
    final Instant created;
    final Instant visibleFrom;

    /** CNY, at the time of creation. */
    final BigDecimal pricePerHour;

    final MachineRuntime runtime;

    MachineState state = MachineState.PENDING;

    /** When the cloud takes it away, once it has given notice. */
    @Nullable Instant terminationTime;

    /** Whether the API shows that, too. */
    boolean recycling;

    SystemEvents.@Nullable Event failure;

    @Nullable Instant started;

    /** When it was given or taken back. */
    @Nullable Instant ended;

    @Nullable Instant autoRelease;

    final Map<String, String> tags;
    final List<Ticker.Scheduled> steps = new ArrayList<>();
    Ticker.@Nullable Scheduled cap;

    Instance(
            String id,
            long number,
            RunRequest request,
            Instant created,
            Instant visibleFrom,
            BigDecimal pricePerHour,
            MachineRuntime runtime) {
        this.id = id;
        this.number = number;
        this.request = request;
        this.created = created;
        this.visibleFrom = visibleFrom;
        this.pricePerHour = pricePerHour;
        this.runtime = runtime;
        this.autoRelease = request.autoRelease;
        this.tags = new LinkedHashMap<>(request.tags);
    }

    /** Returns how it is now, or was when it went. */
    SimulatedInstance snapshot(Instant now, boolean gone) {
        Instant end = failure != null ? created : ended != null ? ended : now;
        return new SimulatedInstance(
                id,
                gone ? "Gone" : state.status(),
                request.type.name(),
                request.zone,
                Duration.between(created, end),
                pricePerHour,
                request.isSpot(),
                request.isSpot() ? request.spotDuration : 0,
                tags);
    }

    /** Returns the name that the create call gave, or the usual one. */
    static String hostName(String id, RunRequest request) {
        return request.hostName.isEmpty() ? id.replace("-", "") + "Z" : request.hostName;
    }

    /** Whether it has all these tags; one without a value is met by any value. */
    boolean hasTags(Map<String, @Nullable String> wanted) {
        return Parameters.hasTags(tags, wanted);
    }

    /** Writes it as {@code DescribeInstances} does (ecs-openapi, 4.4 and appendix). */
    ObjectNode json(Region region) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        Catalogue.Type type = request.type;
        json.put("InstanceId", id);
        json.put("InstanceName", request.name.isEmpty() ? id : request.name);
        json.put("HostName", hostName(id, request));
        json.put("Description", "");
        json.put("Status", state.status());
        json.put("RegionId", region.name());
        json.put("ZoneId", request.zone);
        json.put("InstanceType", type.name());
        json.put("InstanceTypeFamily", type.family());
        json.put("InstanceChargeType", "PostPaid");
        json.put("InstanceNetworkType", "vpc");
        json.put("InternetChargeType", "PayByTraffic");
        json.put("Cpu", type.vcpus());
        json.put("Memory", (int) (type.memoryGib() * 1024));
        json.put("GPUAmount", type.gpus());
        json.put("GPUSpec", type.gpu());
        json.put("OSType", "linux");
        json.put("OSName", "Simulated Linux");
        json.put("ImageId", request.image);
        json.put("IoOptimized", true);
        json.put("CreationTime", Parameters.minutes(created));
        json.put("StartTime", started == null ? "" : Parameters.minutes(started));
        json.put("ExpiredTime", "2099-12-31T15:59Z");
        json.put("AutoReleaseTime", autoRelease == null ? "" : Parameters.minutes(autoRelease));
        json.put("SpotStrategy", request.strategy);
        if (request.isSpot()) {
            json.put("SpotDuration", request.spotDuration);
            json.put("SpotInterruptionBehavior", request.interruption);
        }
        json.put("SpotPriceLimit", request.priceLimit == null ? 0 : request.priceLimit.doubleValue());
        json.put("StoppedMode", "Not-applicable");
        json.put("Recyclable", false);
        json.put("DeviceAvailable", true);
        json.put("DeletionProtection", request.deletionProtection);
        json.put("ResourceGroupId", request.resourceGroup);
        json.put("KeyPairName", request.keyPair);
        json.putObject("SecurityGroupIds").set("SecurityGroupId", array(request.securityGroups));
        json.putObject("PublicIpAddress").putArray("IpAddress");
        json.putObject("InnerIpAddress").putArray("IpAddress");
        json.putObject("EipAddress").put("IpAddress", "").put("AllocationId", "");
        ObjectNode vpc = json.putObject("VpcAttributes");
        vpc.put("VpcId", Region.VPC).put("VSwitchId", request.vSwitch).put("NatIpAddress", "");
        vpc.putObject("PrivateIpAddress").set("IpAddress", array(List.of(runtime.address())));
        json.putObject("NetworkInterfaces")
                .putArray("NetworkInterface")
                .addObject()
                .put("NetworkInterfaceId", "eni-" + id.substring(2))
                .put("PrimaryIpAddress", runtime.address())
                .put("Type", "Primary");
        ArrayNode locks = json.putObject("OperationLocks").putArray("LockReason");
        if (recycling) {
            locks.addObject().put("LockReason", "Recycling").put("LockMsg", "");
        }
        ArrayNode tagRows = json.putObject("Tags").putArray("Tag");
        tags.forEach((key, value) -> tagRows.addObject().put("TagKey", key).put("TagValue", value));
        return json;
    }

    private static ArrayNode array(List<String> values) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        values.forEach(array::add);
        return array;
    }
}
