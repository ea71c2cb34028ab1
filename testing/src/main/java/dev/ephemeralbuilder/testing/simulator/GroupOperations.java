package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Create, describe and delete container groups (eci-openapi, 4). An id that is not known gives an empty list; so it does
 * for most clients, while the real API is also seen to answer {@code InvalidParameter.NotFound}. {@code DeleteContainerGroup}
 * of such an id answers that code, with status 404 [unconfirmed]. {@code DescribeContainerGroupEvents} takes a
 * {@code NextToken} and gives none, as in the models of {@code alibabacloud-go/eci-20180808} 3.1.1.
 */
final class GroupOperations {
    private static final int MAX_IDS = 20;
    private static final int MOST_GROUPS = 20;
    private static final int MOST_STATUSES = 200;

    private final Region region;
    private final Groups groups;
    private final GroupJson json;

    GroupOperations(Region region, Groups groups) {
        this.region = region;
        this.groups = groups;
        this.json = new GroupJson(region);
    }

    void register(Gateway.Operations operations) {
        operations.add("CreateContainerGroup", this::create);
        operations.add("DescribeContainerGroups", (p, verdict) -> describe(p));
        operations.add("DescribeContainerGroupStatus", (p, verdict) -> status(p));
        operations.add("DescribeContainerGroupEvents", (p, verdict) -> events(p));
        operations.add("DeleteContainerGroup", (p, verdict) -> delete(p));
    }

    private ObjectNode create(Parameters p, Faults.Verdict verdict) {
        return object().put("ContainerGroupId", groups.create(new GroupRequest(p, region), verdict));
    }

    private ObjectNode describe(Parameters p) {
        boolean events = p.flag("WithEvent");
        Predicate<Group> filter = filter(p)
                .and(equal(p, "Status", group -> group.status().text()))
                .and(equal(p, "ContainerGroupName", group -> group.request.name))
                .and(equal(p, "SecurityGroupId", group -> group.request.securityGroup))
                .and(equal(p, "ComputeCategory", group -> group.request.economy ? "economy" : "general"));
        Page page = page(p, filter, MOST_GROUPS, group -> json.group(group, events));
        ObjectNode answer = object().put("TotalCount", page.total()).put("NextToken", page.next());
        answer.putArray("ContainerGroups").addAll(page.rows());
        return answer;
    }

    private ObjectNode status(Parameters p) {
        Instant since = since(p);
        Page page = page(p, filter(p).and(group -> !group.changed().isBefore(since)), MOST_STATUSES, json::status);
        return data(page).put("NextToken", page.next());
    }

    private ObjectNode events(Parameters p) {
        Instant since = since(p);
        String source = p.get("EventSource");
        return data(page(p, filter(p), MOST_STATUSES, group -> json.events(group, since, source)));
    }

    private static ObjectNode data(Page page) {
        ObjectNode answer = object().put("TotalCount", page.total());
        answer.putArray("Data").addAll(page.rows());
        return answer;
    }

    private Instant since(Parameters p) {
        return p.get("SinceSecond") == null ? Instant.MIN : groups.now().minusSeconds(p.integer("SinceSecond", 0));
    }

    private ObjectNode delete(Parameters p) {
        groups.delete(p.require("ContainerGroupId"), p.flag("Force"));
        return object();
    }

    /** Some groups, how many there are in all, and the token for the next ones: empty if there are none. */
    private record Page(List<ObjectNode> rows, int total, String next) {}

    private Page page(Parameters p, Predicate<Group> filter, int most, Function<Group, ObjectNode> write) {
        int limit = p.integer("Limit", most);
        if (limit < 1 || limit > most) {
            throw ApiError.invalid("Limit");
        }
        List<Group> all = groups.selectVisible(filter, group -> group);
        Paging.Page<Group> page = Paging.byToken(all, group -> group.number, p, limit);
        return new Page(groups.write(page.rows(), write), all.size(), page.next());
    }

    /** Returns the filter by what all describe calls know. */
    static Predicate<Group> filter(Parameters p) {
        String ids = p.get("ContainerGroupIds");
        Set<String> wanted = ids == null ? Set.of() : JsonTexts.set("ContainerGroupIds", ids);
        ContainerParameters.atMost(MAX_IDS, wanted.size(), "ContainerGroupIds");
        Map<String, @Nullable String> tags = p.tags();
        Predicate<Group> filter = group -> (ids == null || wanted.contains(group.id)) && group.hasTags(tags);
        return filter.and(equal(p, "ZoneId", group -> group.place.zone()))
                .and(equal(p, "VSwitchId", group -> group.place.vSwitch()))
                .and(equal(p, "ResourceGroupId", group -> group.request.resourceGroup));
    }

    private static Predicate<Group> equal(Parameters p, String name, Function<Group, String> field) {
        String wanted = p.get(name);
        return group -> wanted == null || Objects.equals(wanted, field.apply(group));
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
