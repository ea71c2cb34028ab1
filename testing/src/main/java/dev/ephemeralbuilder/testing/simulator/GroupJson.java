package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Groups as the API writes them (eci-openapi, 4 and 9; names of fields as in {@code alibabacloud-go/eci-20180808}). Contents
 * of configuration files come back as they were sent, as from the real API; variables unless the call hid them. Called
 * under the lock of the {@link Groups}.
 */
final class GroupJson {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final Region region;

    GroupJson(Region region) {
        this.region = region;
    }

    /** Writes a group as {@code DescribeContainerGroups} does. */
    ObjectNode group(Group group, boolean events) {
        GroupRequest request = group.request;
        ObjectNode json = JSON.objectNode()
                .put("ContainerGroupId", group.id)
                .put("ContainerGroupName", request.name)
                .put("RegionId", region.name())
                .put("ZoneId", group.place.zone())
                .put("VpcId", Region.VPC)
                .put("VSwitchId", group.place.vSwitch())
                .put("SecurityGroupId", request.securityGroup)
                .put("ResourceGroupId", request.resourceGroup)
                .put("Status", group.status().text())
                .put("Cpu", group.place.size().vcpus())
                .put("Memory", group.place.size().memoryGib())
                .put("RestartPolicy", request.restartPolicy)
                .put("SpotStrategy", request.strategy)
                .put("EphemeralStorage", request.ephemeralGib)
                .put("RamRoleName", request.ramRole)
                .put("Discount", 0)
                .put("CreationTime", Parameters.seconds(group.created));
        BigDecimal limit = request.priceLimit;
        json.put("SpotPriceLimit", limit == null ? 0 : limit.doubleValue());
        Catalogue.Type type = group.place.type();
        if (type != null && group.place.named()) {
            json.put("InstanceType", type.name());
        }
        if (request.economy) {
            json.put("ComputeCategory", "economy");
        }
        if (group.status() != GroupStatus.SCHEDULING && group.status() != GroupStatus.SCHEDULE_FAILED) {
            json.put("IntranetIp", group.runtime.address()).put("EniInstanceId", "eni-" + group.id.substring(4));
            if (request.eip) {
                // Of the block for documentation: nothing answers there.
                json.put("InternetIp", "203.0.113." + (1 + group.number % 250));
            }
        }
        ends(group, json);
        tags(group, json.putArray("Tags"));
        ArrayNode containers = json.putArray("Containers");
        group.containers.forEach(container -> containers.add(container(group, container)));
        json.putArray("InitContainers");
        ArrayNode volumes = json.putArray("Volumes");
        request.volumes.forEach(volume -> volumes.add(volume(volume)));
        ArrayNode rows = json.putArray("Events");
        if (events) {
            group.events.forEach(event -> rows.add(event(group, event)));
        }
        return json;
    }

    private static void ends(Group group, ObjectNode json) {
        Instant end = group.finished;
        if (end == null) {
            return;
        }
        String text = Parameters.seconds(end);
        switch (group.status()) {
            case SUCCEEDED -> json.put("SucceededTime", text);
            case EXPIRED -> json.put("ExpiredTime", text);
            default -> json.put("FailedTime", text);
        }
    }

    private static void tags(Group group, ArrayNode rows) {
        group.tags.forEach((key, value) -> rows.addObject().put("Key", key).put("Value", value));
    }

    private static ObjectNode container(Group group, GroupContainer container) {
        ContainerOrder order = container.spec.order();
        // Who gave no sizes sees those of the group, if there is one container [unconfirmed].
        boolean alone = group.containers.size() == 1;
        ObjectNode json = JSON.objectNode()
                .put("Name", order.name())
                .put("Image", order.image())
                .put(
                        "Cpu",
                        container.spec.vcpus() == 0 && alone
                                ? group.place.size().vcpus()
                                : container.spec.vcpus())
                .put(
                        "Memory",
                        container.spec.memoryGib() == 0 && alone
                                ? group.place.size().memoryGib()
                                : container.spec.memoryGib())
                .put("ImagePullPolicy", container.spec.pullPolicy())
                .put("RestartCount", container.restarts)
                .put("Ready", container.state.isRunning())
                .put("WorkingDir", order.workingDir() == null ? "" : order.workingDir());
        json.set("Commands", texts(order.command()));
        json.set("Args", texts(order.args()));
        json.set("CurrentState", container.state.json());
        ContainerState previous = container.previous;
        if (previous != null) {
            json.set("PreviousState", previous.json());
        }
        ArrayNode variables = json.putArray("EnvironmentVars");
        if (!container.spec.hidesEnvironment()) {
            order.environment()
                    .forEach((key, value) ->
                            variables.addObject().put("Key", key).put("Value", value));
        }
        ArrayNode mounts = json.putArray("VolumeMounts");
        for (ContainerOrder.Mount mount : order.mounts()) {
            mounts.addObject()
                    .put("Name", mount.volume())
                    .put("MountPath", mount.path())
                    .put("ReadOnly", mount.readOnly())
                    .put("SubPath", mount.subPath() == null ? "" : mount.subPath());
        }
        json.putArray("Ports");
        return json;
    }

    private static ObjectNode volume(VolumeSpec volume) {
        ObjectNode json = JSON.objectNode().put("Name", volume.order().name()).put("Type", volume.type());
        if (volume.type().equals("EmptyDirVolume")) {
            return json.put("EmptyDirVolumeMedium", volume.medium()).put("EmptyDirVolumeSizeLimit", volume.sizeLimit());
        }
        ArrayNode files = json.putArray("ConfigFileVolumeConfigFileToPaths");
        for (VolumeOrder.ConfigFile file : volume.order().files()) {
            files.addObject()
                    .put("Path", file.path())
                    .put("Content", Base64.getEncoder().encodeToString(file.content()));
        }
        return json;
    }

    private static ObjectNode event(Group group, GroupEvent event) {
        return JSON.objectNode()
                .put("Count", event.count())
                .put("Type", event.type())
                .put("Name", group.request.name + "." + Long.toHexString(event.number()))
                .put("Reason", event.reason())
                .put("Message", event.message())
                .put("FirstTimestamp", Parameters.seconds(event.first()))
                .put("LastTimestamp", Parameters.seconds(event.last()));
    }

    /** Writes a group as {@code DescribeContainerGroupStatus} does. */
    ObjectNode status(Group group) {
        ObjectNode json = named(group).put("Status", group.status().text());
        ObjectNode pod = json.putObject("PodStatus")
                .put("Phase", group.status().phase())
                .put("QosClass", "Guaranteed")
                .put("StartTime", Parameters.seconds(group.created))
                .put("PodIp", group.runtime.address());
        ArrayNode conditions = pod.putArray("Conditions");
        boolean scheduled = group.status() != GroupStatus.SCHEDULING && group.status() != GroupStatus.SCHEDULE_FAILED;
        conditions.add(condition(group, "PodScheduled", scheduled));
        conditions.add(condition(group, "Ready", group.status() == GroupStatus.RUNNING));
        if (!group.reason.isEmpty()) {
            conditions.add(condition(group, conditionOf(group), false)
                    .put("Reason", group.reason)
                    .put("Message", group.message));
        }
        ArrayNode containers = pod.putArray("ContainerStatuses");
        for (GroupContainer container : group.containers) {
            ObjectNode row = containers
                    .addObject()
                    .put("Name", container.name())
                    .put("Image", container.spec.order().image())
                    .put("Ready", container.state.isRunning())
                    .put("RestartCount", container.restarts);
            row.set("State", container.state.podJson());
            ContainerState previous = container.previous;
            if (previous != null) {
                row.set("LastState", previous.podJson());
            }
        }
        return json;
    }

    private static String conditionOf(Group group) {
        return switch (group.status()) {
            case EXPIRED -> "ContainerInstanceExpired";
            case SCHEDULE_FAILED -> "ContainerInstanceCreated";
            default -> "ContainersReady";
        };
    }

    private static ObjectNode condition(Group group, String type, boolean met) {
        return JSON.objectNode()
                .put("type", type)
                .put("status", met ? "True" : "False")
                .put("lastTransitionTime", Parameters.seconds(group.changed()));
    }

    /** Writes a group's events as {@code DescribeContainerGroupEvents} does. */
    ObjectNode events(Group group, Instant since, @Nullable String source) {
        ObjectNode json = named(group);
        ArrayNode rows = json.putArray("Events");
        for (GroupEvent event : group.events) {
            if (event.last().isBefore(since) || (source != null && !source.equals(event.source()))) {
                continue;
            }
            ObjectNode row = rows.addObject()
                    .put("Count", event.count())
                    .put("Type", event.type())
                    .put("Reason", event.reason())
                    .put("Message", event.message())
                    .put("FirstTimestamp", Parameters.seconds(event.first()))
                    .put("LastTimestamp", Parameters.seconds(event.last()))
                    .put("ReportingComponent", event.source());
            row.putObject("Source").put("Component", event.source());
            row.putObject("involvedObject").put("Kind", "Pod").put("Name", group.request.name);
        }
        return json;
    }

    private static ObjectNode named(Group group) {
        return JSON.objectNode()
                .put("ContainerGroupId", group.id)
                .put("Name", group.request.name)
                .put("Namespace", "default");
    }

    private static ArrayNode texts(List<String> values) {
        ArrayNode array = JSON.arrayNode();
        values.forEach(array::add);
        return array;
    }
}
