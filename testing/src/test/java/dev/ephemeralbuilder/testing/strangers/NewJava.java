package dev.ephemeralbuilder.testing.strangers;

import com.aliyun.ecs20140526.Client;
import com.aliyun.ecs20140526.models.DeleteInstancesRequest;
import com.aliyun.ecs20140526.models.DescribeAvailableResourceRequest;
import com.aliyun.ecs20140526.models.DescribeInstanceTypesRequest;
import com.aliyun.ecs20140526.models.DescribeInstanceTypesResponseBody;
import com.aliyun.ecs20140526.models.DescribeInstancesRequest;
import com.aliyun.ecs20140526.models.DescribeInstancesResponseBody;
import com.aliyun.ecs20140526.models.DescribePriceRequest;
import com.aliyun.ecs20140526.models.DescribePriceResponseBody;
import com.aliyun.ecs20140526.models.DescribeSpotAdviceRequest;
import com.aliyun.ecs20140526.models.DescribeSpotPriceHistoryRequest;
import com.aliyun.ecs20140526.models.DescribeSpotPriceHistoryResponseBody;
import com.aliyun.ecs20140526.models.DescribeZonesRequest;
import com.aliyun.ecs20140526.models.GetInstanceConsoleOutputRequest;
import com.aliyun.ecs20140526.models.GetInstanceConsoleOutputResponseBody;
import com.aliyun.ecs20140526.models.ListTagResourcesRequest;
import com.aliyun.ecs20140526.models.ListTagResourcesResponseBody;
import com.aliyun.ecs20140526.models.ModifyInstanceAutoReleaseTimeRequest;
import com.aliyun.ecs20140526.models.RunInstancesRequest;
import com.aliyun.ecs20140526.models.TagResourcesRequest;
import com.aliyun.ecs20140526.models.UntagResourcesRequest;
import com.aliyun.tea.NameInMap;
import com.aliyun.tea.TeaException;
import com.aliyun.tea.TeaModel;
import com.aliyun.tea.TeaUnretryableException;
import com.aliyun.teaopenapi.models.Config;
import com.aliyun.teaopenapi.models.OpenApiRequest;
import com.aliyun.teaopenapi.models.Params;
import com.aliyun.teautil.models.RuntimeOptions;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * {@code com.aliyun:ecs20140526}, which signs with V3 unless told otherwise.
 */
final class NewJava implements Stranger {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Client client;
    private final Set<String> misfits = new TreeSet<>();
    private final String region;
    private final RuntimeOptions options = new RuntimeOptions();

    NewJava(Wire.Access access) {
        region = access.region();
        Config config = new Config()
                .setAccessKeyId(access.keyId())
                .setAccessKeySecret(access.secret())
                .setSecurityToken(access.token())
                .setRegionId(region)
                .setEndpoint(access.host())
                .setProtocol("HTTP")
                .setConnectTimeout(TIMEOUT_MILLIS)
                .setReadTimeout(TIMEOUT_MILLIS)
                .setNoProxy("127.0.0.1");
        try {
            client = new WatchedClient(config, misfits);
        } catch (Exception e) {
            throw new AssertionError("the client could not be made", e);
        }
    }

    @Override
    public Wire.Created create(Wire.Creation creation) throws Refusal {
        List<RunInstancesRequest.RunInstancesRequestTag> tags = new ArrayList<>();
        creation.tags()
                .forEach((key, value) -> tags.add(new RunInstancesRequest.RunInstancesRequestTag()
                        .setKey(key)
                        .setValue(value)));
        RunInstancesRequest request = new RunInstancesRequest()
                .setRegionId(region)
                .setInstanceType(creation.type())
                .setImageId(creation.image())
                .setSecurityGroupId(creation.group())
                .setZoneId(creation.zone())
                .setVSwitchId(creation.vSwitch())
                .setAmount(creation.amount())
                .setMinAmount(creation.minimum())
                .setClientToken(creation.token())
                .setSpotStrategy("SpotWithPriceLimit")
                .setSpotPriceLimit((float) creation.limit())
                .setSpotDuration(1)
                .setAutoReleaseTime(creation.cap())
                .setUserData(creation.userData())
                .setTag(tags);
        if (creation.dryRun()) {
            request.setDryRun(true);
        }
        return new Wire.Created(call(() -> {
                    var answer = client.runInstancesWithOptions(request, options);
                    return new Heard<>(answer.getHeaders(), answer.getBody());
                })
                .getInstanceIdSets()
                .getInstanceIdSet());
    }

    @Override
    public Wire.Machines describe(Wire.Query query) throws Refusal {
        List<DescribeInstancesRequest.DescribeInstancesRequestTag> tags = new ArrayList<>();
        query.tags()
                .forEach((key, value) -> tags.add(new DescribeInstancesRequest.DescribeInstancesRequestTag()
                        .setKey(key)
                        .setValue(value)));
        DescribeInstancesRequest request = new DescribeInstancesRequest()
                .setRegionId(region)
                .setMaxResults(query.rows())
                .setNextToken(query.next())
                .setTag(tags);
        if (!query.ids().isEmpty()) {
            request.setInstanceIds(json(query.ids()));
        }
        DescribeInstancesResponseBody answer = call(() -> {
            var given = client.describeInstancesWithOptions(request, options);
            return new Heard<>(given.getHeaders(), given.getBody());
        });
        return new Wire.Machines(
                answer.getTotalCount(),
                answer.getNextToken(),
                answer.getInstances().getInstance().stream()
                        .map(NewJava::machine)
                        .toList());
    }

    private static Wire.Machine machine(
            DescribeInstancesResponseBody.DescribeInstancesResponseBodyInstancesInstance row) {
        Map<String, String> tags = new TreeMap<>();
        row.getTags().getTag().forEach(tag -> tags.put(tag.getTagKey(), tag.getTagValue()));
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
                decimal(row.getSpotPriceLimit()),
                row.getSpotInterruptionBehavior(),
                row.getDeletionProtection(),
                row.getRecyclable(),
                row.getSecurityGroupIds().getSecurityGroupId(),
                row.getVpcAttributes().getVSwitchId(),
                row.getVpcAttributes().getPrivateIpAddress().getIpAddress(),
                row.getPublicIpAddress().getIpAddress(),
                row.getEipAddress().getIpAddress(),
                row.getOperationLocks().getLockReason().stream()
                        .map(lock -> lock.getLockReason())
                        .toList(),
                tags);
    }

    @Override
    public void delete(Wire.Deletion deletion) throws Refusal {
        DeleteInstancesRequest request = new DeleteInstancesRequest()
                .setRegionId(region)
                .setInstanceId(deletion.ids())
                .setForce(deletion.force())
                .setClientToken(deletion.token());
        call(() -> {
            var answer = client.deleteInstancesWithOptions(request, options);
            return new Heard<>(answer.getHeaders(), answer.getBody());
        });
    }

    @Override
    public void cap(Wire.Cap cap) throws Refusal {
        ModifyInstanceAutoReleaseTimeRequest request = new ModifyInstanceAutoReleaseTimeRequest()
                .setRegionId(region)
                .setInstanceId(cap.id())
                .setAutoReleaseTime(cap.time());
        call(() -> {
            var answer = client.modifyInstanceAutoReleaseTimeWithOptions(request, options);
            return new Heard<>(answer.getHeaders(), answer.getBody());
        });
    }

    @Override
    public Wire.Console console(Wire.ConsoleQuery query) throws Refusal {
        GetInstanceConsoleOutputRequest request =
                new GetInstanceConsoleOutputRequest().setRegionId(region).setInstanceId(query.id());
        GetInstanceConsoleOutputResponseBody answer = call(() -> {
            var given = client.getInstanceConsoleOutputWithOptions(request, options);
            return new Heard<>(given.getHeaders(), given.getBody());
        });
        return new Wire.Console(answer.getInstanceId(), answer.getLastUpdateTime(), answer.getConsoleOutput());
    }

    @Override
    public void tag(Wire.Tagging tagging) throws Refusal {
        List<TagResourcesRequest.TagResourcesRequestTag> tags = new ArrayList<>();
        tagging.tags()
                .forEach((key, value) -> tags.add(new TagResourcesRequest.TagResourcesRequestTag()
                        .setKey(key)
                        .setValue(value)));
        TagResourcesRequest request = new TagResourcesRequest()
                .setRegionId(region)
                .setResourceType("instance")
                .setResourceId(tagging.ids())
                .setTag(tags);
        call(() -> {
            var answer = client.tagResourcesWithOptions(request, options);
            return new Heard<>(answer.getHeaders(), answer.getBody());
        });
    }

    @Override
    public void untag(Wire.Untagging untagging) throws Refusal {
        UntagResourcesRequest request = new UntagResourcesRequest()
                .setRegionId(region)
                .setResourceType("instance")
                .setResourceId(untagging.ids())
                .setTagKey(untagging.keys())
                .setAll(untagging.all());
        call(() -> {
            var answer = client.untagResourcesWithOptions(request, options);
            return new Heard<>(answer.getHeaders(), answer.getBody());
        });
    }

    @Override
    public Wire.Tags tags(Wire.TagQuery query) throws Refusal {
        List<ListTagResourcesRequest.ListTagResourcesRequestTag> tags = new ArrayList<>();
        query.tags()
                .forEach((key, value) -> tags.add(new ListTagResourcesRequest.ListTagResourcesRequestTag()
                        .setKey(key)
                        .setValue(value)));
        ListTagResourcesRequest request = new ListTagResourcesRequest()
                .setRegionId(region)
                .setResourceType("instance")
                .setResourceId(query.ids())
                .setNextToken(query.next())
                .setTag(tags);
        ListTagResourcesResponseBody answer = call(() -> {
            var given = client.listTagResourcesWithOptions(request, options);
            return new Heard<>(given.getHeaders(), given.getBody());
        });
        return new Wire.Tags(
                answer.getNextToken(),
                answer.getTagResources().getTagResource().stream()
                        .map(row -> new Wire.Tag(
                                row.getResourceId(), row.getResourceType(), row.getTagKey(), row.getTagValue()))
                        .toList());
    }

    @Override
    public Wire.Prices prices(Wire.Offer offer) throws Refusal {
        DescribeSpotPriceHistoryRequest request = new DescribeSpotPriceHistoryRequest()
                .setRegionId(region)
                .setInstanceType(offer.type())
                .setNetworkType("vpc")
                .setIoOptimized("optimized")
                .setSpotDuration(1);
        DescribeSpotPriceHistoryResponseBody answer = call(() -> {
            var given = client.describeSpotPriceHistoryWithOptions(request, options);
            return new Heard<>(given.getHeaders(), given.getBody());
        });
        return new Wire.Prices(
                answer.getCurrency(),
                answer.getNextOffset(),
                answer.getSpotPrices().getSpotPriceType().stream()
                        .map(row -> new Wire.Price(
                                row.getZoneId(),
                                row.getInstanceType(),
                                row.getIoOptimized(),
                                row.getNetworkType(),
                                row.getTimestamp(),
                                decimal(row.getSpotPrice()),
                                decimal(row.getOriginPrice())))
                        .toList());
    }

    @Override
    public Wire.Quote quote(Wire.Offer offer) throws Refusal {
        DescribePriceRequest request = new DescribePriceRequest()
                .setRegionId(region)
                .setResourceType("instance")
                .setInstanceType(offer.type())
                .setZoneId(offer.zone())
                .setSpotStrategy("SpotAsPriceGo")
                .setSpotDuration(1)
                .setPriceUnit("Hour")
                .setPeriod(1)
                .setAmount(2);
        DescribePriceResponseBody answer = call(() -> {
            var given = client.describePriceWithOptions(request, options);
            return new Heard<>(given.getHeaders(), given.getBody());
        });
        var price = answer.getPriceInfo().getPrice();
        return new Wire.Quote(
                price.getCurrency(),
                decimal(price.getOriginalPrice()),
                decimal(price.getDiscountPrice()),
                decimal(price.getTradePrice()));
    }

    @Override
    public Wire.Stocks stocks(String type) throws Refusal {
        DescribeAvailableResourceRequest request = new DescribeAvailableResourceRequest()
                .setRegionId(region)
                .setDestinationResource("InstanceType")
                .setInstanceType(type)
                .setIoOptimized("optimized")
                .setSpotStrategy("SpotAsPriceGo")
                .setSpotDuration(1);
        var answer = call(() -> {
            var given = client.describeAvailableResourceWithOptions(request, options);
            return new Heard<>(given.getHeaders(), given.getBody());
        });
        List<Wire.Stock> rows = new ArrayList<>();
        answer.getAvailableZones()
                .getAvailableZone()
                .forEach(zone -> zone.getAvailableResources().getAvailableResource().stream()
                        .flatMap(resource -> resource.getSupportedResources().getSupportedResource().stream())
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
        DescribeInstanceTypesRequest request = new DescribeInstanceTypesRequest()
                .setMaxResults((long) query.rows())
                .setNextToken(query.next());
        DescribeInstanceTypesResponseBody answer = call(() -> {
            var given = client.describeInstanceTypesWithOptions(request, options);
            return new Heard<>(given.getHeaders(), given.getBody());
        });
        return new Wire.Types(
                answer.getNextToken(),
                answer.getInstanceTypes().getInstanceType().stream()
                        .map(row -> new Wire.Type(
                                row.getInstanceTypeId(),
                                row.getInstanceTypeFamily(),
                                row.getInstanceFamilyLevel(),
                                row.getCpuCoreCount(),
                                decimal(row.getMemorySize()),
                                row.getCpuArchitecture(),
                                row.getGPUAmount(),
                                row.getGPUSpec()))
                        .toList());
    }

    @Override
    public Wire.Advices advices(String type) throws Refusal {
        DescribeSpotAdviceRequest request =
                new DescribeSpotAdviceRequest().setRegionId(region).setInstanceTypes(List.of(type));
        var answer = call(() -> {
            var given = client.describeSpotAdviceWithOptions(request, options);
            return new Heard<>(given.getHeaders(), given.getBody());
        });
        List<Wire.Advice> rows = new ArrayList<>();
        answer.getAvailableSpotZones()
                .getAvailableSpotZone()
                .forEach(zone -> zone.getAvailableSpotResources()
                        .getAvailableSpotResource()
                        .forEach(row -> rows.add(new Wire.Advice(
                                zone.getZoneId(),
                                row.getInstanceType(),
                                decimal(row.getInterruptionRate()),
                                row.getInterruptRateDesc(),
                                row.getAverageSpotDiscount()))));
        return new Wire.Advices(rows);
    }

    @Override
    public Wire.Zones zones() throws Refusal {
        DescribeZonesRequest request = new DescribeZonesRequest().setRegionId(region);
        return new Wire.Zones(call(() -> {
                    var answer = client.describeZonesWithOptions(request, options);
                    return new Heard<>(answer.getHeaders(), answer.getBody());
                })
                .getZones()
                .getZone()
                .stream()
                .map(row -> new Wire.Zone(
                        row.getZoneId(),
                        row.getAvailableInstanceTypes().getInstanceTypes(),
                        row.getAvailableDiskCategories().getDiskCategories()))
                .toList());
    }

    @Override
    public Wire.Misfits misfits() {
        return new Wire.Misfits(List.copyOf(misfits));
    }

    /** Compares answers with their models before they become models: those convert in silence what does not fit. */
    private static final class WatchedClient extends Client {
        private final Set<String> misfits;

        WatchedClient(Config config, Set<String> misfits) throws Exception {
            super(config);
            this.misfits = misfits;
        }

        @Override
        public Map<String, ?> callApi(Params params, OpenApiRequest request, RuntimeOptions runtime) throws Exception {
            Map<String, ?> answer = super.callApi(params, request, runtime);
            Class<?> model = Class.forName("com.aliyun.ecs20140526.models." + params.action + "ResponseBody");
            compare(answer.get("body"), model, params.action);
            return answer;
        }

        private void compare(Object value, Type type, String at) {
            if (type instanceof ParameterizedType list && value instanceof List<?> rows) {
                rows.forEach(row -> compare(row, list.getActualTypeArguments()[0], at + "[]"));
            } else if (type instanceof Class<?> model && TeaModel.class.isAssignableFrom(model)) {
                if (value instanceof Map<?, ?> fields) {
                    for (Field field : model.getFields()) {
                        String name = field.getAnnotation(NameInMap.class).value();
                        if (fields.get(name) != null) {
                            compare(fields.get(name), field.getGenericType(), at + "." + name);
                        }
                    }
                } else {
                    misfits.add(at + " is no object");
                }
            } else if (!fits(value, type)) {
                misfits.add(at + " is " + value.getClass().getSimpleName() + ", not " + type.getTypeName());
            }
        }

        // JSON has whole numbers, read as Long, and others, read as Double.
        private static boolean fits(Object value, Type type) {
            if (type == Integer.class || type == Long.class) {
                return value instanceof Long || value instanceof Integer;
            }
            if (type == Float.class || type == Double.class) {
                return value instanceof Double;
            }
            return type instanceof Class<?> plain && plain.isInstance(value);
        }
    }

    private record Heard<T extends TeaModel>(Map<String, String> headers, T body) {}

    @FunctionalInterface
    private interface Call<T extends TeaModel> {
        // Exception is what the client's own methods declare.
        Heard<T> run() throws Exception;
    }

    private static <T extends TeaModel> T call(Call<T> call) throws Refusal {
        Heard<T> heard;
        try {
            heard = call.run();
        } catch (TeaUnretryableException e) {
            throw new Refusal(null, null, null, words(e));
        } catch (TeaException e) {
            Map<String, Object> data = e.getData() == null ? Map.of() : e.getData();
            Object id = data.get("RequestId");
            boolean none = e.getCode() == null || e.getCode().equals("null");
            throw new Refusal(
                    none ? null : e.getCode(), e.getStatusCode(), id == null ? null : id.toString(), words(e));
        } catch (Exception e) {
            throw new Refusal(null, null, null, words(e));
        }
        Object id = heard.body().toMap().get("RequestId");
        if (id == null || !id.equals(heard.headers().get("x-acs-request-id"))) {
            throw new AssertionError("request id " + id + " in the body, another one in the headers");
        }
        return heard.body();
    }

    /** Not the message: it may hold the whole request. */
    private static String words(Exception e) {
        Throwable cause = e.getCause();
        return e.getClass().getSimpleName()
                + (cause == null ? "" : ", " + cause.getClass().getSimpleName());
    }

    private static String json(List<String> ids) {
        try {
            return JSON.writeValueAsString(ids);
        } catch (JsonProcessingException e) {
            throw new AssertionError("a list of texts can always be written", e);
        }
    }

    private static BigDecimal decimal(Float value) {
        return new BigDecimal(value.toString());
    }

    @Override
    public void close() {
        // Its connections belong to the JVM and end when idle.
    }
}
