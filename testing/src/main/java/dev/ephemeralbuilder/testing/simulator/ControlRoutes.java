package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ephemeralbuilder.Market;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/** What the controls of a simulator can do over HTTP. Documented in docs/simulator.md. */
final class ControlRoutes {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final long MAX_NOTICE_SECONDS = 86_400;
    private static final long MAX_ADVANCE_SECONDS = 366L * 86_400;
    private static final long MAX_STOCK = 1_000_000;
    private static final List<String> MARKETS =
            Arrays.stream(Market.values()).map(Market::name).toList();
    private static final long MAX_ENTRIES = 10_000;
    private static final long USUAL_ENTRIES = 1_000;
    private static final List<String> OUTCOMES = List.of("succeeded", "failed");

    private final AlibabaCloudSimulator simulator;
    private final Region region;
    private final Supplier<? extends Collection<String>> actions;

    /**
     * Creates the routes; asks nothing of the simulator yet.
     *
     * @param actions names of the operations that there are, when a request wants to know
     */
    ControlRoutes(AlibabaCloudSimulator simulator, Region region, Supplier<? extends Collection<String>> actions) {
        this.simulator = simulator;
        this.region = region;
        this.actions = actions;
    }

    List<ControlApi.Route> all() {
        List<ControlApi.Route> all = new ArrayList<>(List.of(
                new ControlApi.Route("GET", "/faults", (id, input) -> faults(input)),
                new ControlApi.Route("POST", "/faults", (id, input) -> addFault(input)),
                new ControlApi.Route("DELETE", "/faults", (id, input) -> clearFaults(input)),
                new ControlApi.Route("DELETE", "/faults/{id}", this::removeFault),
                new ControlApi.Route("POST", "/ssh-cuts", (id, input) -> addCuts(input)),
                new ControlApi.Route("GET", "/machines", (id, input) -> machines(input)),
                new ControlApi.Route("GET", "/instances", (id, input) -> instances(input)),
                new ControlApi.Route("POST", "/machines/{id}/reclaim", this::reclaim),
                new ControlApi.Route("POST", "/machines/{id}/withdraw-reclaim", this::withdrawReclaim),
                new ControlApi.Route("POST", "/machines/{id}/cut-ssh", this::cutSsh),
                new ControlApi.Route("POST", "/stock", (id, input) -> stock(input)),
                new ControlApi.Route("GET", "/journal", (id, input) -> journal(input)),
                new ControlApi.Route("GET", "/journal/counts", (id, input) -> counts(input)),
                new ControlApi.Route("GET", "/clock", (id, input) -> clock(input)),
                new ControlApi.Route("POST", "/clock/advance", (id, input) -> advance(input))));
        all.addAll(new GroupControlRoutes(simulator).all());
        return all;
    }

    private JsonNode faults(ControlInput input) {
        input.end();
        ObjectNode answer = JSON.objectNode();
        ArrayNode rules = answer.putArray("faults");
        simulator.faults().orders().forEach(order -> rules.add(FaultJson.write(order)));
        ArrayNode cuts = answer.putArray("sshCutsAfterBytes");
        simulator.faults().ssh().pending().forEach(cuts::add);
        ArrayNode execCuts = answer.putArray("execCutsAfterBytes");
        simulator.faults().exec().pendingCuts().forEach(execCuts::add);
        return answer;
    }

    private JsonNode addFault(ControlInput input) {
        int number = FaultJson.order(input, simulator.faults(), actions.get(), region);
        return simulator.faults().orders().stream()
                .filter(order -> order.number() == number)
                .findFirst()
                .map(FaultJson::write)
                // Someone cleared all at the same moment.
                .orElseThrow(() -> noFault(Integer.toString(number)));
    }

    private JsonNode clearFaults(ControlInput input) {
        input.end();
        simulator.faults().clear();
        return JSON.objectNode();
    }

    private JsonNode removeFault(String id, ControlInput input) {
        input.end();
        int number;
        try {
            number = Integer.parseInt(id);
        } catch (NumberFormatException e) {
            throw noFault(id);
        }
        if (!simulator.faults().remove(number)) {
            throw noFault(id);
        }
        return JSON.objectNode();
    }

    private static ControlError noFault(String id) {
        return new ControlError(404, "there is no fault " + id);
    }

    private JsonNode addCuts(ControlInput input) {
        List<Long> bytes = input.requireWholes("afterBytes", 0, Long.MAX_VALUE);
        input.end();
        simulator
                .faults()
                .ssh()
                .cutAfterBytes(bytes.stream().mapToLong(Long::longValue).toArray());
        return JSON.objectNode();
    }

    private JsonNode machines(ControlInput input) {
        input.end();
        ObjectNode answer = JSON.objectNode();
        ArrayNode list = answer.putArray("machines");
        for (SimulatedMachine machine : simulator.machines()) {
            ObjectNode json = list.addObject()
                    .put("id", machine.id())
                    .put("state", machine.state())
                    .put("address", machine.address())
                    .put("sshPort", machine.sshPort())
                    .put("type", machine.type())
                    .put("zone", machine.zone())
                    .put("home", machine.home().toString());
            ObjectNode tags = json.putObject("tags");
            machine.tags().forEach(tags::put);
        }
        return answer;
    }

    private JsonNode instances(ControlInput input) {
        input.end();
        ObjectNode answer = JSON.objectNode();
        ArrayNode list = answer.putArray("instances");
        for (SimulatedInstance instance : simulator.instances()) {
            ObjectNode json = list.addObject()
                    .put("id", instance.id())
                    .put("state", instance.state())
                    .put("type", instance.type())
                    .put("zone", instance.zone())
                    .put("billedSeconds", instance.billed().toMillis() / 1000.0)
                    .put("pricePerHour", instance.pricePerHour())
                    .put("spot", instance.spot())
                    .put("spotDuration", instance.spotDuration());
            ObjectNode tags = json.putObject("tags");
            instance.tags().forEach(tags::put);
        }
        return answer;
    }

    private JsonNode reclaim(String id, ControlInput input) {
        Long seconds = input.whole("noticeSeconds", 0, MAX_NOTICE_SECONDS);
        input.end();
        onMachine(
                id,
                () -> simulator.reclaim(id, seconds == null ? simulator.usualNotice(id) : Duration.ofSeconds(seconds)));
        return JSON.objectNode();
    }

    private JsonNode withdrawReclaim(String id, ControlInput input) {
        input.end();
        onMachine(id, () -> simulator.withdrawReclaim(id));
        return JSON.objectNode();
    }

    private JsonNode cutSsh(String id, ControlInput input) {
        input.end();
        onMachine(id, () -> simulator.cutSsh(id));
        return JSON.objectNode();
    }

    private static void onMachine(String id, Runnable order) {
        try {
            order.run();
        } catch (IllegalArgumentException e) {
            throw new ControlError(404, "there is no machine " + id);
        }
    }

    private JsonNode stock(ControlInput input) {
        List<String> kinds = new ArrayList<>(FaultJson.types(region));
        GroupSize.all().forEach(size -> kinds.add(size.key()));
        String type = input.requireOneOf("type", kinds);
        String zone = input.requireOneOf("zone", region.zones());
        String market = input.oneOf("market", MARKETS);
        int machines = (int) input.requireWhole("machines", 0, MAX_STOCK);
        input.end();
        if (market == null) {
            simulator.stock(type, zone, machines);
        } else {
            simulator.stock(type, zone, Market.valueOf(market), machines);
        }
        return JSON.objectNode();
    }

    private JsonNode journal(ControlInput input) {
        Long limit = input.whole("limit", 1, MAX_ENTRIES);
        Journal journal = query(input);
        List<JournalEntry> entries = journal.entries();
        int shown = (int) Math.min(entries.size(), limit == null ? USUAL_ENTRIES : limit);
        ObjectNode answer = JSON.objectNode().put("count", journal.count()).put("dropped", journal.dropped());
        ArrayNode list = answer.putArray("entries");
        entries.subList(0, shown).forEach(entry -> list.add(json(entry)));
        return answer;
    }

    private JsonNode counts(ControlInput input) {
        Journal journal = query(input);
        ObjectNode answer = JSON.objectNode().put("count", journal.count()).put("dropped", journal.dropped());
        ObjectNode counts = answer.putObject("countPerAction");
        journal.countPerAction().forEach(counts::put);
        return answer;
    }

    private Journal query(ControlInput input) {
        Journal journal = simulator.journal();
        String action = input.text("action", "the name of an operation");
        String outcome = input.oneOf("outcome", OUTCOMES);
        String code = input.text("code", "an error code");
        String fault = input.oneOf("fault", Faults.Kind.names());
        Instant since = input.time("since");
        Long after = input.whole("after", 0, Long.MAX_VALUE);
        input.end();
        journal = action == null ? journal : journal.action(action);
        journal = code == null ? journal : journal.code(code);
        journal = fault == null ? journal : journal.fault(fault);
        journal = since == null ? journal : journal.since(since);
        journal = after == null ? journal : journal.after(after);
        if (outcome == null) {
            return journal;
        }
        return outcome.equals("succeeded") ? journal.succeeded() : journal.failed();
    }

    private static ObjectNode json(JournalEntry entry) {
        ObjectNode json = JSON.objectNode()
                .put("number", entry.number())
                .put("time", entry.time().toString())
                .put("wallTime", entry.wallTime().toString())
                .put("action", entry.action())
                .put("caller", entry.caller())
                .put("status", entry.status())
                .put("code", entry.code())
                .put("requestId", entry.requestId())
                .put("delaySeconds", entry.delay().toMillis() / 1000.0)
                .put("answerLost", entry.answerLost())
                .put("clientToken", entry.clientToken())
                .put("zone", entry.zone())
                .put("type", entry.type());
        ArrayNode faults = json.putArray("faults");
        entry.faults().forEach(faults::add);
        return json;
    }

    private JsonNode clock(ControlInput input) {
        input.end();
        return JSON.objectNode()
                .put("now", simulator.clock().now().toString())
                .put("manual", simulator.clock() instanceof ManualClock);
    }

    private JsonNode advance(ControlInput input) {
        Duration duration = input.requireSeconds("seconds", MAX_ADVANCE_SECONDS);
        input.end();
        try {
            simulator.clock().advance(duration);
        } catch (UnsupportedOperationException e) {
            throw new ControlError(409, "the clock must be a manual one to be moved; this one runs by itself");
        }
        return clock(ControlInput.ofQuery(""));
    }
}
