package dev.ephemeralbuilder.ecs;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.ephemeralbuilder.spi.StateStore;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The least store that two processes can share: a file per document, behind one lock. */
final class FolderStore implements StateStore {
    private interface Action<T> {
        T run() throws IOException;
    }

    private final Path folder;

    FolderStore(Path folder) {
        this.folder = folder;
    }

    private <T> T locked(Action<T> action) {
        synchronized (FolderStore.class) {
            try {
                Files.createDirectories(folder);
                try (FileChannel channel = FileChannel.open(folder.resolve("lock"), CREATE, WRITE);
                        FileLock lock = channel.lock()) {
                    if (!lock.isValid()) {
                        throw new IOException("the lock is not valid");
                    }
                    return action.run();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private Path file(Enum<?> part, String key) throws IOException {
        return Files.createDirectories(folder.resolve(part.name()))
                .resolve(URLEncoder.encode(key, StandardCharsets.UTF_8));
    }

    private static Map<String, String> load(Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        }
        Map<String, String> document = new TreeMap<>();
        properties.stringPropertyNames().forEach(name -> document.put(name, properties.getProperty(name)));
        return document;
    }

    private void save(Path file, Map<String, String> document) throws IOException {
        Properties properties = new Properties();
        properties.putAll(document);
        Path fresh = Files.createTempFile(folder, "fresh", "");
        try (Writer writer = Files.newBufferedWriter(fresh)) {
            properties.store(writer, null);
        }
        Files.move(fresh, file, ATOMIC_MOVE, REPLACE_EXISTING);
    }

    private Map<String, Map<String, String>> all(Enum<?> part) throws IOException {
        Map<String, Map<String, String>> found = new TreeMap<>();
        try (Stream<Path> files = Files.list(file(part, "x").resolveSibling(""))) {
            for (Path file : files.toList()) {
                found.put(URLDecoder.decode(file.getFileName().toString(), StandardCharsets.UTF_8), load(file));
            }
        }
        return found;
    }

    @Override
    public Optional<Map<String, String>> read(Kind kind, String key) {
        return locked(() -> {
            Path file = file(kind, key);
            return Files.exists(file) ? Optional.of(load(file)) : Optional.empty();
        });
    }

    @Override
    public Map<String, Map<String, String>> readAll(Kind kind) {
        return locked(() -> all(kind));
    }

    @Override
    public Optional<Map<String, String>> update(
            Kind kind, String key, Function<@Nullable Map<String, String>, @Nullable Map<String, String>> change) {
        return locked(() -> {
            Path file = file(kind, key);
            Map<String, String> changed = change.apply(Files.exists(file) ? load(file) : null);
            if (changed == null) {
                Files.deleteIfExists(file);
                return Optional.empty();
            }
            save(file, changed);
            return Optional.of(changed);
        });
    }

    @Override
    public void append(Log log, Instant at, Map<String, String> line) {
        locked(() -> {
            save(file(log, at + " " + UUID.randomUUID()), line);
            return true;
        });
    }

    @Override
    public List<Map<String, String>> lines(Log log, Instant since) {
        return locked(() -> List.copyOf(all(log).values()));
    }

    @Override
    public void close() {}
}
