package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Image caches (eci-openapi, 4). Making one takes a temporary group of 2 vCPUs and 4 GiB, which the account sees and pays
 * and which does not carry the call's tags; here it pulls the images as any group does, runs a program that does nothing in
 * each, and goes. Failed caches are kept until they are deleted, not for a day only. [unconfirmed]: the group's name, and
 * codes of wrong parameters.
 */
final class ImageCacheOperations {
    private static final int USUAL_GIB = 20;
    private static final int MAX_IMAGES = 20;
    private static final int MAX_MATCHED = 100;
    private static final int MOST_ROWS = 50;
    private static final int WHOLE = 100;

    private final Region region;
    private final Groups groups;
    private final ImageCaches caches;

    ImageCacheOperations(Region region, Groups groups, ImageCaches caches) {
        this.region = region;
        this.groups = groups;
        this.caches = caches;
    }

    void register(Gateway.Operations operations) {
        operations.add("CreateImageCache", this::create);
        operations.add("DescribeImageCaches", (p, verdict) -> describe(p));
        operations.add("DeleteImageCache", (p, verdict) -> delete(p));
    }

    private ObjectNode create(Parameters p, Faults.Verdict verdict) {
        String name = p.require("ImageCacheName");
        List<String> images = p.list("Image");
        if (images.isEmpty()) {
            throw ApiError.missing("Image.1");
        }
        ContainerParameters.atMost(MAX_IMAGES, images.size(), "Image");
        int days = p.integer("RetentionDays", 0);
        int gib = p.integer("ImageCacheSize", USUAL_GIB);
        if (days < 0 || gib < 1) {
            throw ApiError.invalid(days < 0 ? "RetentionDays" : "ImageCacheSize");
        }
        GroupRequest request = new GroupRequest(temporaryGroup(p, images), region);
        ImageCaches.Cache cache = caches.create(
                name,
                images,
                gib,
                days == 0 ? null : Integer.valueOf(days),
                p.get("EliminationStrategy", ""),
                GroupRequest.tags(p),
                groups.now());
        try {
            String group = groups.create(request, verdict, cache);
            return object().put("ImageCacheId", cache.id).put("ContainerGroupId", group);
        } catch (ApiError e) {
            caches.delete(cache.id);
            throw e;
        }
    }

    /** Returns what a create call for the temporary group would say. */
    private static Parameters temporaryGroup(Parameters p, List<String> images) {
        Map<String, String> group = new LinkedHashMap<>();
        p.all().forEach((key, value) -> {
            boolean place = key.equals("VSwitchId") || key.equals("ZoneId") || key.equals("SecurityGroupId");
            if (place || key.startsWith("ImageRegistryCredential.")) {
                group.put(key, value);
            }
        });
        group.put("ContainerGroupName", "image-cache-creation");
        group.put("RestartPolicy", "Never");
        group.put("Cpu", "2");
        group.put("Memory", "4");
        for (int i = 1; i <= images.size(); i++) {
            group.put("Container." + i + ".Name", "image-" + i);
            group.put("Container." + i + ".Image", images.get(i - 1));
            group.put("Container." + i + ".Command.1", "true");
        }
        return new Parameters(group);
    }

    private ObjectNode describe(Parameters p) {
        String id = p.get("ImageCacheId");
        String name = p.get("ImageCacheName");
        String image = p.get("Image");
        List<String> match = p.list("MatchImage");
        ContainerParameters.atMost(MAX_MATCHED, match.size(), "MatchImage");
        boolean full = p.flag("ImageFullMatch");
        Map<String, @Nullable String> tags = p.tags();
        Predicate<ImageCaches.Cache> filter = cache -> (id == null || id.equals(cache.id))
                && (name == null || name.equals(cache.name))
                && (image == null || cache.images.contains(image))
                && Parameters.hasTags(cache.tags, tags);
        filter = filter.and(cache -> match.isEmpty()
                || (full ? cache.images.containsAll(match) : match.stream().anyMatch(cache.images::contains)));
        List<ImageCaches.View> all = caches.select(filter, groups.now());
        int limit = p.integer("Limit", MOST_ROWS);
        if (limit < 1) {
            throw ApiError.invalid("Limit");
        }
        Paging.Page<ImageCaches.View> page = Paging.byToken(all, view -> view.cache().number, p, limit);
        ObjectNode answer = object().put("TotalCount", all.size()).put("NextToken", page.next());
        ArrayNode rows = answer.putArray("ImageCaches");
        page.rows().forEach(view -> rows.add(json(view)));
        return answer;
    }

    private ObjectNode json(ImageCaches.View view) {
        ImageCaches.Cache cache = view.cache();
        ObjectNode json = object().put("ImageCacheId", cache.id)
                .put("ImageCacheName", cache.name)
                .put("ImageCacheSize", cache.sizeGib)
                .put("RegionId", region.name())
                .put("ContainerGroupId", view.group())
                .put("SnapshotId", view.status().equals("Ready") ? "s-" + cache.id.substring(4) : "")
                .put("Status", view.status())
                .put("Progress", (view.status().equals("Ready") ? WHOLE : 0) + "%")
                .put("EliminationStrategy", cache.elimination)
                .put("CreationTime", Parameters.seconds(cache.created));
        Instant end = cache.expires();
        if (end != null) {
            json.put("ExpireDateTime", Parameters.seconds(end));
        }
        ArrayNode images = json.putArray("Images");
        cache.images.forEach(images::add);
        ArrayNode tags = json.putArray("Tags");
        cache.tags.forEach((key, value) -> tags.addObject().put("Key", key).put("Value", value));
        json.putArray("Events");
        return json;
    }

    private ObjectNode delete(Parameters p) {
        if (!caches.delete(p.require("ImageCacheId"))) {
            throw ApiError.of("InvalidParameter.NotFound", "The specified ImageCacheId does not exist.");
        }
        return object();
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
