package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The operations on instances (ecs-openapi, 1.1). [unconfirmed]: one unknown or unfit id makes {@code DeleteInstances}
 * and {@code TagResources} fail without effect; the order of {@code DescribeInstances} is that of creation; the content
 * of the console.
 */
final class InstanceOperations {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_IDS = 100;
    private static final int MAX_TAGGED = 50;
    private static final int TAG_FILTER_SEES = 1_000;

    private final Region region;
    private final SpotMarket market;
    private final Images images;
    private final Instances instances;

    InstanceOperations(Region region, SpotMarket market, Images images, Instances instances) {
        this.region = region;
        this.market = market;
        this.images = images;
        this.instances = instances;
    }

    void register(Gateway.Operations operations) {
        operations.add("RunInstances", this::runInstances);
        operations.add("DescribeInstances", (p, verdict) -> describeInstances(p));
        operations.add("DeleteInstance", (p, verdict) -> delete(List.of(p.require("InstanceId")), p));
        operations.add("DeleteInstances", (p, verdict) -> deleteInstances(p));
        operations.add("ModifyInstanceAutoReleaseTime", (p, verdict) -> modifyAutoReleaseTime(p));
        operations.add("TagResources", (p, verdict) -> tagResources(p));
        operations.add("UntagResources", (p, verdict) -> untagResources(p));
        operations.add("ListTagResources", (p, verdict) -> listTagResources(p));
        operations.add("GetInstanceConsoleOutput", (p, verdict) -> consoleOutput(p));
    }

    private ObjectNode runInstances(Parameters p, Faults.Verdict verdict) {
        RunRequest request = new RunRequest(p, region, market, images, instances.now());
        ObjectNode answer = object();
        answer.put("OrderId", "");
        // A float also where it is none: newer clients look at the type.
        answer.put("TradePrice", 0.0);
        ArrayNode ids = answer.putObject("InstanceIdSets").putArray("InstanceIdSet");
        instances.create(request, verdict).forEach(ids::add);
        return answer;
    }

    private ObjectNode describeInstances(Parameters p) {
        if (p.flag("DryRun")) {
            throw ApiError.of("DryRunOperation", "Request validation has been passed with DryRun flag set.");
        }
        Map<String, @Nullable String> tags = p.tags();
        Predicate<Instance> filter = filter(p).and(instance -> instance.hasTags(tags));
        List<Instance> all = instances.selectVisible(filter, instance -> instance);
        if (!tags.isEmpty() && all.size() > TAG_FILTER_SEES) {
            all = all.subList(0, TAG_FILTER_SEES);
        }
        boolean pages = p.get("PageNumber") != null || p.get("PageSize") != null;
        boolean tokens = !pages || p.get("MaxResults") != null || p.get("NextToken") != null;
        ObjectNode answer = object().put("TotalCount", all.size());
        List<Instance> chosen;
        if (tokens) {
            Paging.Page<Instance> page = Paging.byToken(all, instance -> instance.number, p, 10, 10, 100);
            chosen = page.rows();
            answer.put("NextToken", page.next()).put("PageNumber", 0).put("PageSize", 0);
        } else {
            chosen = Paging.byNumber(all, p, answer);
        }
        answer.putObject("Instances").putArray("Instance").addAll(instances.json(chosen, region));
        return answer;
    }

    private static Predicate<Instance> filter(Parameters p) {
        Predicate<Instance> filter = instance -> true;
        String ids = p.get("InstanceIds");
        if (ids != null) {
            Set<String> wanted = strings("InstanceIds", ids);
            if (wanted.size() > MAX_IDS) {
                throw ApiError.of("InvalidInstanceIds.Malformed", "At most 100 InstanceIds.");
            }
            filter = filter.and(instance -> wanted.contains(instance.id));
        }
        String addresses = p.get("PrivateIpAddresses");
        if (addresses != null) {
            Set<String> wanted = strings("PrivateIpAddresses", addresses);
            filter = filter.and(instance -> wanted.contains(instance.runtime.address()));
        }
        String lock = p.get("LockReason");
        if (lock != null) {
            filter = filter.and(instance -> instance.recycling && lock.equalsIgnoreCase("Recycling"));
        }
        return filter.and(equal(p, "Status", instance -> instance.state.status()))
                .and(equal(p, "ZoneId", instance -> instance.request.zone))
                .and(equal(p, "VSwitchId", instance -> instance.request.vSwitch))
                .and(equal(p, "VpcId", instance -> Region.VPC))
                .and(equal(p, "ImageId", instance -> instance.request.image))
                .and(equal(p, "InstanceType", instance -> instance.request.type.name()))
                .and(equal(p, "InstanceTypeFamily", instance -> instance.request.type.family()))
                .and(equal(p, "InstanceName", instance -> instance.request.name))
                .and(equal(p, "InstanceChargeType", instance -> "PostPaid"))
                .and(equal(p, "KeyPairName", instance -> instance.request.keyPair))
                .and(equal(p, "ResourceGroupId", instance -> instance.request.resourceGroup))
                .and(equal(p, "SecurityGroupId", instance -> Region.SECURITY_GROUP));
    }

    private static Predicate<Instance> equal(Parameters p, String name, Function<Instance, String> field) {
        String wanted = p.get(name);
        return instance -> wanted == null || Objects.equals(wanted, field.apply(instance));
    }

    private static Set<String> strings(String name, String json) {
        try {
            JsonNode array = JSON.readTree(json);
            if (array == null || !array.isArray()) {
                throw ApiError.of("Invalid" + name + ".Malformed", name + " must be an array in JSON.");
            }
            Set<String> values = new LinkedHashSet<>();
            array.forEach(value -> values.add(value.asText()));
            return values;
        } catch (JsonProcessingException e) {
            throw ApiError.of("Invalid" + name + ".Malformed", name + " must be an array in JSON.");
        }
    }

    private ObjectNode deleteInstances(Parameters p) {
        List<String> ids = p.list("InstanceId");
        if (ids.isEmpty()) {
            throw ApiError.missing("InstanceId");
        }
        if (ids.size() > MAX_IDS) {
            throw ApiError.of("InvalidInstanceIds.Malformed", "At most 100 ids.");
        }
        if (p.flag("DryRun")) {
            throw ApiError.of("DRYRUN.SUCCESS", "The dry run has passed.");
        }
        return delete(ids, p);
    }

    private ObjectNode delete(List<String> ids, Parameters p) {
        instances.delete(ids, p.flag("Force"));
        return object();
    }

    private ObjectNode modifyAutoReleaseTime(Parameters p) {
        String id = p.require("InstanceId");
        String text = p.get("AutoReleaseTime");
        Instant time = text == null ? null : RunRequest.cap(text, instances.now());
        instances.setAutoRelease(id, time);
        return object();
    }

    private ObjectNode tagResources(Parameters p) {
        List<String> ids = resources(p);
        Map<String, String> tags = RunRequest.tags(p);
        if (tags.isEmpty()) {
            throw ApiError.missing("Tag.1.Key");
        }
        try {
            instances.tag(ids, tags);
        } catch (ApiError e) {
            throw ApiError.of("InvalidResourceId.NotFound", "A specified ResourceId does not exist.");
        }
        return object();
    }

    private ObjectNode untagResources(Parameters p) {
        List<String> ids = resources(p);
        List<String> keys = p.list("TagKey");
        boolean all = p.flag("All");
        if (keys.isEmpty() && !all) {
            throw ApiError.missing("TagKey.1");
        }
        try {
            // All counts only where no key is named.
            instances.untag(ids, key -> keys.isEmpty() ? all : keys.contains(key));
        } catch (ApiError e) {
            throw ApiError.of("InvalidResourceId.NotFound", "A specified ResourceId does not exist.");
        }
        return object();
    }

    private static List<String> resources(Parameters p) {
        requireInstances(p);
        List<String> ids = p.list("ResourceId");
        if (ids.isEmpty()) {
            throw ApiError.missing("ResourceId.1");
        }
        if (ids.size() > MAX_TAGGED) {
            throw ApiError.of("NumberExceed.ResourceIds", "At most 50 resources.");
        }
        return ids;
    }

    private ObjectNode listTagResources(Parameters p) {
        requireInstances(p);
        Set<String> ids = Set.copyOf(p.list("ResourceId"));
        Map<String, @Nullable String> tags = p.tags();
        record TagRow(long number, String id, String key, String value) {}
        List<TagRow> rows = new ArrayList<>();
        instances
                .selectVisible(
                        instance -> (ids.isEmpty() || ids.contains(instance.id)) && instance.hasTags(tags),
                        instance -> {
                            List<TagRow> own = new ArrayList<>();
                            instance.tags.forEach((key, value) ->
                                    own.add(new TagRow(instance.number * 100 + own.size(), instance.id, key, value)));
                            return own;
                        })
                .forEach(rows::addAll);
        Paging.Page<TagRow> page = Paging.byToken(rows, TagRow::number, p, 50, 1, 1_000);
        ObjectNode answer = object().put("NextToken", page.next());
        ArrayNode array = answer.putObject("TagResources").putArray("TagResource");
        for (TagRow row : page.rows()) {
            array.addObject()
                    .put("ResourceId", row.id())
                    .put("ResourceType", "instance")
                    .put("TagKey", row.key())
                    .put("TagValue", row.value());
        }
        return answer;
    }

    private static void requireInstances(Parameters p) {
        if (!p.require("ResourceType").equalsIgnoreCase("instance")) {
            throw ApiError.of("InvalidResourceType.NotFound", "The simulator has resources of type instance only.");
        }
    }

    private ObjectNode consoleOutput(Parameters p) {
        Instance instance = instances.requireVisible(p.require("InstanceId"));
        String text = instance.runtime.console();
        return object().put("InstanceId", instance.id)
                .put("LastUpdateTime", Parameters.seconds(instances.now()))
                .put("ConsoleOutput", Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
