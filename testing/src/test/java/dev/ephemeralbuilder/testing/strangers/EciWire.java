package dev.ephemeralbuilder.testing.strangers;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What every client of ECI is asked and what it answers; as {@link Wire}, the names are those of {@code eci.js} too. */
final class EciWire {
    /** Prices are CNY per second here; clients read them as float, double or number. */
    private static final int DECIMALS = 7;

    private static final ObjectMapper JSON = new ObjectMapper();

    private EciWire() {}

    record Creation(
            String name,
            String zone,
            String vSwitch,
            String group,
            @Nullable Double vcpus,
            @Nullable Double memoryGib,
            @Nullable String type,
            String strategy,
            @Nullable Double limit,
            @Nullable String token,
            Map<String, String> tags,
            List<Container> containers,
            List<File> files,
            @Nullable Login login,
            boolean cached,
            boolean dryRun) {
        /** Returns the same with another value in one field. */
        Creation with(String field, @Nullable Object value) {
            ObjectNode all = JSON.valueToTree(this);
            if (!all.has(field)) {
                throw new IllegalArgumentException(field + " is no field of a creation");
            }
            return JSON.convertValue(all.set(field, JSON.valueToTree(value)), Creation.class);
        }

        Creation withImage(String image) {
            return with(
                    "containers",
                    containers.stream()
                            .map(one -> new Container(one.name(), image, one.command(), one.args(), one.environment()))
                            .toList());
        }
    }

    /** A container; each one mounts the files at /strangers. */
    record Container(
            String name, String image, List<String> command, List<String> args, Map<String, String> environment) {}

    /** A configuration file, in Base64. */
    record File(String path, String content, int mode) {}

    record Login(String server, String user, String password) {
        @Override
        public String toString() {
            return "Login[" + server + "]";
        }
    }

    record Created(String id) {}

    record Query(
            List<String> ids,
            Map<String, String> tags,
            @Nullable String status,
            int limit,
            @Nullable String next,
            boolean events) {}

    record Groups(int total, @Nullable String next, List<Group> rows) {}

    /** What all models know of a group. */
    record Group(
            String id,
            String name,
            String region,
            String zone,
            String vSwitch,
            String group,
            String status,
            BigDecimal vcpus,
            BigDecimal memoryGib,
            String restarts,
            @Nullable String address,
            @Nullable String card,
            String created,
            @Nullable String succeeded,
            Map<String, String> tags,
            List<Run> containers,
            List<Event> events,
            List<Volume> volumes) {
        Group {
            vcpus = Wire.plain(vcpus);
            memoryGib = Wire.plain(memoryGib);
            tags = new TreeMap<>(tags);
        }
    }

    record Run(
            String name,
            String image,
            BigDecimal vcpus,
            BigDecimal memoryGib,
            int restarts,
            String pullPolicy,
            String folder,
            List<String> command,
            List<String> args,
            Map<String, String> environment,
            List<Mount> mounts,
            State state) {
        Run {
            vcpus = Wire.plain(vcpus);
            memoryGib = Wire.plain(memoryGib);
            environment = new TreeMap<>(environment);
        }
    }

    record Mount(
            String name,
            String path,
            boolean readOnly,
            @Nullable String subPath) {}

    record State(
            String state,
            @Nullable String detail,
            @Nullable Integer exitCode,
            @Nullable String started,
            @Nullable String finished) {}

    record Event(int count, String type, String name, String reason, String message, String first, String last) {}

    record Volume(String name, String type, Map<String, String> files) {
        Volume {
            files = new TreeMap<>(files);
        }
    }

    /** What only newer models know of groups. */
    record Details(List<Detail> rows) {}

    record Detail(
            String id,
            String vpc,
            @Nullable String type,
            String strategy,
            BigDecimal limit,
            int ephemeralGib,
            @Nullable String failed,
            @Nullable String expired,
            List<Boolean> ready,
            List<Reason> reasons) {
        Detail {
            limit = Wire.plain(limit);
        }
    }

    record Reason(
            @Nullable String reason,
            @Nullable String message,
            @Nullable Integer signal) {}

    record Statuses(List<Status> rows) {}

    record Status(String id, String status, String phase, List<Condition> conditions, List<String> containers) {}

    record Condition(
            String type,
            String status,
            @Nullable String reason,
            @Nullable String message) {}

    record History(List<Happening> rows) {}

    record Happening(String id, String type, String reason, String message, int count, String source) {}

    record Deletion(String id, boolean force, @Nullable String token) {}

    /** A command; its output is read from the WebSocket, or from the answer if it is synchronous. */
    record Command(
            String id,
            String container,
            List<String> command,
            @Nullable String input,
            boolean sync) {}

    record Output(String text) {}

    record LogQuery(
            String id, String container, int tail, @Nullable Integer bytes, boolean timestamps) {}

    record Log(String container, String content) {}

    record Offer(
            @Nullable Double vcpus,
            @Nullable Double memoryGib,
            @Nullable String type,
            String strategy) {}

    record Quote(String currency, BigDecimal list, BigDecimal discount, BigDecimal trade, List<Part> parts) {
        Quote {
            list = fine(list);
            discount = fine(discount);
            trade = fine(trade);
        }
    }

    record Part(String resource, BigDecimal list, BigDecimal trade) {
        Part {
            list = fine(list);
            trade = fine(trade);
        }
    }

    record SpotPrices(List<SpotPrice> rows) {}

    record SpotPrice(String zone, String type, BigDecimal list, BigDecimal spot) {
        SpotPrice {
            list = Wire.plain(list);
            spot = Wire.plain(spot);
        }
    }

    record Stocks(List<Stock> rows) {}

    record Stock(String zone, String kind, String value, String category) {}

    record Regions(List<Region> rows) {}

    record Region(String id, String endpoint, List<String> zones) {}

    record Usage(Map<String, BigDecimal> values) {
        Usage {
            Map<String, BigDecimal> plain = new TreeMap<>();
            values.forEach((name, value) -> plain.put(name, Wire.plain(value)));
            values = plain;
        }
    }

    record CacheCreation(String name, List<String> images, String vSwitch, String group) {}

    record CacheCreated(String id, String group) {}

    record CacheQuery(@Nullable String id) {}

    record Caches(List<Cache> rows) {}

    record Cache(
            String id,
            String name,
            String group,
            @Nullable String snapshot,
            String status,
            String progress,
            List<String> images) {}

    private static BigDecimal fine(BigDecimal value) {
        return value.setScale(DECIMALS, RoundingMode.HALF_UP);
    }
}
