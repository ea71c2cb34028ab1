package dev.ephemeralbuilder.spi;

import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Maps and lists behind one lock. */
final class InMemoryStateStore implements StateStore {
    private record Line(Instant at, Map<String, String> content) {}

    private final Map<Kind, Map<String, Map<String, String>>> documents = new EnumMap<>(Kind.class);
    private final Map<Log, List<Line>> logs = new EnumMap<>(Log.class);

    @Override
    public synchronized Optional<Map<String, String>> read(Kind kind, String key) {
        return Optional.ofNullable(of(kind).get(key));
    }

    @Override
    public synchronized Map<String, Map<String, String>> readAll(Kind kind) {
        return Map.copyOf(of(kind));
    }

    @Override
    public synchronized Optional<Map<String, String>> update(
            Kind kind, String key, Function<@Nullable Map<String, String>, @Nullable Map<String, String>> change) {
        Map<String, String> changed = change.apply(of(kind).get(key));
        if (changed == null) {
            of(kind).remove(key);
            return Optional.empty();
        }
        Map<String, String> copy = Map.copyOf(changed);
        of(kind).put(key, copy);
        return Optional.of(copy);
    }

    @Override
    public synchronized void append(Log log, Instant at, Map<String, String> line) {
        logs.computeIfAbsent(log, l -> new ArrayList<>()).add(new Line(at, Map.copyOf(line)));
    }

    @Override
    public synchronized List<Map<String, String>> lines(Log log, Instant since) {
        return logs.getOrDefault(log, List.of()).stream()
                .filter(line -> !line.at().isBefore(since))
                .map(Line::content)
                .toList();
    }

    @Override
    public void close() {}

    private Map<String, Map<String, String>> of(Kind kind) {
        return documents.computeIfAbsent(kind, k -> new TreeMap<>());
    }
}
