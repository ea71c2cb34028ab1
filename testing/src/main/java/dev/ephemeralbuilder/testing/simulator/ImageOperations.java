package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The operations on images (ecs-openapi, 1.1; codes from the vendor's tables of each operation). [unconfirmed]: an
 * image that is Creating cannot be deleted; an unknown one is an error, where one sentence of the vendor's says that
 * the call is ignored; status 403 for a machine in the wrong state.
 */
final class ImageOperations {
    private static final Pattern NAME = Pattern.compile("\\p{L}[\\p{L}\\p{N}._:-]{1,127}");

    private final Region region;
    private final Images images;
    private final Instances instances;

    ImageOperations(Region region, Images images, Instances instances) {
        this.region = region;
        this.images = images;
        this.instances = instances;
    }

    void register(Gateway.Operations operations) {
        operations.add("CreateImage", (p, verdict) -> createImage(p));
        operations.add("DescribeImages", (p, verdict) -> describeImages(p));
        operations.add("DeleteImage", (p, verdict) -> deleteImage(p));
    }

    private ObjectNode createImage(Parameters p) {
        String instance = p.get("InstanceId");
        if (instance == null) {
            throw ApiError.of("MissingParameter", "The simulator makes images of instances: InstanceId is missing.");
        }
        String name = p.get("ImageName", "");
        if (!name.isEmpty() && (!NAME.matcher(name).matches() || name.startsWith("http"))) {
            throw ApiError.of("InvalidImageName.Malformed", "The specified Image name is wrongly formed.");
        }
        Images.Order order = new Images.Order(
                name,
                p.get("Description", ""),
                p.get("ImageFamily", ""),
                p.get("ResourceGroupId", ""),
                RunRequest.tags(p));
        return object().put("ImageId", images.create(order, instances.requireRunning(instance), instances.now()));
    }

    private ObjectNode deleteImage(Parameters p) {
        String id = p.require("ImageId");
        Images.View view = images.find(id, instances.now());
        if (view == null) {
            throw ApiError.of("InvalidImageId.NotFound", "The specified ImageId does not exist.");
        }
        if (view.status().equals("Creating")) {
            throw ApiError.of("ImageIsCreating", "The specified image is being created.");
        }
        boolean used = !instances
                .select(instance -> instance.request.image.equals(id), instance -> instance.id)
                .isEmpty();
        if (used && !p.flag("Force")) {
            throw ApiError.of("ImageUsingByInstance", "The specified image has been used to create instances.");
        }
        images.delete(view.image());
        return object();
    }

    private ObjectNode describeImages(Parameters p) {
        List<String> ids = split(p.get("ImageId"));
        // Without a state the API shows what can be used.
        List<String> states = split(p.get("Status", "Available"));
        String owner = p.get("ImageOwnerAlias");
        Map<String, @Nullable String> tags = p.tags();
        List<ObjectNode> all = new ArrayList<>();
        if (owner == null || owner.equals("system")) {
            if (states.contains("Available") && tags.isEmpty() && matches(p, ids, Region.IMAGE, Region.IMAGE, "")) {
                all.add(systemImage());
            }
        }
        if (owner == null || owner.equals("self")) {
            for (Images.View view : images.all(instances.now())) {
                Images.Image image = view.image();
                if (states.contains(view.status())
                        && Parameters.hasTags(image.order.tags(), tags)
                        && matches(p, ids, image.id, image.name(), image.order.family())) {
                    all.add(json(view));
                }
            }
        }
        ObjectNode answer = object().put("TotalCount", all.size()).put("RegionId", region.name());
        List<ObjectNode> rows = Paging.byNumber(all, p, answer);
        answer.putObject("Images").putArray("Image").addAll(rows);
        return answer;
    }

    private static boolean matches(Parameters p, List<String> ids, String id, String name, String family) {
        String wantedName = p.get("ImageName");
        String wantedFamily = p.get("ImageFamily");
        return (ids.isEmpty() || ids.contains(id))
                && (wantedName == null || wantedName.equals(name))
                && (wantedFamily == null || wantedFamily.equals(family));
    }

    private static List<String> split(@Nullable String values) {
        return values == null ? List.of() : List.of(values.split(","));
    }

    private static ObjectNode systemImage() {
        return row(
                Region.IMAGE,
                Region.IMAGE,
                "system",
                "x86_64",
                Region.IMAGE_GIB,
                Instant.EPOCH,
                "Available",
                100,
                Map.of());
    }

    private static ObjectNode json(Images.View view) {
        Images.Image image = view.image();
        ObjectNode row = row(
                image.id,
                image.name(),
                "self",
                image.architecture.equals("ARM") ? "arm64" : "x86_64",
                image.diskGib,
                image.created,
                view.status(),
                view.progress(),
                image.order.tags());
        return row.put("Description", image.order.description())
                .put("ImageFamily", image.order.family())
                .put("ResourceGroupId", image.order.resourceGroup());
    }

    private static ObjectNode row(
            String id,
            String name,
            String owner,
            String architecture,
            int gib,
            Instant created,
            String status,
            int progress,
            Map<String, String> tags) {
        ObjectNode row = object();
        row.put("ImageId", id)
                .put("ImageName", name)
                .put("ImageOwnerAlias", owner)
                .put("Architecture", architecture)
                .put("Size", gib)
                .put("CreationTime", Parameters.seconds(created))
                .put("Status", status)
                .put("Progress", progress + "%")
                .put("Usage", "instance")
                .put("OSType", "linux")
                .put("OSName", "Simulated Linux")
                .put("OSNameEn", "Simulated Linux")
                .put("Platform", "Others Linux")
                .put("IsSupportCloudinit", true)
                .put("IsSupportIoOptimized", true)
                .put("IsPublic", false);
        row.putObject("DiskDeviceMappings")
                .putArray("DiskDeviceMapping")
                .addObject()
                .put("Type", "system")
                .put("Device", "/dev/xvda")
                .put("Size", Integer.toString(gib))
                .put("Progress", progress + "%");
        ArrayNode tagRows = row.putObject("Tags").putArray("Tag");
        tags.forEach((key, value) -> tagRows.addObject().put("TagKey", key).put("TagValue", value));
        return row;
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
