package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.spi.LogPage;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** The last lines that a command has written, as many as its cloud keeps. Safe for use by many threads. */
final class InMemoryLog {
    private static final int MOST_CHARACTERS = 1 << 20;

    private final int mostLines;
    private final Deque<String> lines = new ArrayDeque<>();
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    /** How many lines there were, those that are not kept included. */
    private long written;

    private int characters;

    InMemoryLog(int mostLines) {
        this.mostLines = mostLines;
    }

    synchronized void append(byte[] bytes, int length) {
        for (int i = 0; i < length; i++) {
            line.write(bytes[i]);
            if (bytes[i] == '\n') {
                endLine();
            }
        }
    }

    /** No more comes: what has no line feed gets one. */
    synchronized void end() {
        if (line.size() > 0) {
            line.write('\n');
            endLine();
        }
    }

    private void endLine() {
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        lines.add(text);
        written++;
        characters += text.length();
        while (lines.size() > mostLines || characters > MOST_CHARACTERS) {
            characters -= lines.remove().length();
        }
    }

    /** Drops what is kept. */
    synchronized void drop() {
        lines.clear();
        characters = 0;
    }

    /** Returns what has come since a page, as far as it is kept. */
    synchronized LogPage after(@Nullable String cursor) {
        long from = cursor == null ? 0 : number(cursor);
        long first = written - lines.size();
        StringBuilder text = new StringBuilder();
        lines.stream().skip(Math.max(0, from - first)).forEach(text::append);
        return new LogPage(text.toString(), Long.toString(written), from < first);
    }

    private long number(String cursor) {
        long number = cursor.matches("[0-9]{1,18}") ? Long.parseLong(cursor) : -1;
        if (number < 0 || number > written) {
            throw new ConfigurationException(
                    "this is no cursor of this log: " + cursor, "InvalidParameter", null, null);
        }
        return number;
    }
}
