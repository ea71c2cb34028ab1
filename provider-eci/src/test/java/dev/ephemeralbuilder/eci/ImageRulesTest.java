package dev.ephemeralbuilder.eci;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageRulesTest {
    private final ImageRules rules = new ImageRules(Map.of(
            "docker.io/", "own.example/hub/",
            "docker.io/library/", "own.example/official/",
            "ghcr.io/", "own.example/ghcr/"));

    @ParameterizedTest
    @CsvSource({
        "maven:3,own.example/official/maven:3",
        "docker.io/library/maven:3,own.example/official/maven:3",
        "grafana/k6,own.example/hub/grafana/k6",
        "docker.io/grafana/k6,own.example/hub/grafana/k6",
        "ghcr.io/a/b@sha256:00,own.example/ghcr/a/b@sha256:00",
        "quay.io/a/b,quay.io/a/b",
        "localhost/a,localhost/a",
        "localhost:5000/a,localhost:5000/a"
    })
    void theLongestBeginningHolds(String image, String pulled) {
        assertThat(rules.apply(image)).isEqualTo(pulled);
    }

    @Test
    void withoutRulesAShortNameStaysAsItIs() {
        assertThat(new ImageRules(Map.of()).apply("maven:3")).isEqualTo("maven:3");
    }

    @Test
    void theRuleThatLedToANameIsFound() {
        assertThat(rules.leadingTo("own.example/ghcr/a")).contains("ghcr.io/ -> own.example/ghcr/");
        assertThat(rules.leadingTo("quay.io/a/b")).isEmpty();
    }
}
