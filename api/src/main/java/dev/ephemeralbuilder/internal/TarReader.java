package dev.ephemeralbuilder.internal;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks a tar archive (ustar, pax and GNU long names) from a machine that is not trusted: nothing is written outside
 * the target, not through a symbolic link either. Blocking; for one thread.
 */
final class TarReader {
    private static final int BLOCK = TarWriter.BLOCK;
    private static final int MOST_HEADER_BYTES = 1 << 20;

    private final InputStream in;
    private final Path target;
    private final byte[] block = new byte[BLOCK];
    private int files;
    private long bytes;

    private TarReader(InputStream in, Path target) {
        this.in = in;
        this.target = target;
    }

    /** What was unpacked. */
    record Unpacked(int files, long bytes) {}

    /** Unpacks a folder's content into a folder, which is made if absent. Reads up to the end marker. */
    static Unpacked folder(InputStream in, Path folder) throws IOException {
        Files.createDirectories(folder);
        TarReader reader = new TarReader(in, folder.toRealPath());
        reader.readUntrusted(null);
        return new Unpacked(reader.files, reader.bytes);
    }

    /** Unpacks an archive of one file to a path. Reads up to the end marker. */
    static Unpacked file(InputStream in, Path file) throws IOException {
        Path absolute = file.toAbsolutePath();
        Path parent = absolute.getParent();
        if (parent == null || absolute.getFileName() == null) {
            throw new FileAlreadyExistsException(file.toString());
        }
        Files.createDirectories(parent);
        TarReader reader = new TarReader(in, parent.toRealPath());
        reader.readUntrusted(absolute.getFileName().toString());
        if (reader.files != 1) {
            throw new IOException("expected one file from the machine, got " + reader.files);
        }
        return new Unpacked(reader.files, reader.bytes);
    }

    private void readUntrusted(@Nullable String onlyName) throws IOException {
        try {
            readAll(onlyName);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IOException("the machine sent a malformed archive", e);
        }
    }

    private void readAll(@Nullable String onlyName) throws IOException {
        Map<String, String> pax = new HashMap<>();
        while (true) {
            readBlock();
            if (isEmpty(block)) {
                readBlock();
                return;
            }
            byte[] header = block.clone();
            checkSum(header);
            char type = (char) header[156];
            long size = number(header, 124, 12);
            switch (type) {
                case 'x' -> parsePax(content(size), pax);
                case 'g' -> content(size);
                case 'L' -> pax.put("path", cString(content(size)));
                case 'K' -> pax.put("linkpath", cString(content(size)));
                default -> {
                    String name = pax.getOrDefault("path", name(header));
                    String link = pax.getOrDefault("linkpath", text(header, 157, 100));
                    if (pax.containsKey("size")) {
                        size = Long.parseLong(pax.get("size"));
                    }
                    pax.clear();
                    entry(type, onlyName == null || type == '5' ? name : onlyName, link, size, (int)
                            number(header, 100, 8));
                }
            }
        }
    }

    private void entry(char type, String name, String link, long size, int mode) throws IOException {
        Path path = target.resolve(name).normalize();
        if (!path.startsWith(target)) {
            throw new IOException("the machine sent a path outside the target: " + name);
        }
        switch (type) {
            case '0', '\0', '7' -> {
                Path parent = safeParent(path, name);
                Path part = Files.createTempFile(parent, ".part-", null);
                try {
                    try (OutputStream out = Files.newOutputStream(part)) {
                        copy(size, out);
                    }
                    permissions(part, mode);
                    Files.move(part, path, StandardCopyOption.REPLACE_EXISTING);
                } finally {
                    Files.deleteIfExists(part);
                }
                files++;
                bytes += size;
            }
            case '5' -> {
                if (!path.equals(target)) {
                    safeParent(path, name);
                    if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                        Files.createDirectory(path);
                    }
                }
            }
            case '2' -> {
                // From where the parent really is: the names in a link may be links themselves.
                Path destination =
                        safeParent(path, name).toRealPath().resolve(link).normalize();
                if (!destination.startsWith(target) || passesLink(destination)) {
                    throw new IOException("the machine sent a link that leaves the target: " + name + " -> " + link);
                }
                Files.deleteIfExists(path);
                Files.createSymbolicLink(path, Path.of(link));
            }
            case '1' -> {
                Path other = target.resolve(link).normalize();
                if (!other.startsWith(target)
                        || !Files.isRegularFile(other, LinkOption.NOFOLLOW_LINKS)
                        || !other.toRealPath().startsWith(target)) {
                    throw new IOException("the machine sent a hard link that leaves the target: " + name);
                }
                safeParent(path, name);
                Files.copy(other, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
                files++;
                bytes += Files.size(path);
            }
            default -> skip(size); // Devices, pipes: of no use here.
        }
    }

    /** Makes the parent folders and refuses a parent that is reached through a link. */
    private Path safeParent(Path path, String name) throws IOException {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IOException("the machine sent a path outside the target: " + name);
        }
        Path existing = parent;
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        if (existing == null || !existing.toRealPath().startsWith(target)) {
            throw new IOException("the machine sent a path that leaves the target through a link: " + name);
        }
        Files.createDirectories(parent);
        return parent;
    }

    /** Whether a folder on the way to a path is a link, whose target the path's own words do not show. */
    private boolean passesLink(Path path) {
        for (Path p = path.getParent(); p != null && !p.equals(target); p = p.getParent()) {
            if (Files.isSymbolicLink(p)) {
                return true;
            }
        }
        return false;
    }

    private static void permissions(Path path, int mode) throws IOException {
        try {
            Files.setPosixFilePermissions(path, TarModes.permissions(mode));
        } catch (UnsupportedOperationException notPosix) {
            // Such a file system has no modes to keep.
            return;
        }
    }

    private byte[] content(long size) throws IOException {
        if (size > MOST_HEADER_BYTES) {
            throw new IOException("the machine sent an archive header of " + size + " bytes");
        }
        byte[] content = in.readNBytes((int) size);
        if (content.length < size) {
            throw new EOFException("the archive ends in a header");
        }
        skip(TarWriter.padded(size) - size);
        return content;
    }

    private void copy(long size, OutputStream out) throws IOException {
        byte[] buffer = new byte[64 << 10];
        long left = size;
        while (left > 0) {
            int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (n < 0) {
                throw new EOFException("the archive ends in a file");
            }
            out.write(buffer, 0, n);
            left -= n;
        }
        skip(TarWriter.padded(size) - size);
    }

    private void skip(long size) throws IOException {
        in.skipNBytes(size);
    }

    private void readBlock() throws IOException {
        if (in.readNBytes(block, 0, BLOCK) < BLOCK) {
            throw new EOFException("the archive ends too soon");
        }
    }

    private static void parsePax(byte[] content, Map<String, String> pax) throws IOException {
        int at = 0;
        while (at < content.length) {
            int space = at;
            while (space < content.length && content[space] != ' ') {
                space++;
            }
            int length;
            try {
                length = Integer.parseInt(new String(content, at, space - at, StandardCharsets.US_ASCII));
            } catch (NumberFormatException e) {
                throw new IOException("the machine sent a malformed pax header", e);
            }
            if (length <= space - at || at + length > content.length) {
                throw new IOException("the machine sent a malformed pax header");
            }
            String record = new String(content, space + 1, at + length - space - 2, StandardCharsets.UTF_8);
            int equals = record.indexOf('=');
            if (equals > 0) {
                pax.put(record.substring(0, equals), record.substring(equals + 1));
            }
            at += length;
        }
    }

    private static void checkSum(byte[] header) throws IOException {
        int sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
        }
        if (sum != number(header, 148, 8)) {
            throw new IOException("the machine sent something that is not a tar archive");
        }
    }

    private static String name(byte[] header) {
        String prefix = text(header, 257, 5).equals("ustar") && header[262] == 0 ? text(header, 345, 155) : "";
        String name = text(header, 0, 100);
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private static String text(byte[] header, int at, int most) {
        int end = at;
        while (end < at + most && header[end] != 0) {
            end++;
        }
        return new String(header, at, end - at, StandardCharsets.UTF_8);
    }

    private static String cString(byte[] bytes) {
        return text(bytes, 0, bytes.length);
    }

    private static long number(byte[] header, int at, int width) throws IOException {
        if ((header[at] & 0x80) != 0) {
            long value = header[at] & 0x7f;
            for (int i = at + 1; i < at + width; i++) {
                value = (value << 8) | (header[i] & 0xff);
            }
            return value;
        }
        String digits = text(header, at, width).strip();
        try {
            return digits.isEmpty() ? 0 : Long.parseLong(digits, 8);
        } catch (NumberFormatException e) {
            throw new IOException("the machine sent something that is not a tar archive", e);
        }
    }

    private static boolean isEmpty(byte[] bytes) {
        for (byte b : bytes) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }
}
