package dev.ephemeralbuilder.testing.strangers;

import com.aliyuncs.auth.SignatureVersion;
import com.aliyuncs.ecs.model.v20140526.DeleteInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeAvailableResourceRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstanceTypesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstanceTypesResponse;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesResponse;
import com.aliyuncs.ecs.model.v20140526.DescribePriceRequest;
import com.aliyuncs.ecs.model.v20140526.DescribePriceResponse;
import com.aliyuncs.ecs.model.v20140526.DescribeSpotAdviceRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeSpotPriceHistoryRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeSpotPriceHistoryResponse;
import com.aliyuncs.ecs.model.v20140526.DescribeZonesRequest;
import com.aliyuncs.ecs.model.v20140526.GetInstanceConsoleOutputRequest;
import com.aliyuncs.ecs.model.v20140526.GetInstanceConsoleOutputResponse;
import com.aliyuncs.ecs.model.v20140526.ListTagResourcesRequest;
import com.aliyuncs.ecs.model.v20140526.ListTagResourcesResponse;
import com.aliyuncs.ecs.model.v20140526.ModifyInstanceAutoReleaseTimeRequest;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.TagResourcesRequest;
import com.aliyuncs.ecs.model.v20140526.UntagResourcesRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** {@code com.aliyun:aliyun-java-sdk-ecs}, which signs with V1 unless told otherwise. */
final class OldJava implements Stranger {
    private final OldSdk sdk;

    OldJava(Wire.Access access, SignatureVersion signature) {
        sdk = new OldSdk(access, signature);
    }

    @Override
    public Wire.Created create(Wire.Creation creation) throws Refusal {
        RunInstancesRequest request = new RunInstancesRequest();
        request.setInstanceType(creation.type());
        request.setImageId(creation.image());
        request.setSecurityGroupId(creation.group());
        request.setZoneId(creation.zone());
        request.setVSwitchId(creation.vSwitch());
        request.setAmount(creation.amount());
        request.setMinAmount(creation.minimum());
        request.setClientToken(creation.token());
        request.setSpotStrategy("SpotWithPriceLimit");
        request.setSpotPriceLimit((float) creation.limit());
        request.setSpotDuration(1);
        request.setAutoReleaseTime(creation.cap());
        request.setUserData(creation.userData());
        if (creation.dryRun()) {
            request.setDryRun(true);
        }
        List<RunInstancesRequest.Tag> tags = new ArrayList<>();
        creation.tags().forEach((key, value) -> {
            RunInstancesRequest.Tag tag = new RunInstancesRequest.Tag();
            tag.setKey(key);
            tag.setValue(value);
            tags.add(tag);
        });
        request.setTags(tags);
        return new Wire.Created(sdk.call(request).getInstanceIdSets());
    }

    @Override
    public Wire.Machines describe(Wire.Query query) throws Refusal {
        DescribeInstancesRequest request = new DescribeInstancesRequest();
        if (!query.ids().isEmpty()) {
            request.setInstanceIds(OldSdk.json(query.ids()));
        }
        request.setMaxResults(query.rows());
        request.setNextToken(query.next());
        List<DescribeInstancesRequest.Tag> tags = new ArrayList<>();
        query.tags().forEach((key, value) -> {
            DescribeInstancesRequest.Tag tag = new DescribeInstancesRequest.Tag();
            tag.setKey(key);
            tag.setValue(value);
            tags.add(tag);
        });
        request.setTags(tags);
        DescribeInstancesResponse answer = sdk.call(request);
        return new Wire.Machines(
                answer.getTotalCount(),
                answer.getNextToken(),
                answer.getInstances().stream().map(OldJava::machine).toList());
    }

    private static Wire.Machine machine(DescribeInstancesResponse.Instance row) {
        Map<String, String> tags = new TreeMap<>();
        row.getTags().forEach(tag -> tags.put(tag.getTagKey(), tag.getTagValue()));
        return new Wire.Machine(
                row.getInstanceId(),
                row.getInstanceName(),
                row.getHostName(),
                row.getStatus(),
                row.getRegionId(),
                row.getZoneId(),
                row.getInstanceType(),
                row.getInstanceTypeFamily(),
                row.getCpu(),
                row.getMemory(),
                row.getGPUAmount(),
                row.getInstanceChargeType(),
                row.getInstanceNetworkType(),
                row.getImageId(),
                row.getIoOptimized(),
                row.getCreationTime(),
                row.getStartTime(),
                row.getAutoReleaseTime(),
                row.getSpotStrategy(),
                row.getSpotDuration(),
                OldSdk.decimal(row.getSpotPriceLimit()),
                row.getSpotInterruptionBehavior(),
                row.getDeletionProtection(),
                row.getRecyclable(),
                row.getSecurityGroupIds(),
                row.getVpcAttributes().getVSwitchId(),
                row.getVpcAttributes().getPrivateIpAddress(),
                row.getPublicIpAddress(),
                row.getEipAddress().getIpAddress(),
                row.getOperationLocks().stream()
                        .map(DescribeInstancesResponse.Instance.LockReason::getLockReason)
                        .toList(),
                tags);
    }

    @Override
    public void delete(Wire.Deletion deletion) throws Refusal {
        DeleteInstancesRequest request = new DeleteInstancesRequest();
        request.setInstanceIds(deletion.ids());
        request.setForce(deletion.force());
        request.setClientToken(deletion.token());
        sdk.call(request);
    }

    @Override
    public void cap(Wire.Cap cap) throws Refusal {
        ModifyInstanceAutoReleaseTimeRequest request = new ModifyInstanceAutoReleaseTimeRequest();
        request.setInstanceId(cap.id());
        request.setAutoReleaseTime(cap.time());
        sdk.call(request);
    }

    @Override
    public Wire.Console console(Wire.ConsoleQuery query) throws Refusal {
        GetInstanceConsoleOutputRequest request = new GetInstanceConsoleOutputRequest();
        request.setInstanceId(query.id());
        GetInstanceConsoleOutputResponse answer = sdk.call(request);
        return new Wire.Console(answer.getInstanceId(), answer.getLastUpdateTime(), answer.getConsoleOutput());
    }

    @Override
    public void tag(Wire.Tagging tagging) throws Refusal {
        TagResourcesRequest request = new TagResourcesRequest();
        request.setResourceType("instance");
        request.setResourceIds(tagging.ids());
        List<TagResourcesRequest.Tag> tags = new ArrayList<>();
        tagging.tags().forEach((key, value) -> {
            TagResourcesRequest.Tag tag = new TagResourcesRequest.Tag();
            tag.setKey(key);
            tag.setValue(value);
            tags.add(tag);
        });
        request.setTags(tags);
        sdk.call(request);
    }

    @Override
    public void untag(Wire.Untagging untagging) throws Refusal {
        UntagResourcesRequest request = new UntagResourcesRequest();
        request.setResourceType("instance");
        request.setResourceIds(untagging.ids());
        request.setTagKeys(untagging.keys());
        request.setAll(untagging.all());
        sdk.call(request);
    }

    @Override
    public Wire.Tags tags(Wire.TagQuery query) throws Refusal {
        ListTagResourcesRequest request = new ListTagResourcesRequest();
        request.setResourceType("instance");
        request.setResourceIds(query.ids());
        request.setNextToken(query.next());
        List<ListTagResourcesRequest.Tag> tags = new ArrayList<>();
        query.tags().forEach((key, value) -> {
            ListTagResourcesRequest.Tag tag = new ListTagResourcesRequest.Tag();
            tag.setKey(key);
            tag.setValue(value);
            tags.add(tag);
        });
        request.setTags(tags);
        ListTagResourcesResponse answer = sdk.call(request);
        return new Wire.Tags(
                answer.getNextToken(),
                answer.getTagResources().stream()
                        .map(row -> new Wire.Tag(
                                row.getResourceId(), row.getResourceType(), row.getTagKey(), row.getTagValue()))
                        .toList());
    }

    @Override
    public Wire.Prices prices(Wire.Offer offer) throws Refusal {
        DescribeSpotPriceHistoryRequest request = new DescribeSpotPriceHistoryRequest();
        request.setInstanceType(offer.type());
        request.setNetworkType("vpc");
        request.setIoOptimized("optimized");
        request.setSpotDuration(1);
        DescribeSpotPriceHistoryResponse answer = sdk.call(request);
        return new Wire.Prices(
                answer.getCurrency(),
                answer.getNextOffset(),
                answer.getSpotPrices().stream()
                        .map(row -> new Wire.Price(
                                row.getZoneId(),
                                row.getInstanceType(),
                                row.getIoOptimized(),
                                row.getNetworkType(),
                                row.getTimestamp(),
                                OldSdk.decimal(row.getSpotPrice()),
                                OldSdk.decimal(row.getOriginPrice())))
                        .toList());
    }

    @Override
    public Wire.Quote quote(Wire.Offer offer) throws Refusal {
        DescribePriceRequest request = new DescribePriceRequest();
        request.setResourceType("instance");
        request.setInstanceType(offer.type());
        request.setZoneId(offer.zone());
        request.setSpotStrategy("SpotAsPriceGo");
        request.setSpotDuration(1);
        request.setPriceUnit("Hour");
        request.setPeriod(1);
        request.setAmount(2);
        DescribePriceResponse.PriceInfo.Price price =
                sdk.call(request).getPriceInfo().getPrice();
        return new Wire.Quote(
                price.getCurrency(),
                OldSdk.decimal(price.getOriginalPrice()),
                OldSdk.decimal(price.getDiscountPrice()),
                OldSdk.decimal(price.getTradePrice()));
    }

    @Override
    public Wire.Stocks stocks(String type) throws Refusal {
        DescribeAvailableResourceRequest request = new DescribeAvailableResourceRequest();
        request.setDestinationResource("InstanceType");
        request.setInstanceType(type);
        request.setIoOptimized("optimized");
        request.setSpotStrategy("SpotAsPriceGo");
        request.setSpotDuration(1);
        List<Wire.Stock> rows = new ArrayList<>();
        sdk.call(request)
                .getAvailableZones()
                .forEach(zone -> zone.getAvailableResources().stream()
                        .flatMap(resource -> resource.getSupportedResources().stream())
                        .forEach(row -> rows.add(new Wire.Stock(
                                zone.getZoneId(),
                                zone.getStatus(),
                                row.getValue(),
                                row.getStatus(),
                                row.getStatusCategory()))));
        return new Wire.Stocks(rows);
    }

    @Override
    public Wire.Types types(Wire.TypeQuery query) throws Refusal {
        DescribeInstanceTypesRequest request = new DescribeInstanceTypesRequest();
        request.setMaxResults((long) query.rows());
        request.setNextToken(query.next());
        DescribeInstanceTypesResponse answer = sdk.call(request);
        return new Wire.Types(
                answer.getNextToken(),
                answer.getInstanceTypes().stream()
                        .map(row -> new Wire.Type(
                                row.getInstanceTypeId(),
                                row.getInstanceTypeFamily(),
                                row.getInstanceFamilyLevel(),
                                row.getCpuCoreCount(),
                                OldSdk.decimal(row.getMemorySize()),
                                row.getCpuArchitecture(),
                                row.getGPUAmount(),
                                row.getGPUSpec()))
                        .toList());
    }

    @Override
    public Wire.Advices advices(String type) throws Refusal {
        DescribeSpotAdviceRequest request = new DescribeSpotAdviceRequest();
        request.setInstanceTypess(List.of(type));
        List<Wire.Advice> rows = new ArrayList<>();
        sdk.call(request)
                .getAvailableSpotZones()
                .forEach(zone -> zone.getAvailableSpotResources()
                        .forEach(row -> rows.add(new Wire.Advice(
                                zone.getZoneId(),
                                row.getInstanceType(),
                                OldSdk.decimal(row.getInterruptionRate()),
                                row.getInterruptRateDesc(),
                                row.getAverageSpotDiscount()))));
        return new Wire.Advices(rows);
    }

    @Override
    public Wire.Zones zones() throws Refusal {
        return new Wire.Zones(sdk.call(new DescribeZonesRequest()).getZones().stream()
                .map(row -> new Wire.Zone(
                        row.getZoneId(), row.getAvailableInstanceTypes(), row.getAvailableDiskCategories()))
                .toList());
    }

    @Override
    public void close() {
        sdk.close();
    }
}
