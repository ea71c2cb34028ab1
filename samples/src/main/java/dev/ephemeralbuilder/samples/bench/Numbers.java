package dev.ephemeralbuilder.samples.bench;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.stream.Collectors;

/** Numbers and tables as they are printed. */
final class Numbers {
    private static final MathContext DIGITS = new MathContext(3);

    private Numbers() {}

    /** Returns three digits of a number, all of a whole one. */
    static double rounded(double value) {
        return Double.isFinite(value) && value != Math.rint(value)
                ? new BigDecimal(value).round(DIGITS).doubleValue()
                : value;
    }

    static String text(double value) {
        double rounded = rounded(value);
        return Double.isFinite(rounded)
                ? new BigDecimal(rounded)
                        .setScale(6, java.math.RoundingMode.HALF_UP)
                        .stripTrailingZeros()
                        .toPlainString()
                : Double.toString(rounded);
    }

    /** Returns a line of a table. */
    static String row(List<?> cells) {
        return cells.stream()
                        .map(cell -> cell instanceof Double d ? text(d) : String.valueOf(cell))
                        .collect(Collectors.joining(" | ", "| ", " |"))
                + "\n";
    }

    /** Returns the first two lines of a table. */
    static String head(List<String> names) {
        return row(names) + "|" + "---|".repeat(names.size()) + "\n";
    }
}
