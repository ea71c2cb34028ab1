package dev.ephemeralbuilder.testing.strangers;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Calls by clients: what was expected, what each one saw, and where that differs. */
final class Table {
    private final List<String> clients = new ArrayList<>();
    private final Map<String, Row> rows = new LinkedHashMap<>();

    private record Row(String expected, Map<String, Cell> cells) {
        Cell first() {
            return cells.values().iterator().next();
        }
    }

    void add(String client, Map<String, Looks.Outcome> outcomes) {
        clients.add(client);
        outcomes.forEach((call, outcome) -> rows.computeIfAbsent(
                        call, name -> new Row(outcome.expected(), new LinkedHashMap<>()))
                .cells()
                .put(client, outcome.cell()));
    }

    /** Returns a line for each cell that is not as expected, or not as the first one; none if all is well. */
    List<String> disagreements() {
        List<String> lines = new ArrayList<>();
        rows.forEach((call, row) -> clients.forEach(client -> {
            Cell cell = row.cells.get(client);
            if (cell == null) {
                lines.add(call + ": " + client + " was not asked");
            } else if (!cell.seen().equals(row.expected)) {
                lines.add(call + ": expected " + row.expected + ", " + client + " saw " + cell + " " + cell.note());
            } else if (!cell.agrees(row.first())) {
                lines.add(call + ": " + client + " saw " + cell + ", others saw " + row.first());
            }
        }));
        return lines;
    }

    /** Writes a line per call: what is expected, with the digest that the first client saw, and a word per client. */
    @Override
    public String toString() {
        List<List<String>> lines = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of("call", "seen"));
        head.addAll(clients);
        lines.add(head);
        rows.forEach((call, row) -> {
            List<String> line = new ArrayList<>(List.of(call, row.first().toString()));
            clients.forEach(client -> line.add(word(row, row.cells.get(client))));
            lines.add(line);
        });
        List<Integer> widths = new ArrayList<>();
        for (int column = 0; column < head.size(); column++) {
            int at = column;
            widths.add(
                    lines.stream().mapToInt(line -> line.get(at).length()).max().orElse(0));
        }
        StringBuilder text = new StringBuilder();
        for (List<String> line : lines) {
            for (int column = 0; column < line.size(); column++) {
                String cell = line.get(column);
                text.append(cell).append(" ".repeat(widths.get(column) - cell.length() + 2));
            }
            text.append('\n');
        }
        return text.toString();
    }

    private static String word(Row row, @Nullable Cell cell) {
        if (cell == null) {
            return "-";
        }
        boolean well = cell.seen().equals(row.expected) && cell.agrees(row.first());
        return (well ? "ok" : "WRONG: " + cell) + (cell.note().isEmpty() ? "" : " (" + cell.note() + ")");
    }
}
