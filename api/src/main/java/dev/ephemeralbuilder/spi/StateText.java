package dev.ephemeralbuilder.spi;

import java.io.StreamCorruptedException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * The text of documents and log lines on disk. Everything is UTF-8 in lines of fields that tabs divide; what could be
 * taken for either, or cannot be shown, is written as a backslash, {@code u} and four hexadecimal digits. A checksum
 * tells what was written whole from what is torn, damaged or foreign:
 *
 * <pre>
 * ephemeral-builder-document   1            5f3a9c1e   2026-11-21T00:38:00Z   zone   b   type   ecs.c7.large
 * BUILDER   the key
 * zone   cn-shanghai-b
 * end   5f3a9c1e
 * </pre>
 *
 * (a document on the left, a log line on the right). No message of an exception from here contains what was read.
 */
final class StateText {
    private static final String DOCUMENT = "ephemeral-builder-document\t1";
    private static final String LOG = "ephemeral-builder-log\t1";
    private static final String END = "end";
    private static final int CHECKSUM_DIGITS = 8;

    /** A log line as it was read. */
    record Line(Instant at, Map<String, String> content) {}

    private StateText() {}

    static byte[] document(StateStore.Kind kind, String key, Map<String, String> content) {
        StringBuilder text = new StringBuilder(DOCUMENT).append('\n');
        text.append(kind).append('\t').append(escape(key)).append('\n');
        new TreeMap<>(content)
                .forEach((name, value) -> text.append(escape(name))
                        .append('\t')
                        .append(escape(value))
                        .append('\n'));
        byte[] body = utf8(text.toString());
        return join(body, utf8(END + "\t" + checksum(body, 0, body.length) + "\n"));
    }

    /** Returns the content of a document that must be this one. */
    static Map<String, String> content(byte[] bytes, StateStore.Kind kind, String key) throws StreamCorruptedException {
        String found = key(bytes, kind);
        if (!found.equals(key)) {
            throw new StreamCorruptedException("it is the document of another key");
        }
        Map<String, String> content = new HashMap<>();
        List<String> lines = body(bytes);
        for (String line : lines.subList(2, lines.size())) {
            List<String> fields = fields(line);
            if (fields.size() != 2 || content.put(fields.get(0), fields.get(1)) != null) {
                throw new StreamCorruptedException("a line is not one name and one value");
            }
        }
        return Map.copyOf(content);
    }

    /** Returns the key of a document of a kind, whichever it is. */
    static String key(byte[] bytes, StateStore.Kind kind) throws StreamCorruptedException {
        List<String> lines = body(bytes);
        List<String> fields = lines.size() < 2 ? List.of() : fields(lines.get(1));
        if (fields.size() != 2 || !fields.get(0).equals(kind.name())) {
            throw new StreamCorruptedException("it is no document of kind " + kind);
        }
        return fields.get(1);
    }

    private static List<String> body(byte[] bytes) throws StreamCorruptedException {
        int trailer = END.length() + 1 + CHECKSUM_DIGITS + 1;
        int length = bytes.length - trailer;
        if (length < 0) {
            throw new StreamCorruptedException("it is too short");
        }
        String expected = END + "\t" + checksum(bytes, 0, length) + "\n";
        if (!text(bytes, length, trailer).equals(expected)) {
            throw new StreamCorruptedException("its checksum is missing or wrong");
        }
        List<String> lines = text(bytes, 0, length).lines().toList();
        if (lines.isEmpty() || !lines.get(0).equals(DOCUMENT)) {
            throw new StreamCorruptedException("it is no document of this version");
        }
        return lines;
    }

    /** Returns the first line of a log's file: the latest time of all lines in the files before it. */
    static byte[] logHeader(Instant latestBefore) {
        return sealed(LOG + "\t" + latestBefore);
    }

    static Instant latestBefore(byte[] bytes, int from, int length) throws StreamCorruptedException {
        String text = unsealed(bytes, from, length);
        if (!text.startsWith(LOG + "\t")) {
            throw new StreamCorruptedException("it is no log of this version");
        }
        return instant(text.substring(LOG.length() + 1));
    }

    static byte[] line(Instant at, Map<String, String> content) {
        StringBuilder text = new StringBuilder(at.toString());
        new TreeMap<>(content)
                .forEach((name, value) ->
                        text.append('\t').append(escape(name)).append('\t').append(escape(value)));
        return sealed(text.toString());
    }

    /** Reads a line without its line feed. */
    static Line line(byte[] bytes, int from, int length) throws StreamCorruptedException {
        List<String> fields = fields(unsealed(bytes, from, length));
        if (fields.size() % 2 == 0) {
            throw new StreamCorruptedException("a line has a name without a value");
        }
        Map<String, String> content = new HashMap<>();
        for (int i = 1; i < fields.size(); i += 2) {
            content.put(fields.get(i), fields.get(i + 1));
        }
        return new Line(instant(fields.get(0)), Map.copyOf(content));
    }

    private static byte[] sealed(String text) {
        byte[] body = utf8(text + "\n");
        return join(utf8(checksum(body, 0, body.length - 1) + "\t"), body);
    }

    private static String unsealed(byte[] bytes, int from, int length) throws StreamCorruptedException {
        int seal = CHECKSUM_DIGITS + 1;
        if (length < seal || !text(bytes, from, seal).equals(checksum(bytes, from + seal, length - seal) + "\t")) {
            throw new StreamCorruptedException("the checksum of a line is missing or wrong");
        }
        return text(bytes, from + seal, length - seal);
    }

    private static Instant instant(String text) throws StreamCorruptedException {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw new StreamCorruptedException("a line has no time");
        }
    }

    private static List<String> fields(String line) throws StreamCorruptedException {
        List<String> fields = new ArrayList<>();
        for (String field : line.split("\t", -1)) {
            fields.add(unescape(field));
        }
        return fields;
    }

    /** Returns text in one line without tabs, such that no two texts become the same. */
    static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length() + 8);
        text.codePoints().forEach(c -> {
            if (plain(c)) {
                escaped.appendCodePoint(c);
            } else {
                escaped.append(String.format(Locale.ROOT, "\\u%04x", c));
            }
        });
        return escaped.toString();
    }

    private static boolean plain(int c) {
        boolean lineBreak = c == 0x2028 || c == 0x2029;
        // A surrogate here has no partner, and UTF-8 has no form for it.
        boolean alone = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
        return c != '\\' && !Character.isISOControl(c) && !lineBreak && !alone;
    }

    private static String unescape(String text) throws StreamCorruptedException {
        int next = text.indexOf('\\');
        if (next < 0) {
            return text;
        }
        StringBuilder plain = new StringBuilder(text.length());
        int from = 0;
        for (; next >= 0; next = text.indexOf('\\', from)) {
            if (text.length() < next + 6 || text.charAt(next + 1) != 'u') {
                throw new StreamCorruptedException("a line has an unknown escape");
            }
            plain.append(text, from, next);
            try {
                plain.append((char) Integer.parseInt(text, next + 2, next + 6, 16));
            } catch (NumberFormatException e) {
                throw new StreamCorruptedException("a line has an unknown escape");
            }
            from = next + 6;
        }
        return plain.append(text, from, text.length()).toString();
    }

    private static String checksum(byte[] bytes, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, length);
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes, int from, int length) throws StreamCorruptedException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, from, length))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new StreamCorruptedException("it is not UTF-8");
        }
    }

    private static byte[] join(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length + second.length)
                .put(first)
                .put(second)
                .array();
    }
}
