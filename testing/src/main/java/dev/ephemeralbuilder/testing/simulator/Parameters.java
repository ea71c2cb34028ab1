package dev.ephemeralbuilder.testing.simulator;

import java.math.BigDecimal;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of one request, from the query and from a form body alike (ecs-openapi, 4.3). A parameter with an
 * empty value counts as absent [unconfirmed]. Holds secrets; {@link #toString} shows none.
 */
final class Parameters {
    private static final DateTimeFormatter SECONDS = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss'Z'");
    private static final DateTimeFormatter MINUTES = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm'Z'");

    private final TreeMap<String, String> values;

    Parameters(Map<String, String> values) {
        this.values = new TreeMap<>(values);
    }

    /**
     * Parses parameters in URL encoding.
     *
     * @throws ApiError if one comes twice, or the encoding is broken
     */
    static Parameters parse(List<String> encoded) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String text : encoded) {
            for (String pair : text.split("&", -1)) {
                if (pair.isEmpty()) {
                    continue;
                }
                int equals = pair.indexOf('=');
                String name = decode(equals < 0 ? pair : pair.substring(0, equals));
                String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
                if (values.put(name, value) != null) {
                    throw ApiError.invalid(name);
                }
            }
        }
        return new Parameters(values);
    }

    /** Returns these and others, which take the place of those with the same name. */
    Parameters with(Map<String, String> others) {
        Parameters both = new Parameters(values);
        both.values.putAll(others);
        return both;
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new ApiError(400, "InvalidParameter", "The request is not in URL encoding.");
        }
    }

    /** Returns all of them, sorted by name. */
    Map<String, String> all() {
        return values;
    }

    @Nullable String get(String name) {
        String value = values.get(name);
        return value == null || value.isEmpty() ? null : value;
    }

    String get(String name, String fallback) {
        String value = get(name);
        return value == null ? fallback : value;
    }

    String require(String name) {
        String value = get(name);
        if (value == null) {
            throw ApiError.missing(name);
        }
        return value;
    }

    int integer(String name, int fallback) {
        String value = get(name);
        if (value == null) {
            return fallback;
        }
        try {
            return Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw ApiError.invalid(name);
        }
    }

    double number(String name, double fallback) {
        String value = get(name);
        if (value == null) {
            return fallback;
        }
        try {
            return new BigDecimal(value).doubleValue();
        } catch (NumberFormatException e) {
            throw ApiError.invalid(name);
        }
    }

    boolean flag(String name) {
        String value = get(name);
        if (value == null || value.equalsIgnoreCase("false")) {
            return false;
        }
        if (value.equalsIgnoreCase("true")) {
            return true;
        }
        throw ApiError.invalid(name);
    }

    /** Returns {@code name.1}, {@code name.2} and so on, up to the first that is absent. */
    List<String> list(String name) {
        List<String> found = new ArrayList<>();
        for (String value = get(name + ".1"); value != null; value = get(name + "." + (found.size() + 1))) {
            found.add(value);
        }
        return found;
    }

    /** Like {@link #list}, but a value that is there and empty counts: it may be an argument of a command. */
    List<String> listWithEmpty(String name) {
        List<String> found = new ArrayList<>();
        for (String value = values.get(name + ".1");
                value != null;
                value = values.get(name + "." + (found.size() + 1))) {
            found.add(value);
        }
        return found;
    }

    /** Returns {@code Tag.N.Key} and {@code Tag.N.Value}; a tag without value is null in the map. */
    Map<String, @Nullable String> tags() {
        Map<String, @Nullable String> found = new LinkedHashMap<>();
        int number = 1;
        for (String key = get("Tag.1.Key"); key != null; key = get("Tag." + number + ".Key")) {
            if (found.containsKey(key)) {
                throw ApiError.of("InvalidTagKey.Malformed", "A tag key comes twice.");
            }
            found.put(key, values.get("Tag." + number + ".Value"));
            number++;
        }
        return found;
    }

    /** Whether tags contain all the wanted ones; one without a value is met by any value. */
    static boolean hasTags(Map<String, String> tags, Map<String, @Nullable String> wanted) {
        return wanted.entrySet().stream()
                .allMatch(tag -> tags.containsKey(tag.getKey())
                        && (tag.getValue() == null
                                || tag.getValue().isEmpty()
                                || tag.getValue().equals(tags.get(tag.getKey()))));
    }

    /**
     * Parses a time of the API, with or without seconds.
     *
     * @throws DateTimeParseException if it is none
     */
    static Instant time(String text) {
        DateTimeFormatter format = text.length() > 17 ? SECONDS : MINUTES;
        return LocalDateTime.parse(text, format).toInstant(ZoneOffset.UTC);
    }

    static String minutes(Instant time) {
        return MINUTES.format(time.atOffset(ZoneOffset.UTC));
    }

    static String seconds(Instant time) {
        return SECONDS.format(time.atOffset(ZoneOffset.UTC));
    }

    @Override
    public String toString() {
        return "Parameters" + values.keySet();
    }
}
