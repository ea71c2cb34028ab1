package dev.ephemeralbuilder.testing.strangers;

import com.aliyuncs.auth.SignatureVersion;
import com.aliyuncs.eci.model.v20180808.CreateContainerGroupRequest;
import com.aliyuncs.eci.model.v20180808.CreateImageCacheRequest;
import com.aliyuncs.eci.model.v20180808.CreateImageCacheResponse;
import com.aliyuncs.eci.model.v20180808.DeleteContainerGroupRequest;
import com.aliyuncs.eci.model.v20180808.DeleteImageCacheRequest;
import com.aliyuncs.eci.model.v20180808.DescribeContainerGroupPriceRequest;
import com.aliyuncs.eci.model.v20180808.DescribeContainerGroupPriceResponse;
import com.aliyuncs.eci.model.v20180808.DescribeContainerGroupsRequest;
import com.aliyuncs.eci.model.v20180808.DescribeContainerGroupsResponse;
import com.aliyuncs.eci.model.v20180808.DescribeContainerLogRequest;
import com.aliyuncs.eci.model.v20180808.DescribeContainerLogResponse;
import com.aliyuncs.eci.model.v20180808.DescribeImageCachesRequest;
import com.aliyuncs.eci.model.v20180808.DescribeRegionsRequest;
import com.aliyuncs.eci.model.v20180808.ExecContainerCommandRequest;
import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code com.aliyun:aliyun-java-sdk-eci} 1.0.13: its typed requests put everything into the URL. Parameters that they lack
 * are added, answers that it has no class for are read as JSON.
 */
final class OldJavaEci implements EciStranger {
    private static final String VERSION = "2018-08-08";
    private static final String FOLDER = "/strangers";
    private static final String FILES = "files";
    private static final int DEFAULT_MODE = 420;

    private final OldSdk sdk;

    OldJavaEci(Wire.Access access, SignatureVersion signature) {
        sdk = new OldSdk(access, signature);
    }

    @Override
    public EciWire.Created create(EciWire.Creation creation) throws Refusal {
        CreateContainerGroupRequest request = new CreateContainerGroupRequest();
        request.setContainerGroupName(creation.name());
        request.setZoneId(creation.zone());
        request.setVSwitchId(creation.vSwitch());
        request.setSecurityGroupId(creation.group());
        request.setCpu(floating(creation.vcpus()));
        request.setMemory(floating(creation.memoryGib()));
        request.setInstanceType(creation.type());
        request.setSpotStrategy(creation.strategy());
        request.setSpotPriceLimit(floating(creation.limit()));
        request.setRestartPolicy("Never");
        request.setClientToken(creation.token());
        request.setAutoMatchImageCache(creation.cached());
        request.putQueryParameter("ActiveDeadlineSeconds", 36_000);
        if (creation.dryRun()) {
            request.putQueryParameter("DryRun", true);
        }
        request.setTags(pairs(creation.tags()).stream()
                .map(pair -> {
                    CreateContainerGroupRequest.Tag tag = new CreateContainerGroupRequest.Tag();
                    tag.setKey(pair.getKey());
                    tag.setValue(pair.getValue());
                    return tag;
                })
                .toList());
        request.setContainers(
                creation.containers().stream().map(OldJavaEci::container).toList());
        CreateContainerGroupRequest.Volume volume = new CreateContainerGroupRequest.Volume();
        volume.setName(FILES);
        volume.setType("ConfigFileVolume");
        volume.setConfigFileVolumeDefaultModel(DEFAULT_MODE);
        volume.setConfigFileVolumeConfigFileToPaths(
                creation.files().stream().map(OldJavaEci::file).toList());
        request.setVolumes(List.of(volume));
        EciWire.Login login = creation.login();
        if (login != null) {
            CreateContainerGroupRequest.ImageRegistryCredential credential =
                    new CreateContainerGroupRequest.ImageRegistryCredential();
            credential.setServer(login.server());
            credential.setUserName(login.user());
            credential.setPassword(login.password());
            request.setImageRegistryCredentials(List.of(credential));
        }
        return new EciWire.Created(sdk.call(request).getContainerGroupId());
    }

    private static CreateContainerGroupRequest.Container container(EciWire.Container given) {
        CreateContainerGroupRequest.Container container = new CreateContainerGroupRequest.Container();
        container.setName(given.name());
        container.setImage(given.image());
        container.setCommands(given.command());
        container.setArgs(given.args());
        container.setEnvironmentVars(pairs(given.environment()).stream()
                .map(pair -> {
                    CreateContainerGroupRequest.Container.EnvironmentVar variable =
                            new CreateContainerGroupRequest.Container.EnvironmentVar();
                    variable.setKey(pair.getKey());
                    variable.setValue(pair.getValue());
                    return variable;
                })
                .toList());
        CreateContainerGroupRequest.Container.VolumeMount mount =
                new CreateContainerGroupRequest.Container.VolumeMount();
        mount.setName(FILES);
        mount.setMountPath(FOLDER);
        mount.setReadOnly(true);
        container.setVolumeMounts(List.of(mount));
        return container;
    }

    private static CreateContainerGroupRequest.Volume.ConfigFileVolumeConfigFileToPath file(EciWire.File given) {
        CreateContainerGroupRequest.Volume.ConfigFileVolumeConfigFileToPath file =
                new CreateContainerGroupRequest.Volume.ConfigFileVolumeConfigFileToPath();
        file.setPath(given.path());
        file.setContent(given.content());
        file.setMode(given.mode());
        return file;
    }

    @Override
    public EciWire.Groups describe(EciWire.Query query) throws Refusal {
        DescribeContainerGroupsRequest request = new DescribeContainerGroupsRequest();
        if (!query.ids().isEmpty()) {
            request.setContainerGroupIds(OldSdk.json(query.ids()));
        }
        request.setStatus(query.status());
        request.setLimit(query.limit());
        request.setNextToken(query.next());
        request.putQueryParameter("WithEvent", query.events());
        request.setTags(pairs(query.tags()).stream()
                .map(pair -> {
                    DescribeContainerGroupsRequest.Tag tag = new DescribeContainerGroupsRequest.Tag();
                    tag.setKey(pair.getKey());
                    tag.setValue(pair.getValue());
                    return tag;
                })
                .toList());
        DescribeContainerGroupsResponse answer = sdk.call(request);
        return new EciWire.Groups(
                answer.getTotalCount(),
                answer.getNextToken(),
                answer.getContainerGroups().stream().map(OldJavaEci::group).toList());
    }

    private static EciWire.Group group(DescribeContainerGroupsResponse.ContainerGroup row) {
        Map<String, String> tags = new TreeMap<>();
        row.getTags().forEach(tag -> tags.put(tag.getKey(), tag.getValue()));
        return new EciWire.Group(
                row.getContainerGroupId(),
                row.getContainerGroupName(),
                row.getRegionId(),
                row.getZoneId(),
                row.getVSwitchId(),
                row.getSecurityGroupId(),
                row.getStatus(),
                OldSdk.decimal(row.getCpu()),
                OldSdk.decimal(row.getMemory()),
                row.getRestartPolicy(),
                row.getIntranetIp(),
                row.getEniInstanceId(),
                row.getCreationTime(),
                row.getSucceededTime(),
                tags,
                row.getContainers().stream().map(OldJavaEci::run).toList(),
                row.getEvents().stream()
                        .map(event -> new EciWire.Event(
                                event.getCount(),
                                event.getType(),
                                event.getName(),
                                event.getReason(),
                                event.getMessage(),
                                event.getFirstTimestamp(),
                                event.getLastTimestamp()))
                        .toList(),
                row.getVolumes().stream().map(OldJavaEci::volume).toList());
    }

    private static EciWire.Run run(DescribeContainerGroupsResponse.ContainerGroup.Container row) {
        Map<String, String> environment = new TreeMap<>();
        row.getEnvironmentVars().forEach(variable -> environment.put(variable.getKey(), variable.getValue()));
        DescribeContainerGroupsResponse.ContainerGroup.Container.ContainerState state = row.getCurrentState();
        return new EciWire.Run(
                row.getName(),
                row.getImage(),
                OldSdk.decimal(row.getCpu()),
                OldSdk.decimal(row.getMemory()),
                row.getRestartCount(),
                row.getImagePullPolicy(),
                row.getWorkingDir(),
                row.getCommands(),
                row.getArgs(),
                environment,
                row.getVolumeMounts().stream()
                        .map(mount -> new EciWire.Mount(
                                mount.getName(), mount.getMountPath(), mount.getReadOnly(), mount.getSubPath()))
                        .toList(),
                new EciWire.State(
                        state.getState(),
                        state.getDetailStatus(),
                        state.getExitCode(),
                        state.getStartTime(),
                        state.getFinishTime()));
    }

    private static EciWire.Volume volume(DescribeContainerGroupsResponse.ContainerGroup.Volume row) {
        Map<String, String> files = new TreeMap<>();
        row.getConfigFileVolumeConfigFileToPaths().forEach(file -> files.put(file.getPath(), file.getContent()));
        return new EciWire.Volume(row.getName(), row.getType(), files);
    }

    @Override
    public EciWire.Details details(EciWire.Query query) throws Refusal {
        JsonNode answer = form(
                "DescribeContainerGroups",
                Map.of("ContainerGroupIds", OldSdk.json(query.ids()), "WithEvent", query.events()));
        List<EciWire.Detail> rows = new ArrayList<>();
        for (JsonNode row : answer.path("ContainerGroups")) {
            List<Boolean> ready = new ArrayList<>();
            List<EciWire.Reason> reasons = new ArrayList<>();
            for (JsonNode container : row.path("Containers")) {
                ready.add(container.path("Ready").asBoolean());
                JsonNode state = container.path("CurrentState");
                reasons.add(new EciWire.Reason(
                        text(state, "Reason"),
                        text(state, "Message"),
                        state.has("Signal")
                                ? Integer.valueOf(state.path("Signal").asInt())
                                : null));
            }
            rows.add(new EciWire.Detail(
                    text(row, "ContainerGroupId"),
                    text(row, "VpcId"),
                    text(row, "InstanceType"),
                    text(row, "SpotStrategy"),
                    row.path("SpotPriceLimit").decimalValue(),
                    row.path("EphemeralStorage").asInt(),
                    text(row, "FailedTime"),
                    text(row, "ExpiredTime"),
                    ready,
                    reasons));
        }
        return new EciWire.Details(rows);
    }

    @Override
    public EciWire.Statuses statuses(String id) throws Refusal {
        JsonNode answer = form("DescribeContainerGroupStatus", Map.of("ContainerGroupIds", OldSdk.json(List.of(id))));
        List<EciWire.Status> rows = new ArrayList<>();
        for (JsonNode row : answer.path("Data")) {
            JsonNode pod = row.path("PodStatus");
            List<EciWire.Condition> conditions = new ArrayList<>();
            pod.path("Conditions")
                    .forEach(condition -> conditions.add(new EciWire.Condition(
                            text(condition, "type"),
                            text(condition, "status"),
                            text(condition, "Reason"),
                            text(condition, "Message"))));
            List<String> containers = new ArrayList<>();
            pod.path("ContainerStatuses")
                    .forEach(container -> containers.add(text(container, "Name") + " "
                            + container.path("State").fieldNames().next()));
            rows.add(new EciWire.Status(
                    text(row, "ContainerGroupId"), text(row, "Status"), text(pod, "Phase"), conditions, containers));
        }
        return new EciWire.Statuses(rows);
    }

    @Override
    public EciWire.History history(String id) throws Refusal {
        JsonNode answer = form("DescribeContainerGroupEvents", Map.of("ContainerGroupIds", OldSdk.json(List.of(id))));
        List<EciWire.Happening> rows = new ArrayList<>();
        answer.path("Data")
                .forEach(group -> group.path("Events")
                        .forEach(event -> rows.add(new EciWire.Happening(
                                text(group, "ContainerGroupId"),
                                text(event, "Type"),
                                text(event, "Reason"),
                                text(event, "Message"),
                                event.path("Count").asInt(),
                                event.path("Source").path("Component").asText()))));
        return new EciWire.History(rows);
    }

    @Override
    public void delete(EciWire.Deletion deletion) throws Refusal {
        DeleteContainerGroupRequest request = new DeleteContainerGroupRequest();
        request.setContainerGroupId(deletion.id());
        request.setClientToken(deletion.token());
        request.putQueryParameter("Force", deletion.force());
        sdk.call(request);
    }

    @Override
    public EciWire.Output run(EciWire.Command command) throws Refusal {
        if (command.sync()) {
            JsonNode answer = form(
                    "ExecContainerCommand",
                    Map.of(
                            "ContainerGroupId",
                            command.id(),
                            "ContainerName",
                            command.container(),
                            "Command",
                            OldSdk.json(command.command()),
                            "Sync",
                            true));
            return new EciWire.Output(text(answer, "SyncResponse"));
        }
        ExecContainerCommandRequest request = new ExecContainerCommandRequest();
        request.setContainerGroupId(command.id());
        request.setContainerName(command.container());
        request.setCommand(OldSdk.json(command.command()));
        request.setTTY(false);
        request.putQueryParameter("Stdin", command.input() != null);
        return new EciWire.Output(ExecSocket.run(sdk.call(request).getWebSocketUri(), command.input()));
    }

    @Override
    public EciWire.Log log(EciWire.LogQuery query) throws Refusal {
        DescribeContainerLogRequest request = new DescribeContainerLogRequest();
        request.setContainerGroupId(query.id());
        request.setContainerName(query.container());
        request.setTail(query.tail());
        if (query.bytes() != null) {
            request.putQueryParameter("LimitBytes", query.bytes());
        }
        request.putQueryParameter("Timestamps", query.timestamps());
        DescribeContainerLogResponse answer = sdk.call(request);
        return new EciWire.Log(answer.getContainerName(), answer.getContent());
    }

    @Override
    public void tag(Wire.Tagging tagging) throws Refusal {
        Map<String, Object> parameters = resources(tagging.ids());
        tags(parameters, tagging.tags());
        form("TagResources", parameters);
    }

    @Override
    public void untag(Wire.Untagging untagging) throws Refusal {
        Map<String, Object> parameters = resources(untagging.ids());
        for (int i = 0; i < untagging.keys().size(); i++) {
            parameters.put("TagKey." + (i + 1), untagging.keys().get(i));
        }
        parameters.put("All", untagging.all());
        form("UntagResources", parameters);
    }

    @Override
    public Wire.Tags tags(Wire.TagQuery query) throws Refusal {
        Map<String, Object> parameters = resources(query.ids());
        tags(parameters, query.tags());
        if (query.next() != null) {
            parameters.put("NextToken", query.next());
        }
        JsonNode answer = form("ListTagResources", parameters);
        List<Wire.Tag> rows = new ArrayList<>();
        answer.path("TagResources")
                .forEach(row -> rows.add(new Wire.Tag(
                        text(row, "ResourceId"),
                        text(row, "ResourceType"),
                        text(row, "TagKey"),
                        text(row, "TagValue"))));
        return new Wire.Tags(text(answer, "NextToken"), rows);
    }

    private static Map<String, Object> resources(List<String> ids) {
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("ResourceType", "ContainerGroup");
        for (int i = 0; i < ids.size(); i++) {
            parameters.put("ResourceId." + (i + 1), ids.get(i));
        }
        return parameters;
    }

    private static void tags(Map<String, Object> parameters, Map<String, String> tags) {
        List<Map.Entry<String, String>> pairs = pairs(tags);
        for (int i = 0; i < pairs.size(); i++) {
            parameters.put("Tag." + (i + 1) + ".Key", pairs.get(i).getKey());
            parameters.put("Tag." + (i + 1) + ".Value", pairs.get(i).getValue());
        }
    }

    @Override
    public EciWire.Quote quote(EciWire.Offer offer) throws Refusal {
        DescribeContainerGroupPriceRequest request = new DescribeContainerGroupPriceRequest();
        request.setCpu(floating(offer.vcpus()));
        request.setMemory(floating(offer.memoryGib()));
        if (offer.type() != null) {
            request.putQueryParameter("InstanceType", offer.type());
        }
        request.putQueryParameter("SpotStrategy", offer.strategy());
        DescribeContainerGroupPriceResponse.PriceInfo.Price price =
                sdk.call(request).getPriceInfo().getPrice();
        return new EciWire.Quote(
                price.getCurrency(),
                OldSdk.decimal(price.getOriginalPrice()),
                OldSdk.decimal(price.getDiscountPrice()),
                OldSdk.decimal(price.getTradePrice()),
                price.getDetailInfos().stream()
                        .map(part -> new EciWire.Part(
                                part.getResource(),
                                OldSdk.decimal(part.getOriginalPrice()),
                                OldSdk.decimal(part.getTradePrice())))
                        .toList());
    }

    @Override
    public EciWire.SpotPrices spotPrices(EciWire.Offer offer) throws Refusal {
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("SpotStrategy", offer.strategy());
        if (offer.type() == null) {
            parameters.put("Cpu", offer.vcpus());
            parameters.put("Memory", offer.memoryGib());
        } else {
            parameters.put("InstanceType", offer.type());
        }
        List<EciWire.SpotPrice> rows = new ArrayList<>();
        form("DescribeContainerGroupPrice", parameters)
                .at("/PriceInfo/SpotPrices/SpotPrice")
                .forEach(row -> rows.add(new EciWire.SpotPrice(
                        text(row, "ZoneId"),
                        text(row, "InstanceType"),
                        row.path("OriginPrice").decimalValue(),
                        row.path("SpotPrice").decimalValue())));
        return new EciWire.SpotPrices(rows);
    }

    @Override
    public EciWire.Stocks stocks(String type) throws Refusal {
        JsonNode answer = form(
                "DescribeAvailableResource",
                Map.of(
                        "DestinationResource.Category",
                        "InstanceType",
                        "DestinationResource.Value",
                        type,
                        "SpotResource.SpotStrategy",
                        "SpotAsPriceGo"));
        List<EciWire.Stock> rows = new ArrayList<>();
        answer.at("/AvailableZones/AvailableZone")
                .forEach(zone -> zone.at("/AvailableResources/AvailableResource")
                        .forEach(resource -> resource.at("/SupportedResources/SupportedResource")
                                .forEach(row -> rows.add(new EciWire.Stock(
                                        text(zone, "ZoneId"),
                                        text(resource, "Type"),
                                        text(row, "Value"),
                                        text(row, "StatusCategory"))))));
        return new EciWire.Stocks(rows);
    }

    // The name of a region is deprecated in this SDK, and there is no other.
    @SuppressWarnings("deprecation")
    @Override
    public EciWire.Regions regions() throws Refusal {
        return new EciWire.Regions(sdk.call(new DescribeRegionsRequest()).getRegions().stream()
                .map(row -> new EciWire.Region(row.getRegionId(), row.getRegionEndpoint(), row.getZones()))
                .toList());
    }

    @Override
    public EciWire.Usage usage() throws Refusal {
        Map<String, BigDecimal> values = new TreeMap<>();
        form("ListUsage", Map.of())
                .path("Attributes")
                .properties()
                .forEach(one -> values.put(one.getKey(), one.getValue().decimalValue()));
        return new EciWire.Usage(values);
    }

    @Override
    public EciWire.CacheCreated createCache(EciWire.CacheCreation creation) throws Refusal {
        CreateImageCacheRequest request = new CreateImageCacheRequest();
        request.setImageCacheName(creation.name());
        request.setImages(creation.images());
        request.setVSwitchId(creation.vSwitch());
        request.setSecurityGroupId(creation.group());
        CreateImageCacheResponse answer = sdk.call(request);
        return new EciWire.CacheCreated(answer.getImageCacheId(), answer.getContainerGroupId());
    }

    @Override
    public EciWire.Caches caches(EciWire.CacheQuery query) throws Refusal {
        DescribeImageCachesRequest request = new DescribeImageCachesRequest();
        request.setImageCacheId(query.id());
        return new EciWire.Caches(sdk.call(request).getImageCaches().stream()
                .map(row -> new EciWire.Cache(
                        row.getImageCacheId(),
                        row.getImageCacheName(),
                        row.getContainerGroupId(),
                        row.getSnapshotId(),
                        row.getStatus(),
                        row.getProgress(),
                        row.getImages()))
                .toList());
    }

    @Override
    public void deleteCache(String id) throws Refusal {
        DeleteImageCacheRequest request = new DeleteImageCacheRequest();
        request.setImageCacheId(id);
        sdk.call(request);
    }

    private JsonNode form(String action, Map<String, ?> parameters) throws Refusal {
        return sdk.form(VERSION, action, parameters);
    }

    private static List<Map.Entry<String, String>> pairs(Map<String, String> map) {
        return List.copyOf(map.entrySet());
    }

    private static @Nullable Float floating(@Nullable Double value) {
        return value == null ? null : Float.valueOf(value.floatValue());
    }

    private static @Nullable String text(JsonNode node, String field) {
        return node.has(field) ? node.path(field).asText() : null;
    }

    @Override
    public void close() {
        sdk.close();
    }
}
