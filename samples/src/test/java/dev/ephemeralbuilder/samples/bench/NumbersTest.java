package dev.ephemeralbuilder.samples.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NumbersTest {
    @Test
    void wholeNumbersKeepAllDigitsAndOthersThree() {
        assertThat(Numbers.row(List.of("x", 12_345.0, 0.123456, 1.0 / 3, 7)))
                .isEqualTo("| x | 12345 | 0.123 | 0.333 | 7 |\n");
    }

    @Test
    void aPercentileIsAValueThatWasMeasured() {
        List<Double> values = List.of(1.0, 2.0, 3.0, 100.0);
        assertThat(OverheadCommand.percentile(values, 0.5)).isEqualTo(2);
        assertThat(OverheadCommand.percentile(values, 0.99)).isEqualTo(100);
    }
}
