package dev.ephemeralbuilder.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Files and folders as a POSIX tar archive (pax headers where ustar is too small), whose exact size is known before the
 * first byte is read. Blocking; for one thread.
 */
final class TarWriter {
    static final int BLOCK = 512;
    private static final int USTAR_NAME = 100;
    private static final long USTAR_SIZE = 0_77777777777L;

    private record Entry(String name, Path path, byte type, long size, int mode, long seconds, String link) {}

    private final List<Entry> entries = new ArrayList<>();
    private int files;
    private long fileBytes;

    private TarWriter() {}

    /**
     * Looks at what is to be sent.
     *
     * @param source a file, which is sent under {@code name}, or a folder, whose content is sent
     * @param filter is asked with paths relative to a folder
     * @throws NoSuchFileException if there is no source
     * @throws AccessDeniedException if something may not be read
     */
    static TarWriter of(Path source, String name, Predicate<Path> filter) throws IOException {
        TarWriter tar = new TarWriter();
        if (Files.isDirectory(source)) {
            tar.addFolder(source.toRealPath(), filter);
        } else if (Files.exists(source, LinkOption.NOFOLLOW_LINKS)) {
            tar.add(name, source, Files.readAttributes(source, BasicFileAttributes.class));
        } else {
            throw new NoSuchFileException(source.toString());
        }
        return tar;
    }

    private void addFolder(Path root, Predicate<Path> filter) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                if (folder.equals(root)) {
                    return FileVisitResult.CONTINUE;
                }
                Path relative = root.relativize(folder);
                if (!filter.test(relative)) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                add(nameOf(relative) + "/", folder, attributes);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Path relative = root.relativize(file);
                if (filter.test(relative)) {
                    add(nameOf(relative), file, attributes);
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static String nameOf(Path relative) {
        return relative.toString().replace(relative.getFileSystem().getSeparator(), "/");
    }

    private void add(String name, Path path, BasicFileAttributes attributes) throws IOException {
        long seconds = Math.max(0, attributes.lastModifiedTime().toMillis() / 1000);
        if (attributes.isSymbolicLink()) {
            String link = Files.readSymbolicLink(path).toString();
            entries.add(new Entry(name, path, (byte) '2', 0, 0777, seconds, link));
        } else if (attributes.isDirectory()) {
            entries.add(new Entry(name, path, (byte) '5', 0, mode(path, 0755), seconds, ""));
        } else if (attributes.isRegularFile()) {
            if (!Files.isReadable(path)) {
                throw new AccessDeniedException(path.toString());
            }
            entries.add(new Entry(name, path, (byte) '0', attributes.size(), mode(path, 0644), seconds, ""));
            files++;
            fileBytes += attributes.size();
        }
        // Sockets, pipes and devices are left out: they mean nothing on another machine.
    }

    private static int mode(Path path, int otherwise) throws IOException {
        try {
            return TarModes.of(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
        } catch (UnsupportedOperationException notPosix) {
            return otherwise;
        }
    }

    int files() {
        return files;
    }

    long fileBytes() {
        return fileBytes;
    }

    /** Returns the size of the whole archive. */
    long size() {
        long size = 2L * BLOCK;
        for (Entry e : entries) {
            byte[] pax = pax(e);
            size += (pax == null ? 0 : BLOCK + padded(pax.length)) + BLOCK + padded(e.size);
        }
        return size;
    }

    /** Takes parts of the archive; a part is at most 64 KiB and not kept after the call. */
    interface Target {
        void accept(byte[] bytes, int length) throws IOException, InterruptedException;
    }

    /**
     * Writes the archive.
     *
     * @throws IOException if a file cannot be read or is not as long as before
     */
    void writeTo(Target target) throws IOException, InterruptedException {
        byte[] buffer = new byte[64 << 10];
        for (Entry e : entries) {
            byte[] pax = pax(e);
            if (pax != null) {
                target.accept(header("PaxHeader", (byte) 'x', pax.length, 0644, e.seconds, ""), BLOCK);
                target.accept(java.util.Arrays.copyOf(pax, (int) padded(pax.length)), (int) padded(pax.length));
            }
            target.accept(header(e.name, e.type, e.size, e.mode, e.seconds, e.link), BLOCK);
            if (e.type == '0') {
                writeFile(e, buffer, target);
            }
        }
        target.accept(new byte[2 * BLOCK], 2 * BLOCK);
    }

    private static void writeFile(Entry e, byte[] buffer, Target target) throws IOException, InterruptedException {
        long left = e.size;
        try (InputStream in = Files.newInputStream(e.path)) {
            while (left > 0) {
                int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                if (n < 0) {
                    throw new IOException(e.path + " became shorter while it was read");
                }
                left -= n;
                target.accept(buffer, n);
            }
            if (in.read() >= 0) {
                throw new IOException(e.path + " became longer while it was read");
            }
        }
        int rest = (int) (padded(e.size) - e.size);
        if (rest > 0) {
            target.accept(new byte[rest], rest);
        }
    }

    static long padded(long size) {
        return (size + BLOCK - 1) / BLOCK * BLOCK;
    }

    /** Returns the records for what ustar cannot hold, or null if it can hold everything. */
    private static byte @Nullable [] pax(Entry e) {
        StringBuilder records = new StringBuilder();
        if (!fits(e.name)) {
            records.append(record("path", e.name));
        }
        if (!fits(e.link)) {
            records.append(record("linkpath", e.link));
        }
        if (e.size > USTAR_SIZE) {
            records.append(record("size", Long.toString(e.size)));
        }
        return records.isEmpty() ? null : records.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static boolean fits(String text) {
        return text.length() <= USTAR_NAME && text.chars().allMatch(c -> c < 0x80);
    }

    /** A record begins with its own length in bytes, which counts its own digits. */
    private static String record(String key, String value) {
        String tail = " " + key + "=" + value + "\n";
        int length = tail.getBytes(StandardCharsets.UTF_8).length;
        int total = length + Integer.toString(length).length();
        if (Integer.toString(total).length() > Integer.toString(length).length()) {
            total++;
        }
        return total + tail;
    }

    private static byte[] header(String name, byte type, long size, int mode, long seconds, String link) {
        byte[] h = new byte[BLOCK];
        text(h, 0, USTAR_NAME, name);
        octal(h, 100, 8, mode);
        octal(h, 108, 8, 0);
        octal(h, 116, 8, 0);
        octal(h, 124, 12, Math.min(size, USTAR_SIZE));
        octal(h, 136, 12, seconds);
        h[156] = type;
        text(h, 157, USTAR_NAME, link);
        text(h, 257, 6, "ustar");
        text(h, 263, 2, "00");
        java.util.Arrays.fill(h, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte b : h) {
            sum += b & 0xff;
        }
        octal(h, 148, 7, sum);
        return h;
    }

    private static void text(byte[] header, int at, int most, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, header, at, Math.min(most, bytes.length));
    }

    private static void octal(byte[] header, int at, int width, long value) {
        String digits = Long.toOctalString(value);
        text(header, at, width - 1, "0".repeat(Math.max(0, width - 1 - digits.length())) + digits);
    }
}
