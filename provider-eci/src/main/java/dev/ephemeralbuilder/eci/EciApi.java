package dev.ephemeralbuilder.eci;

import com.google.gson.JsonObject;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.alibaba.ErrorKind;
import dev.ephemeralbuilder.alibaba.FormCall;
import dev.ephemeralbuilder.alibaba.OpenApiClient;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MachineTags;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The operations of ECI, one method each (eci-openapi, sections 3 and 4). */
final class EciApi {
    /** The container that the supervisor runs in. */
    static final String SUPERVISED = "build";

    /** The container that runs a command of its own. */
    static final String OWN_COMMAND = "command";

    /** The most ids that a describe call takes, and the most groups that it returns. */
    static final int DESCRIBE_BATCH = 20;

    static final String CREATE = "CreateContainerGroup";
    static final String DESCRIBE = "DescribeContainerGroups";
    static final String DELETE = "DeleteContainerGroup";
    static final String TAG = "TagResources";
    static final String EXEC = "ExecContainerCommand";
    static final String LOG = "DescribeContainerLog";
    static final String PRICE = "DescribeContainerGroupPrice";
    static final String STOCK = "DescribeAvailableResource";

    private static final String PRODUCT = "eci";
    private static final String VERSION = "2018-08-08";

    /** The name that the vendor's own client documents for it. */
    private static final String RESOURCE_TYPE = "ContainerGroup";

    private static final int MAX_PAGES = 100;
    private static final BigDecimal SECONDS_PER_HOUR = BigDecimal.valueOf(3600);

    private final OpenApiClient client;
    private final ContainerGroups groups;

    EciApi(OpenApiClient client, ContainerGroups groups) {
        this.client = client;
        this.groups = groups;
    }

    static FormCall create(Map<String, String> parameters) {
        return new FormCall(PRODUCT, VERSION, CREATE, parameters);
    }

    private JsonObject call(String action, Map<String, String> parameters) throws InterruptedException {
        JsonObject answer = client.call(new FormCall(PRODUCT, VERSION, action, parameters));
        if (Json.text(answer, "RequestId") == null) {
            boolean reads = action.startsWith("Describe");
            throw malformed(action, "it has no request id", reads ? Effect.NONE : Effect.UNKNOWN);
        }
        return answer;
    }

    LaunchResult create(FormCall order) throws InterruptedException {
        JsonObject answer;
        try {
            answer = client.call(order);
        } catch (ProviderException e) {
            ErrorKind kind = e.code().map(client::kind).orElse(null);
            if (client.isNotFound(e) || kind == ErrorKind.STATE) {
                // Here it is not the group that is missing, or in a state.
                throw new ConfigurationException(
                        CREATE + ": something that the settings or the spec name does not exist, or cannot be used now",
                        e.code().orElse(null),
                        e.requestId().orElse(null),
                        null);
            }
            throw e;
        }
        String id = Json.text(answer, "ContainerGroupId");
        if (id == null) {
            throw malformed(CREATE, "it names no group", Effect.UNKNOWN);
        }
        return new LaunchResult(List.of(id), Json.text(answer, "RequestId"));
    }

    /** Describes; all pages. Ids without a row are absent: the answer was complete. */
    Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
        try {
            return pages(ids);
        } catch (ProviderException e) {
            if (!client.isNotFound(e)) {
                throw e;
            }
        }
        // Some answer so for an unknown id, and do not say which one it is (eci-openapi, section 4).
        Map<String, Machine> machines = new LinkedHashMap<>();
        if (ids.size() > 1) {
            for (String id : ids) {
                machines.putAll(describe(List.of(id)));
            }
        }
        return machines;
    }

    private Map<String, Machine> pages(Collection<String> ids) throws InterruptedException {
        Map<String, Machine> machines = new LinkedHashMap<>();
        String next = null;
        for (int page = 0; page < MAX_PAGES; page++) {
            Map<String, String> parameters = new LinkedHashMap<>();
            parameters.put("ContainerGroupIds", Json.list(ids));
            JsonObject answer = page(parameters, next);
            for (Machine machine : machines(answer)) {
                machines.put(machine.id(), machine);
            }
            String token = Json.text(answer, "NextToken");
            if (token == null) {
                BigDecimal total = Json.number(answer, "TotalCount");
                if (total != null && total.intValue() > machines.size() && total.intValue() <= ids.size()) {
                    throw malformed(DESCRIBE, "it counts " + total + " groups and has " + machines.size(), Effect.NONE);
                }
                return machines;
            }
            if (token.equals(next)) {
                break;
            }
            next = token;
        }
        throw malformed(DESCRIBE, "its pages do not end", Effect.NONE);
    }

    MachinePage list(String owner, @Nullable String cursor) throws InterruptedException {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("Tag.1.Key", MachineTags.OWNER);
        parameters.put("Tag.1.Value", owner);
        JsonObject answer = page(parameters, cursor);
        return new MachinePage(machines(answer), Json.text(answer, "NextToken"));
    }

    private JsonObject page(Map<String, String> parameters, @Nullable String next) throws InterruptedException {
        parameters.put("Limit", Integer.toString(DESCRIBE_BATCH));
        parameters.put("WithEvent", "true");
        if (next != null) {
            parameters.put("NextToken", next);
        }
        JsonObject answer = call(DESCRIBE, parameters);
        if (!Json.isList(answer, "ContainerGroups")) {
            throw malformed(DESCRIBE, "it has no list of groups", Effect.NONE);
        }
        return answer;
    }

    private List<Machine> machines(JsonObject answer) {
        List<Machine> machines = new ArrayList<>();
        for (JsonObject row : Json.objects(answer, "ContainerGroups")) {
            machines.add(groups.machine(row));
        }
        return machines;
    }

    void tag(Collection<String> ids, String key, String value) throws InterruptedException {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("ResourceType", RESOURCE_TYPE);
        int n = 1;
        for (String id : ids) {
            parameters.put("ResourceId." + n++, id);
        }
        parameters.put("Tag.1.Key", key);
        parameters.put("Tag.1.Value", value);
        call(TAG, parameters);
    }

    /** Deletes one group at once: what runs in it has no grace. */
    void delete(String id) throws InterruptedException {
        call(DELETE, Map.of("ContainerGroupId", id, "Force", "true"));
    }

    /**
     * Starts a command in the supervised container and returns where its channel is, which is a secret. That there is no
     * such group is a failure that may be repeated, as with any machine that does not answer: it is for a look at the
     * machine to say that it is gone.
     */
    URI exec(String id, List<String> command) throws InterruptedException {
        return exec(id, command, "false");
    }

    /** Like {@link #exec}, on a terminal. */
    URI terminal(String id, List<String> command) throws InterruptedException {
        return exec(id, command, "true");
    }

    private URI exec(String id, List<String> command, String tty) throws InterruptedException {
        Map<String, String> parameters = Map.of(
                "ContainerGroupId",
                id,
                "ContainerName",
                SUPERVISED,
                "Command",
                Json.list(command),
                "Stdin",
                "true",
                "TTY",
                tty,
                "Sync",
                "false");
        String uri;
        try {
            uri = Json.text(call(EXEC, parameters), "WebSocketUri");
        } catch (ProviderException e) {
            if (client.isNotFound(e)) {
                throw new ProviderException(
                        id + " does not answer: " + EXEC + " knows no such group",
                        Effect.NONE,
                        true,
                        e.code().orElse(null),
                        e.requestId().orElse(null),
                        null);
            }
            throw e;
        }
        try {
            if (uri != null) {
                return new URI(uri);
            }
        } catch (URISyntaxException e) {
            // Its message holds the address.
            throw malformed(EXEC, "its address is none", Effect.UNKNOWN);
        }
        throw malformed(EXEC, "it has no address", Effect.UNKNOWN);
    }

    /** Returns the last lines since a second, each with its time before it. */
    String log(String id, @Nullable String since, int lines, int bytes) throws InterruptedException {
        Map<String, String> more = new LinkedHashMap<>();
        more.put("Timestamps", "true");
        if (since != null) {
            more.put("StartTime", since);
        }
        return said(id, OWN_COMMAND, lines, bytes, more);
    }

    /** Returns the end of what a container has written. */
    String tail(String id, String container, int lines, int bytes) throws InterruptedException {
        return said(id, container, lines, bytes, Map.of());
    }

    private String said(String id, String container, int lines, int bytes, Map<String, String> more)
            throws InterruptedException {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("ContainerGroupId", id);
        parameters.put("ContainerName", container);
        parameters.put("Tail", Integer.toString(lines));
        parameters.put("LimitBytes", Integer.toString(bytes));
        parameters.putAll(more);
        String content = Json.raw(call(LOG, parameters), "Content");
        return content == null ? "" : content;
    }

    /** Returns what the cloud says of a group, with its events; nothing if there is none. */
    Optional<JsonObject> group(String id) throws InterruptedException {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("ContainerGroupIds", Json.list(List.of(id)));
        try {
            return Json.objects(page(parameters, null), "ContainerGroups").stream()
                    .filter(row -> id.equals(Json.text(row, "ContainerGroupId")))
                    .findFirst();
        } catch (ProviderException e) {
            if (client.isNotFound(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Returns the price of a size on demand per hour, which the API says per second; empty if it names none. */
    Optional<Money> price(MachineType size) throws InterruptedException {
        JsonObject answer = call(
                PRICE, Map.of("Cpu", EciSizes.vcpus(size), "Memory", EciSizes.gib(size), "SpotStrategy", "NoSpot"));
        JsonObject price = Json.object(answer, "PriceInfo", "Price");
        BigDecimal perSecond = Json.number(price, "TradePrice");
        if (perSecond == null || perSecond.signum() <= 0) {
            return Optional.empty();
        }
        String currency = Json.text(price, "Currency");
        if (currency == null) {
            throw malformed(PRICE, "it names no currency", Effect.NONE);
        }
        String perHour =
                perSecond.multiply(SECONDS_PER_HOUR).stripTrailingZeros().toPlainString();
        try {
            return Optional.of(Money.of(perHour, currency));
        } catch (IllegalArgumentException e) {
            throw malformed(PRICE, "its currency is none", Effect.NONE);
        }
    }

    /**
     * Returns what the cloud says of the stock of a size or an instance type, by zone: whether any type that it could be
     * made of is there.
     */
    Map<String, Boolean> stock(MachineType type, Market market, int spotDuration) throws InterruptedException {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("DestinationResource.Category", "InstanceType");
        parameters.put("DestinationResource.Cores", EciSizes.vcpus(type));
        parameters.put("DestinationResource.Memory", EciSizes.gib(type));
        if (!EciSizes.isSize(type)) {
            parameters.put("DestinationResource.Value", type.id());
        }
        if (market == Market.SPOT) {
            parameters.put("SpotResource.SpotStrategy", "SpotAsPriceGo");
            parameters.put("SpotResource.SpotDuration", Integer.toString(spotDuration));
        } else {
            parameters.put("SpotResource.SpotStrategy", "NoSpot");
        }
        JsonObject zones = Json.object(call(STOCK, parameters), "AvailableZones");
        Map<String, Boolean> stock = new LinkedHashMap<>();
        for (JsonObject zone : Json.objects(zones, "AvailableZone")) {
            String id = Json.text(zone, "ZoneId");
            for (JsonObject found : supported(zone)) {
                boolean same = EciSizes.isSize(type) || type.id().equals(Json.text(found, "Value"));
                String category = Json.text(found, "StatusCategory");
                if (id != null && same && category != null) {
                    stock.merge(id, category.endsWith("WithStock"), Boolean::logicalOr);
                }
            }
        }
        return stock;
    }

    private static List<JsonObject> supported(JsonObject zone) {
        List<JsonObject> supported = new ArrayList<>();
        for (JsonObject resource : Json.objects(Json.object(zone, "AvailableResources"), "AvailableResource")) {
            if ("InstanceType".equals(Json.text(resource, "Type"))) {
                supported.addAll(Json.objects(Json.object(resource, "SupportedResources"), "SupportedResource"));
            }
        }
        return supported;
    }

    static ProviderException malformed(String action, String why, Effect effect) {
        return new ProviderException(
                action + " was answered, but the answer makes no sense: " + why,
                effect,
                true,
                "MalformedAnswer",
                null,
                null);
    }
}
