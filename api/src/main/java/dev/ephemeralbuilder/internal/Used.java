package dev.ephemeralbuilder.internal;

import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a machine's use, as it is written down when a process lets it go and when it ends. What two processes
 * know can be put together in any order. Immutable.
 *
 * @param readyAt when it was ready first, null if nobody has said so
 * @param knownUntil when the last process that has written it down let it go, null if none has
 * @param runs when scripts or the machine's own command ran
 * @param lost when those ran that were lost with the machine
 * @param dark when the machine was there and nobody knows what it did
 * @param open scripts that ran still when their process let the machine go, with their begin, by id: for whoever hears of
 *     their end
 * @param prices what the market asked
 * @param kept whether it was left for people to look at
 */
record Used(
        @Nullable Instant readyAt,
        @Nullable Instant knownUntil,
        Spans runs,
        Spans lost,
        Spans dark,
        Map<String, Instant> open,
        PricePoints prices,
        boolean kept) {
    static final Used NOTHING =
            new Used(null, null, Spans.NONE, Spans.NONE, Spans.NONE, Map.of(), PricePoints.NONE, false);

    private static final String READY_AT = "readyAt";
    private static final String KNOWN_UNTIL = "knownUntil";
    private static final String RUNS = "runs";
    private static final String LOST = "lostRuns";
    private static final String DARK = "dark";
    private static final String OPEN = "openScripts";
    private static final String PRICES = "pricePoints";
    private static final String KEPT = "kept";

    /** Copies the map. */
    Used {
        open = Map.copyOf(open);
    }

    /** It was ready. */
    Used readyAt(Instant at) {
        return with(new Used(at, null, Spans.NONE, Spans.NONE, Spans.NONE, Map.of(), PricePoints.NONE, false));
    }

    /** All up to a time has been seen. */
    Used knownUntil(Instant at) {
        return with(new Used(null, at, Spans.NONE, Spans.NONE, Spans.NONE, Map.of(), PricePoints.NONE, false));
    }

    /** Nobody knows what it did meanwhile. */
    Used dark(Instant from, Instant until) {
        Spans span = Spans.NONE.with(from, until);
        return with(new Used(null, null, Spans.NONE, Spans.NONE, span, Map.of(), PricePoints.NONE, false));
    }

    /** Something ran. */
    Used ran(Instant from, Instant until, boolean inVain) {
        Spans span = Spans.NONE.with(from, until);
        Spans vain = inVain ? span : Spans.NONE;
        return with(new Used(null, null, span, vain, Spans.NONE, Map.of(), PricePoints.NONE, false));
    }

    /** These run still. */
    Used leaving(Map<String, Instant> scripts) {
        return with(new Used(null, null, Spans.NONE, Spans.NONE, Spans.NONE, scripts, PricePoints.NONE, false));
    }

    /** The market's prices are these. */
    Used priced(PricePoints points) {
        return new Used(readyAt, knownUntil, runs, lost, dark, open, points, kept);
    }

    /** It is left for people to look at. */
    Used keptOn() {
        return new Used(readyAt, knownUntil, runs, lost, dark, open, prices, true);
    }

    /** Returns only what ran. */
    Used runsOnly() {
        return new Used(null, null, runs, lost, Spans.NONE, Map.of(), PricePoints.NONE, false);
    }

    /** Returns what either knows. */
    Used with(Used other) {
        Map<String, Instant> running = new HashMap<>(open);
        other.open.forEach((id, since) -> running.merge(id, since, Times::earlier));
        return new Used(
                readyAt == null
                        ? other.readyAt
                        : other.readyAt == null ? readyAt : Times.earlier(readyAt, other.readyAt),
                knownUntil == null
                        ? other.knownUntil
                        : other.knownUntil == null ? knownUntil : Times.later(knownUntil, other.knownUntil),
                runs.with(other.runs),
                lost.with(other.lost),
                dark.with(other.dark),
                running,
                prices.with(other.prices),
                kept || other.kept);
    }

    /** Returns a document with this in the place of what it said of it. */
    Map<String, String> into(Map<String, String> document) {
        Map<String, String> changed = new LinkedHashMap<>(document);
        put(changed, READY_AT, readyAt == null ? "" : readyAt.toString());
        put(changed, KNOWN_UNTIL, knownUntil == null ? "" : knownUntil.toString());
        put(changed, RUNS, runs.encode());
        put(changed, LOST, lost.encode());
        put(changed, DARK, dark.encode());
        put(changed, OPEN, encode(open));
        put(changed, PRICES, prices.encode());
        put(changed, KEPT, kept ? "true" : "");
        return changed;
    }

    private static void put(Map<String, String> document, String key, String value) {
        if (value.isEmpty()) {
            document.remove(key);
        } else {
            document.put(key, value);
        }
    }

    /**
     * Reads it from a document.
     *
     * @throws IllegalArgumentException if a part is malformed
     * @throws java.time.DateTimeException if a time is malformed
     */
    static Used decode(Map<String, String> document) {
        return new Used(
                instant(document.get(READY_AT)),
                instant(document.get(KNOWN_UNTIL)),
                Spans.decode(document.getOrDefault(RUNS, "")),
                Spans.decode(document.getOrDefault(LOST, "")),
                Spans.decode(document.getOrDefault(DARK, "")),
                decode(document.getOrDefault(OPEN, "")),
                PricePoints.decode(document.getOrDefault(PRICES, "")),
                Boolean.parseBoolean(document.get(KEPT)));
    }

    private static @Nullable Instant instant(@Nullable String text) {
        return text == null ? null : Instant.parse(text);
    }

    private static String encode(Map<String, Instant> scripts) {
        return new TreeMap<>(scripts)
                .entrySet().stream()
                        .map(script -> script.getKey() + "@" + script.getValue().toEpochMilli())
                        .collect(Collectors.joining(" "));
    }

    private static Map<String, Instant> decode(String text) {
        Map<String, Instant> scripts = new HashMap<>();
        if (!text.isEmpty()) {
            for (String script : text.split(" ", -1)) {
                int at = script.indexOf('@');
                if (at < 0) {
                    throw new IllegalArgumentException("a script has no time");
                }
                scripts.put(script.substring(0, at), Instant.ofEpochMilli(Long.parseLong(script.substring(at + 1))));
            }
        }
        return scripts;
    }
}
