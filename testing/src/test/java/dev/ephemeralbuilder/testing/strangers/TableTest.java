package dev.ephemeralbuilder.testing.strangers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class TableTest {
    private final Table table = new Table();

    @Test
    void equalCellsAgreeWhateverTheClientsOwnWords() {
        add("one", new Cell("3 ids", "00ff", ""));
        add("two", new Cell("3 ids", "00ff", "in its own words"));
        assertThat(table.disagreements()).isEmpty();
        assertThat(table.toString()).contains("call  3 ids #00ff  ok   ok (in its own words)");
    }

    @Test
    void otherThanExpectedIsADisagreement() {
        add("one", Cell.of("3 ids"));
        add("two", Cell.of("2 ids"));
        assertThat(table.disagreements()).singleElement().asString().contains("call", "3 ids", "two", "2 ids");
        assertThat(table.toString()).contains("WRONG: 2 ids");
    }

    @Test
    void otherDetailsAreADisagreement() {
        add("one", Cell.of("3 ids", "a b c"));
        add("two", Cell.of("3 ids", "a b d"));
        assertThat(table.disagreements()).singleElement().asString().contains("call", "two");
        assertThat(table.toString()).contains("WRONG: 3 ids #");
    }

    @Test
    void callThatAClientDidNotMakeIsADisagreement() {
        add("one", Cell.of("3 ids"));
        table.add("two", Map.of());
        assertThat(table.disagreements()).singleElement().asString().contains("call", "two");
    }

    private void add(String client, Cell cell) {
        table.add(client, Map.of("call", new Looks.Outcome("3 ids", cell)));
    }
}
