package dev.ephemeralbuilder.samples.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ShareTest {
    private final Share share = new Share();

    @Test
    void perCentAndPartsOfOneAreTheSame() {
        assertThat(share.convert("20%")).isEqualTo(share.convert("0.2")).isEqualTo(0.2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"101%", "-0.1", "2", "NaN", "", "%", "some"})
    void whatIsNoShareIsRefused(String text) {
        assertThatThrownBy(() -> share.convert(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("such as 20%");
    }
}
