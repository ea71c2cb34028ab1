package dev.ephemeralbuilder.spi;

import dev.ephemeralbuilder.ConfigurationException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.StreamCorruptedException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An append-only log in files of about a megabyte, numbered in the order of time. The first line of each says the latest
 * time of all lines before it, so that a question about the last days opens the last files only. They are cut by size,
 * not by day: the times of lines come from several processes and need not rise.
 */
final class StateLog {
    private static final Logger log = LoggerFactory.getLogger(StateLog.class);
    private static final Pattern SEGMENT = Pattern.compile("\\d{8}\\.log");
    private static final int BLOCK = 4096;

    private final Path folder;
    private final FolderLocks locks;
    private final int stripe;
    private final StateWaits waits;
    private final long segmentBytes;

    StateLog(Path folder, FolderLocks locks, StateWaits waits, long segmentBytes) {
        this.folder = folder;
        this.locks = locks;
        this.stripe = FolderLocks.stripe(folder.getFileName().toString());
        this.waits = waits;
        this.segmentBytes = segmentBytes;
    }

    /** Where the log ended when somebody looked. */
    private record Extent(List<Path> segments, long lastBytes) {}

    void append(Instant at, Map<String, String> content) {
        byte[] line = StateText.line(at, content);
        Written written = locks.locked(stripe, waits.bound(), waits.closed(), () -> write(line));
        // Outside of the lock: others need not wait for the disk, and one trip to it may serve several of them.
        try (RandomAccessFile file = written.file()) {
            file.getFD().sync();
        } catch (IOException e) {
            throw StateFiles.unsettled(written.path(), e);
        }
    }

    List<Map<String, String>> lines(Instant since) {
        Extent extent = locks.locked(stripe, waits.bound(), waits.closed(), this::extent);
        List<Path> segments = extent.segments();
        List<Map<String, String>> lines = new ArrayList<>();
        for (int i = first(segments, since); i < segments.size(); i++) {
            byte[] bytes = content(segments.get(i));
            boolean last = i == segments.size() - 1;
            collect(segments.get(i), bytes, last ? extent.lastBytes() : bytes.length, since, lines);
        }
        return List.copyOf(lines);
    }

    private record Written(Path path, RandomAccessFile file) {}

    private Written write(byte[] line) {
        List<Path> segments = segments();
        Path path = segments.isEmpty() ? start(1, Instant.MIN) : segments.get(segments.size() - 1);
        RandomAccessFile file = openWhole(path);
        try {
            if (file.length() >= segmentBytes) {
                file.close();
                path = start(number(path) + 1, latest(path));
                file = openWhole(path);
            }
            append(file, line);
            return new Written(path, file);
        } catch (IOException e) {
            close(file, e);
            throw StateFiles.refused("append to", path, e);
        } catch (RuntimeException | Error e) {
            close(file, e);
            throw e;
        }
    }

    private static void append(RandomAccessFile file, byte[] line) throws IOException {
        long end = file.length();
        try {
            file.seek(end);
            file.write(line);
        } catch (IOException e) {
            // A full disk takes a part.
            try {
                file.setLength(end);
            } catch (IOException left) {
                // Whoever comes next will cut it off.
                e.addSuppressed(left);
            }
            throw e;
        }
    }

    private Extent extent() {
        List<Path> segments = segments();
        if (segments.isEmpty()) {
            return new Extent(segments, 0);
        }
        Path last = segments.get(segments.size() - 1);
        try (RandomAccessFile file = openWhole(last)) {
            return new Extent(segments, file.length());
        } catch (IOException e) {
            throw StateFiles.failed("read", last, e);
        }
    }

    private List<Path> segments() {
        List<Path> files = StateFolder.files(folder);
        for (Path file : files) {
            if (!SEGMENT.matcher(file.getFileName().toString()).matches()) {
                throw StateFiles.unreadable(file, new StreamCorruptedException("it is no file of a log"));
            }
        }
        return files;
    }

    private Path start(int number, Instant latestBefore) {
        Path path = folder.resolve(String.format(Locale.ROOT, "%08d.log", number));
        StateFiles.replace(
                folder.resolve(StateNames.temporary(stripe)),
                path,
                StateText.logHeader(latestBefore),
                StateFiles.Durability.MACHINE);
        return path;
    }

    private static int number(Path segment) {
        return Integer.parseInt(segment.getFileName().toString().substring(0, 8));
    }

    /** Opens a file of the log, under the lock, and cuts off what a writer that died has left of a line. */
    private static RandomAccessFile openWhole(Path path) {
        try {
            RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
            try {
                long length = file.length();
                long whole = wholeLines(file);
                if (whole == 0) {
                    throw StateFiles.unreadable(path, new StreamCorruptedException("it has no first line"));
                }
                if (whole < length) {
                    file.setLength(whole);
                    log.warn(
                            "A process ended while it wrote to {}: its unfinished last line of {} bytes was cut off",
                            path,
                            length - whole);
                }
                return file;
            } catch (IOException | RuntimeException | Error e) {
                close(file, e);
                throw e;
            }
        } catch (IOException e) {
            throw StateFiles.failed("open", path, e);
        }
    }

    /** Returns the length up to and with the last line feed, which is the last byte of each line to be written. */
    private static long wholeLines(RandomAccessFile file) throws IOException {
        byte[] block = new byte[BLOCK];
        long end = file.length();
        while (end > 0) {
            int size = (int) Math.min(BLOCK, end);
            file.seek(end - size);
            file.readFully(block, 0, size);
            for (int i = size - 1; i >= 0; i--) {
                if (block[i] == '\n') {
                    return end - size + i + 1;
                }
            }
            end -= size;
        }
        return 0;
    }

    /** Returns the first file that may have a line of that time or later. */
    private static int first(List<Path> segments, Instant since) {
        int first = segments.size() - 1;
        while (first > 0 && !latestBefore(segments.get(first)).isBefore(since)) {
            first--;
        }
        return Math.max(0, first);
    }

    private static Instant latestBefore(Path segment) {
        try (RandomAccessFile file = new RandomAccessFile(segment.toFile(), "r")) {
            byte[] block = new byte[(int) Math.min(BLOCK, file.length())];
            file.readFully(block);
            return StateText.latestBefore(block, 0, lineLength(block, 0, block.length));
        } catch (StreamCorruptedException e) {
            throw StateFiles.unreadable(segment, e);
        } catch (IOException e) {
            throw StateFiles.failed("read", segment, e);
        }
    }

    private static Instant latest(Path segment) {
        byte[] bytes = content(segment);
        Instant latest = latestBefore(segment);
        try {
            int from = lineLength(bytes, 0, bytes.length) + 1;
            while (from < bytes.length) {
                int length = lineLength(bytes, from, bytes.length);
                Instant at = StateText.line(bytes, from, length).at();
                latest = at.isAfter(latest) ? at : latest;
                from += length + 1;
            }
            return latest;
        } catch (StreamCorruptedException e) {
            throw StateFiles.unreadable(segment, e);
        }
    }

    private static void collect(Path segment, byte[] bytes, long end, Instant since, List<Map<String, String>> lines) {
        int to = (int) Math.min(end, bytes.length);
        int number = 1;
        try {
            int length = lineLength(bytes, 0, to);
            StateText.latestBefore(bytes, 0, length);
            for (int from = length + 1; from < to; from += length + 1) {
                number++;
                length = lineLength(bytes, from, to);
                StateText.Line line = StateText.line(bytes, from, length);
                if (!line.at().isBefore(since)) {
                    lines.add(line.content());
                }
            }
        } catch (StreamCorruptedException e) {
            throw StateFiles.unreadable(
                    segment, new StreamCorruptedException("line " + number + ": " + e.getMessage()));
        }
    }

    private static int lineLength(byte[] bytes, int from, int to) throws StreamCorruptedException {
        for (int i = from; i < to; i++) {
            if (bytes[i] == '\n') {
                return i - from;
            }
        }
        throw new StreamCorruptedException("a line has no end");
    }

    private static byte[] content(Path segment) {
        return StateFiles.read(segment)
                .orElseThrow(() -> new ConfigurationException(
                        "The file " + segment + " of a log was removed while in use; ask again", null, null, null));
    }

    private static void close(RandomAccessFile file, Throwable because) {
        try {
            file.close();
        } catch (IOException e) {
            because.addSuppressed(e);
        }
    }
}
