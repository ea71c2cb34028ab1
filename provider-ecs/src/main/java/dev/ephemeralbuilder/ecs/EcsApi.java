package dev.ephemeralbuilder.ecs;

import com.aliyuncs.ecs.model.v20140526.DeleteInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesResponse;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesResponse.Instance;
import com.aliyuncs.ecs.model.v20140526.GetInstanceConsoleOutputRequest;
import com.aliyuncs.ecs.model.v20140526.GetInstanceConsoleOutputResponse;
import com.aliyuncs.ecs.model.v20140526.ModifyInstanceAutoReleaseTimeRequest;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.RunInstancesResponse;
import com.aliyuncs.ecs.model.v20140526.TagResourcesRequest;
import com.google.gson.Gson;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.alibaba.OpenApiClient;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The calls on ECS instances, one method each; the only class of this package that touches the SDK (ecs-openapi,
 * section 1).
 */
final class EcsApi {
    private static final int MAX_RESULTS = 100;
    /** A describe call names at most 100 ids, so more than one page is unusual and this many are nonsense. */
    private static final int MAX_PAGES = 100;

    private final OpenApiClient client;
    private final Clock clock;
    private final Duration notice;

    /** Creates the calls; the clock dates notices of reclaim, for which the cloud names no time. */
    EcsApi(OpenApiClient client, Clock clock, Duration notice) {
        this.client = client;
        this.clock = clock;
        this.notice = notice;
    }

    /** A create call with what the SDK's own setters would write in the wrong way. */
    private static final class RunRequest extends RunInstancesRequest {
        RunRequest(RunOrder order) {
            // In the form body: the limit of the gateway for URLs is not known (ecs-openapi, 4.3).
            putBodyParameter("UserData", order.userData());
            if (order.spotPriceLimit() != null) {
                // The SDK's Float would become 1.0E-3.
                putQueryParameter("SpotPriceLimit", order.spotPriceLimit().toPlainString());
            }
        }
    }

    LaunchResult run(RunOrder order) throws InterruptedException {
        RunRequest request = new RunRequest(order);
        request.setClientToken(order.token());
        request.setAmount(order.count());
        request.setMinAmount(order.minimum());
        request.setInstanceType(order.type());
        request.setZoneId(order.zone());
        request.setVSwitchId(order.vSwitch());
        request.setSecurityGroupId(order.securityGroup());
        request.setImageId(order.image());
        request.setInstanceName(order.name());
        request.setInstanceChargeType("PostPaid");
        request.setSystemDiskCategory(order.diskCategory());
        request.setSystemDiskSize(Integer.toString(order.diskGib()));
        request.setInternetMaxBandwidthOut(order.publicBandwidthMbit());
        if (order.publicBandwidthMbit() > 0) {
            request.setInternetChargeType("PayByTraffic");
        }
        request.setAutoReleaseTime(time(order.cap()));
        if (order.spotPriceLimit() != null) {
            request.setSpotStrategy("SpotWithPriceLimit");
            request.setSpotDuration(order.spotDuration());
            request.setSpotInterruptionBehavior("Terminate");
        } else {
            request.setSpotStrategy("NoSpot");
        }
        if (order.resourceGroup() != null) {
            request.setResourceGroupId(order.resourceGroup());
        }
        List<RunInstancesRequest.Tag> tags = new ArrayList<>();
        order.tags().forEach((key, value) -> {
            RunInstancesRequest.Tag tag = new RunInstancesRequest.Tag();
            tag.setKey(key);
            tag.setValue(value);
            tags.add(tag);
        });
        request.setTags(tags);

        RunInstancesResponse answer = client.call(request);
        if (answer.getInstanceIdSets().isEmpty()) {
            throw malformed("RunInstances", "it names no instance", Effect.UNKNOWN);
        }
        return new LaunchResult(answer.getInstanceIdSets(), answer.getRequestId());
    }

    /** Describes; all pages. Ids without a row are absent: the answer was complete. */
    Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
        Map<String, Machine> machines = new LinkedHashMap<>();
        String next = null;
        for (int page = 0; page < MAX_PAGES; page++) {
            DescribeInstancesRequest request = new DescribeInstancesRequest();
            request.setInstanceIds(new Gson().toJson(ids));
            DescribeInstancesResponse answer = page(request, next);
            for (Instance row : answer.getInstances()) {
                machines.put(row.getInstanceId(), machine(row));
            }
            String token = answer.getNextToken();
            if (token == null || token.isEmpty()) {
                Integer total = answer.getTotalCount();
                // With NextToken paging the count is not reliable, so a larger one than was asked for says nothing.
                if (total != null && total > machines.size() && total <= ids.size()) {
                    throw malformed(
                            "DescribeInstances",
                            "it counts " + total + " rows and has " + machines.size(),
                            Effect.NONE);
                }
                return machines;
            }
            if (token.equals(next)) {
                break;
            }
            next = token;
        }
        throw malformed("DescribeInstances", "its pages do not end", Effect.NONE);
    }

    MachinePage list(String owner, @Nullable String cursor) throws InterruptedException {
        DescribeInstancesRequest request = new DescribeInstancesRequest();
        DescribeInstancesRequest.Tag tag = new DescribeInstancesRequest.Tag();
        tag.setKey(MachineTags.OWNER);
        tag.setValue(owner);
        request.setTags(List.of(tag));
        DescribeInstancesResponse answer = page(request, cursor);
        List<Machine> machines = new ArrayList<>();
        for (Instance row : answer.getInstances()) {
            machines.add(machine(row));
        }
        String token = answer.getNextToken();
        return new MachinePage(machines, token == null || token.isEmpty() ? null : token);
    }

    private DescribeInstancesResponse page(DescribeInstancesRequest request, @Nullable String next)
            throws InterruptedException {
        request.setMaxResults(MAX_RESULTS);
        if (next != null) {
            request.setNextToken(next);
        }
        DescribeInstancesResponse answer = client.call(request);
        if (answer.getRequestId() == null) {
            throw malformed("DescribeInstances", "it has no request id", Effect.NONE);
        }
        return answer;
    }

    void tag(Collection<String> ids, String key, String value) throws InterruptedException {
        TagResourcesRequest request = new TagResourcesRequest();
        request.setResourceType("instance");
        request.setResourceIds(List.copyOf(ids));
        TagResourcesRequest.Tag tag = new TagResourcesRequest.Tag();
        tag.setKey(key);
        tag.setValue(value);
        request.setTags(List.of(tag));
        if (client.call(request).getRequestId() == null) {
            throw malformed("TagResources", "it has no request id", Effect.UNKNOWN);
        }
    }

    /** Moves the cap; never removes it, which is what a missing time would do. */
    Instant extend(String id, Instant cap) throws InterruptedException {
        Instant minute = fullMinute(cap);
        ModifyInstanceAutoReleaseTimeRequest request = new ModifyInstanceAutoReleaseTimeRequest();
        request.setInstanceId(id);
        request.setAutoReleaseTime(time(minute));
        if (client.call(request).getRequestId() == null) {
            throw malformed("ModifyInstanceAutoReleaseTime", "it has no request id", Effect.UNKNOWN);
        }
        return minute;
    }

    /** Returns what the serial console shows, nothing if there is no such instance; whether it is kept from the first moment on is unconfirmed. */
    Optional<String> console(String id) throws InterruptedException {
        GetInstanceConsoleOutputRequest request = new GetInstanceConsoleOutputRequest();
        request.setInstanceId(id);
        request.setRemoveSymbols(true);
        GetInstanceConsoleOutputResponse answer;
        try {
            answer = client.call(request);
        } catch (ProviderException e) {
            if (client.isNotFound(e)) {
                return Optional.empty();
            }
            throw e;
        }
        if (answer.getRequestId() == null) {
            throw malformed("GetInstanceConsoleOutput", "it has no request id", Effect.NONE);
        }
        String encoded = answer.getConsoleOutput();
        if (isBlank(encoded)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new String(Base64.getMimeDecoder().decode(encoded), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw malformed("GetInstanceConsoleOutput", "the output is no base64", Effect.NONE);
        }
    }

    void delete(Collection<String> ids) throws InterruptedException {
        DeleteInstancesRequest request = new DeleteInstancesRequest();
        request.setInstanceIds(List.copyOf(ids));
        request.setForce(true);
        if (client.call(request).getRequestId() == null) {
            throw malformed("DeleteInstances", "it has no request id", Effect.UNKNOWN);
        }
    }

    private Machine machine(Instance row) {
        boolean recycling = row.getOperationLocks().stream().anyMatch(lock -> "Recycling".equals(lock.getLockReason()));
        MachineState state = state(row.getStatus());
        if (recycling && state == MachineState.STOPPED) {
            state = MachineState.ENDED;
        }
        Map<String, String> tags = new HashMap<>();
        row.getTags().forEach(tag -> tags.put(tag.getTagKey(), tag.getTagValue() == null ? "" : tag.getTagValue()));
        try {
            return Machine.builder()
                    .id(present(row.getInstanceId(), "InstanceId"))
                    .region(client.region())
                    .zone(present(row.getZoneId(), "ZoneId"))
                    .type(present(row.getInstanceType(), "InstanceType"))
                    .market(
                            row.getSpotStrategy() == null || "NoSpot".equals(row.getSpotStrategy())
                                    ? Market.ON_DEMAND
                                    : Market.SPOT)
                    .state(state)
                    .createdAt(OffsetDateTime.parse(present(row.getCreationTime(), "CreationTime"))
                            .toInstant())
                    .tags(tags)
                    .privateAddress(
                            row.getVpcAttributes() == null
                                    ? null
                                    : first(row.getVpcAttributes().getPrivateIpAddress()))
                    .publicAddress(publicAddress(row))
                    .cap(
                            isBlank(row.getAutoReleaseTime())
                                    ? null
                                    : OffsetDateTime.parse(row.getAutoReleaseTime())
                                            .toInstant())
                    .reclaimNotice(recycling ? new ReclaimNotice(clock.instant().plus(notice), "Recycling") : null)
                    .build();
        } catch (DateTimeException e) {
            throw malformed("DescribeInstances", "a time is malformed", Effect.NONE);
        }
    }

    private static MachineState state(@Nullable String status) {
        return switch (present(status, "Status")) {
            case "Pending", "Starting" -> MachineState.STARTING;
            case "Running" -> MachineState.RUNNING;
            case "Stopping" -> MachineState.STOPPING;
            case "Stopped" -> MachineState.STOPPED;
            default -> throw malformed("DescribeInstances", "the Status of an instance is not known", Effect.NONE);
        };
    }

    private static @Nullable String publicAddress(Instance row) {
        String address = first(row.getPublicIpAddress());
        if (address != null || row.getEipAddress() == null) {
            return address;
        }
        String elastic = row.getEipAddress().getIpAddress();
        return isBlank(elastic) ? null : elastic;
    }

    private static @Nullable String first(@Nullable List<String> addresses) {
        return addresses == null || addresses.isEmpty() || isBlank(addresses.get(0)) ? null : addresses.get(0);
    }

    private static boolean isBlank(@Nullable String value) {
        return value == null || value.isBlank();
    }

    private static String present(@Nullable String value, String field) {
        if (value == null || value.isBlank()) {
            throw malformed("DescribeInstances", "an instance has no " + field, Effect.NONE);
        }
        return value;
    }

    /** Rounds up: the cloud drops the seconds, and would refuse 30 minutes that became 29. */
    private static Instant fullMinute(Instant time) {
        Instant minute = time.truncatedTo(ChronoUnit.MINUTES);
        return minute.equals(time) ? minute : minute.plus(1, ChronoUnit.MINUTES);
    }

    private static String time(Instant time) {
        return DateTimeFormatter.ISO_INSTANT.format(fullMinute(time));
    }

    private static ProviderException malformed(String action, String why, Effect effect) {
        return new ProviderException(
                action + " was answered, but the answer makes no sense: " + why,
                effect,
                true,
                "MalformedAnswer",
                null,
                null);
    }
}
