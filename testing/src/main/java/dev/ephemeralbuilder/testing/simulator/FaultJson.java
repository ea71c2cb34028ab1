package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;

/** Rules of {@link Faults} as JSON. */
final class FaultJson {
    private static final String EVERY_ACTION = "*";
    private static final Pattern CODE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");
    private static final long MAX_TIMES = 1_000_000_000;
    private static final long MAX_SECONDS = 86_400;
    private static final List<String> EFFECTS = List.of(
            "error",
            "throttle",
            "latency",
            "loseAnswer",
            "html503",
            "emptyOk",
            "malformedJson",
            "truncatedJson",
            "slowBody",
            "vanish");

    private FaultJson() {}

    static List<String> types(Region region) {
        return region.catalogue().all().stream().map(Catalogue.Type::name).toList();
    }

    /**
     * Orders a fault and returns the number of its rule.
     *
     * @throws ControlError if a field is wrong; nothing is ordered then
     */
    static int order(ControlInput input, Faults faults, Collection<String> actions, Region region) {
        List<String> allowed = new ArrayList<>(actions);
        allowed.add(EVERY_ACTION);
        String action = input.requireOneOf("action", allowed);
        String zone = input.oneOf("zone", region.zones());
        String type = input.oneOf("type", types(region));
        Long times = input.whole("times", 1, MAX_TIMES);
        double probability = input.number("probability", 0, 1, 1);
        Effect effect = effect(input);
        input.end();

        Faults.Rule rule = faults.on(action).probability(probability);
        if (zone != null) {
            rule.zone(zone);
        }
        if (type != null) {
            rule.type(type);
        }
        if (times != null) {
            rule.times(Math.toIntExact(times));
        }
        // Last: this arms the rule.
        effect.order(rule);
        return rule.number();
    }

    @FunctionalInterface
    private interface Effect {
        @SuppressWarnings("UnusedReturnValue")
        Faults.Rule order(Faults.Rule rule);
    }

    private static Effect effect(ControlInput input) {
        String effect = input.requireOneOf("effect", EFFECTS);
        return switch (effect) {
            case "error" -> error(input);
            case "throttle" -> Faults.Rule::throttle;
            case "latency" -> {
                Duration latency = input.requireSeconds("seconds", MAX_SECONDS);
                yield rule -> rule.latency(latency);
            }
            case "loseAnswer" -> Faults.Rule::loseAnswer;
            case "html503" -> Faults.Rule::html503;
            case "emptyOk" -> Faults.Rule::emptyOk;
            case "malformedJson" -> Faults.Rule::malformedJson;
            case "truncatedJson" -> Faults.Rule::truncatedJson;
            case "slowBody" -> {
                Duration duration = input.requireSeconds("seconds", MAX_SECONDS);
                yield rule -> rule.slowBody(duration);
            }
            case "vanish" -> {
                Long machines = input.whole("machines", 1, MAX_TIMES);
                yield machines == null ? Faults.Rule::vanish : rule -> rule.vanish(Math.toIntExact(machines));
            }
            case "describeLag" -> {
                Duration lag = input.requireSeconds("seconds", MAX_SECONDS);
                yield rule -> rule.describeLag(lag);
            }
            case "processing" -> {
                Duration duration = input.requireSeconds("seconds", MAX_SECONDS);
                yield rule -> rule.processing(duration);
            }
            default -> throw new IllegalStateException("an effect without an order");
        };
    }

    private static Effect error(ControlInput input) {
        String allowed = "an error code such as OperationDenied.NoStock";
        String code = input.requireText("code", allowed);
        if (!CODE.matcher(code).matches()) {
            throw ControlError.wrong("code", allowed, code);
        }
        Long status = input.whole("status", 400, 599);
        return status == null ? rule -> rule.error(code) : rule -> rule.error(Math.toIntExact(status), code);
    }

    static ObjectNode write(Faults.Order order) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("id", order.number())
                .put("action", order.action())
                .put("zone", order.zone())
                .put("type", order.type())
                .put("probability", order.probability())
                .put("timesLeft", order.left())
                .put("effect", order.effect().kind().text());
        ApiError error = order.effect().error();
        if (error != null) {
            json.put("code", error.code()).put("status", error.status());
        }
        int machines = order.effect().machines();
        if (machines > 0 && machines < Integer.MAX_VALUE) {
            json.put("machines", machines);
        }
        if (!order.effect().duration().isZero()) {
            json.put("seconds", order.effect().duration().toMillis() / 1000.0);
        }
        return json;
    }
}
