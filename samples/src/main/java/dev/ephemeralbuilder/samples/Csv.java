package dev.ephemeralbuilder.samples;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Rows as RFC 4180 has them: a cell with a comma, a quote or a line break stands in quotes, in which quotes are doubled. */
final class Csv {
    private static final Pattern SPECIAL = Pattern.compile("[\",\r\n]");

    private Csv() {}

    /** Returns a row, without the line break that ends it. */
    static String row(List<String> cells) {
        return cells.stream().map(Csv::cell).collect(Collectors.joining(","));
    }

    private static String cell(String text) {
        return SPECIAL.matcher(text).find() ? '"' + text.replace("\"", "\"\"") + '"' : text;
    }
}
