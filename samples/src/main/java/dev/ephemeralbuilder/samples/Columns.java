package dev.ephemeralbuilder.samples;

import java.util.List;

/** Rows of cells as lines in which the cells of a column stand below each other. */
final class Columns {
    private Columns() {}

    /**
     * Returns a line for each row.
     *
     * @param rows all with as many cells
     * @param leftAligned how many columns, from the first, are aligned to the left; the others to the right
     */
    static List<String> lines(List<List<String>> rows, int leftAligned) {
        int[] widths = new int[rows.isEmpty() ? 0 : rows.get(0).size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        return rows.stream().map(row -> line(row, widths, leftAligned)).toList();
    }

    private static String line(List<String> row, int[] widths, int leftAligned) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String space = " ".repeat(widths[i] - row.get(i).length());
            line.append(i < leftAligned ? row.get(i) + space : space + row.get(i))
                    .append("  ");
        }
        return line.toString().stripTrailing();
    }
}
