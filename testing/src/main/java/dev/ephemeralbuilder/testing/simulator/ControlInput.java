package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one control request, from its JSON object or its query. Whoever reads them says what is allowed, and
 * {@link #end} refuses what nobody read.
 */
final class ControlInput {
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private final ObjectNode fields;
    private final boolean query;
    private final Set<String> known = new LinkedHashSet<>();

    private ControlInput(ObjectNode fields, boolean query) {
        this.fields = fields;
        this.query = query;
    }

    /** Reads a body; one that is empty has no fields. */
    static ControlInput ofJson(String body) {
        if (body.isBlank()) {
            return new ControlInput(JSON.createObjectNode(), false);
        }
        try {
            if (JSON.readTree(body) instanceof ObjectNode object) {
                return new ControlInput(object, false);
            }
        } catch (JsonProcessingException e) {
            throw new ControlError(400, "the body must be a JSON object, but: " + e.getOriginalMessage());
        }
        throw new ControlError(400, "the body must be a JSON object");
    }

    /** Reads a query, without its question mark; all values are texts. */
    static ControlInput ofQuery(String query) {
        ObjectNode object = JSON.createObjectNode();
        try {
            Parameters.parse(List.of(query)).all().forEach(object::put);
        } catch (ApiError e) {
            throw new ControlError(400, "the query must be URL-encoded, with each name once");
        }
        return new ControlInput(object, true);
    }

    private @Nullable JsonNode field(String name) {
        known.add(name);
        JsonNode node = fields.get(name);
        return node == null || node.isNull() ? null : node;
    }

    @Nullable String text(String name, String allowed) {
        JsonNode node = field(name);
        if (node == null) {
            return null;
        }
        if (!node.isTextual() || node.asText().isBlank()) {
            throw ControlError.wrong(name, allowed, node);
        }
        return node.asText();
    }

    String requireText(String name, String allowed) {
        String text = text(name, allowed);
        if (text == null) {
            throw ControlError.missing(name, allowed);
        }
        return text;
    }

    @Nullable String oneOf(String name, Collection<String> choices) {
        String allowed = choices(choices);
        String text = text(name, allowed);
        if (text != null && !choices.contains(text)) {
            throw ControlError.wrong(name, allowed, text);
        }
        return text;
    }

    String requireOneOf(String name, Collection<String> choices) {
        String text = oneOf(name, choices);
        if (text == null) {
            throw ControlError.missing(name, choices(choices));
        }
        return text;
    }

    private static String choices(Collection<String> choices) {
        return "one of " + String.join(", ", choices);
    }

    @Nullable Long whole(String name, long least, long most) {
        JsonNode node = field(name);
        if (node == null) {
            return null;
        }
        String allowed = "a whole number from " + least + " to " + most;
        return whole(name, node, allowed, least, most);
    }

    private long whole(String name, JsonNode node, String allowed, long least, long most) {
        try {
            // A query has texts only.
            long value = query ? Long.parseLong(node.asText()) : node.asLong();
            boolean exact = query || (node.isIntegralNumber() && node.canConvertToLong());
            if (exact && value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw ControlError.wrong(name, allowed, node);
        }
        throw ControlError.wrong(name, allowed, node);
    }

    long requireWhole(String name, long least, long most) {
        Long value = whole(name, least, most);
        if (value == null) {
            throw ControlError.missing(name, "a whole number from " + least + " to " + most);
        }
        return value;
    }

    List<Long> requireWholes(String name, long least, long most) {
        String allowed = "a list of whole numbers from " + least + " to " + most;
        JsonNode node = field(name);
        if (node == null) {
            throw ControlError.missing(name, allowed);
        }
        if (!node.isArray() || node.isEmpty()) {
            throw ControlError.wrong(name, allowed, node);
        }
        List<Long> values = new ArrayList<>();
        node.forEach(element -> values.add(whole(name, element, allowed, least, most)));
        return values;
    }

    /** Reads true or false, or null for neither. */
    @Nullable Boolean flag(String name) {
        JsonNode node = field(name);
        if (node == null) {
            return null;
        }
        if (!node.isBoolean()) {
            throw ControlError.wrong(name, "true or false", node);
        }
        return node.asBoolean();
    }

    /** Reads a list of texts that is not empty, or null for none. */
    @Nullable List<String> texts(String name, String allowed) {
        JsonNode node = field(name);
        if (node == null) {
            return null;
        }
        List<String> values = new ArrayList<>();
        for (JsonNode element : node) {
            if (!element.isTextual()) {
                throw ControlError.wrong(name, allowed, element);
            }
            values.add(element.asText());
        }
        if (!node.isArray() || values.isEmpty()) {
            throw ControlError.wrong(name, allowed, node);
        }
        return values;
    }

    double number(String name, double least, double most, double fallback) {
        JsonNode node = field(name);
        if (node == null) {
            return fallback;
        }
        if (!node.isNumber() || !(node.asDouble() >= least && node.asDouble() <= most)) {
            throw ControlError.wrong(name, "a number from " + plain(least) + " to " + plain(most), node);
        }
        return node.asDouble();
    }

    /** Reads a number of seconds, exact to the millisecond. */
    Duration requireSeconds(String name, long most) {
        if (field(name) == null) {
            throw ControlError.missing(name, "a number from 0 to " + most);
        }
        return Duration.ofMillis(Math.round(number(name, 0, (double) most, 0) * 1000));
    }

    @Nullable Instant time(String name) {
        String allowed = "a time such as 2026-01-05T08:00:00Z";
        String text = text(name, allowed);
        try {
            return text == null ? null : Instant.parse(text);
        } catch (DateTimeException e) {
            throw ControlError.wrong(name, allowed, text);
        }
    }

    private static String plain(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }

    /** Refuses fields that nobody asked for: a slip of the pen must not go unnoticed. */
    void end() {
        fields.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                throw new ControlError(
                        400,
                        known.isEmpty()
                                ? "no field is known here, there was " + name
                                : "fields must be of " + String.join(", ", known) + ", there was " + name);
            }
        });
    }
}
