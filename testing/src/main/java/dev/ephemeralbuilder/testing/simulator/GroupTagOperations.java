package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tags of container groups. Parameters are those of {@code alibabacloud-go/eci-20180808} 3.1.1: {@code ResourceType} is
 * {@code ContainerGroup}, taken in any case here. [unconfirmed]: at most 50 resources a call, as in ECS, and one unknown
 * id makes a call fail without effect.
 */
final class GroupTagOperations {
    private static final int MAX_TAGGED = 50;
    private static final int MAX_TAGS = 20;
    private static final int USUAL_ROWS = 20;
    private static final int MOST_ROWS = 1_000;
    private static final long TAGS_PER_GROUP = 100;

    private final Groups groups;

    GroupTagOperations(Groups groups) {
        this.groups = groups;
    }

    void register(Gateway.Operations operations) {
        operations.add("TagResources", (p, verdict) -> tag(p));
        operations.add("UntagResources", (p, verdict) -> untag(p));
        operations.add("ListTagResources", (p, verdict) -> list(p));
    }

    private ObjectNode tag(Parameters p) {
        List<String> ids = resources(p);
        Map<String, String> tags = GroupRequest.tags(p);
        if (tags.isEmpty()) {
            throw ApiError.missing("Tag.1.Key");
        }
        groups.tag(ids, tags, MAX_TAGS);
        return object();
    }

    private ObjectNode untag(Parameters p) {
        List<String> ids = resources(p);
        List<String> keys = p.list("TagKey");
        boolean all = p.flag("All");
        if (keys.isEmpty() && !all) {
            throw ApiError.missing("TagKey.1");
        }
        groups.untag(ids, key -> keys.isEmpty() || keys.contains(key));
        return object();
    }

    private static List<String> resources(Parameters p) {
        requireGroups(p);
        List<String> ids = p.list("ResourceId");
        if (ids.isEmpty()) {
            throw ApiError.missing("ResourceId.1");
        }
        ContainerParameters.atMost(MAX_TAGGED, ids.size(), "ResourceId");
        return ids;
    }

    private static void requireGroups(Parameters p) {
        if (!p.require("ResourceType").equalsIgnoreCase("ContainerGroup")) {
            throw ApiError.of("InvalidParameter", "The simulator tags resources of type ContainerGroup only.");
        }
    }

    private ObjectNode list(Parameters p) {
        requireGroups(p);
        Set<String> ids = Set.copyOf(p.list("ResourceId"));
        Map<String, @Nullable String> wanted = p.tags();
        int limit = p.integer("Limit", USUAL_ROWS);
        if (limit < 1 || limit > MOST_ROWS) {
            throw ApiError.invalid("Limit");
        }
        record Row(long number, String id, String key, String value) {}
        List<Row> rows = new ArrayList<>();
        groups.selectVisible(group -> (ids.isEmpty() || ids.contains(group.id)) && group.hasTags(wanted), group -> {
                    List<Row> own = new ArrayList<>();
                    group.tags.forEach((key, value) ->
                            own.add(new Row(group.number * TAGS_PER_GROUP + own.size(), group.id, key, value)));
                    return own;
                })
                .forEach(rows::addAll);
        Paging.Page<Row> page = Paging.byToken(rows, Row::number, p, limit);
        ObjectNode answer = object().put("NextToken", page.next());
        ArrayNode array = answer.putArray("TagResources");
        for (Row row : page.rows()) {
            array.addObject()
                    .put("ResourceId", row.id())
                    .put("ResourceType", "ContainerGroup")
                    .put("TagKey", row.key())
                    .put("TagValue", row.value());
        }
        return answer;
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
