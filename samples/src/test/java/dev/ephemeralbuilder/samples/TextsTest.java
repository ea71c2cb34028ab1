package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.Money;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TextsTest {
    @ParameterizedTest
    @CsvSource({"90s,PT90S", "30m,PT30M", "1h30m,PT1H30M", "2d,P2D", "PT5M,PT5M", "1H,PT1H", "1d2h3m4s,P1DT2H3M4S"})
    void durationsAreReadAsPeopleWriteThem(String text, Duration expected) {
        assertThat(Texts.parseDuration(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "m", "1h-3m", "-5m", "0s", "PT0S", "1.5h", "30 m", "99999999999s"})
    void otherDurationsAreRefusedWithTheFormExpected(String text) {
        assertThatThrownBy(() -> Texts.parseDuration(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"" + text + "\"")
                .hasMessageContaining("expected a time");
    }

    @ParameterizedTest
    @CsvSource({"0.25,0.25,CNY", "0.04 USD,0.04,USD", "1usd,1,USD", "2,2,CNY"})
    void pricesAreInYuanUnlessTheySayOtherwise(String text, String amount, String currency) {
        assertThat(Texts.parsePrice(text)).isEqualTo(Money.of(amount, currency));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "0.00", "-1", "1,5", "cheap", "1 QQQ", "1e3"})
    void otherPricesAreRefused(String text) {
        assertThatThrownBy(() -> Texts.parsePrice(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "PT0.04S,0.0 s",
        "PT0.35S,0.4 s",
        "PT59.94S,59.9 s",
        "PT3M5.9S,3 min 5 s",
        "PT2H5M,2 h 5 min",
        "PT2H,2 h",
        "PT3M,3 min"
    })
    void durationsAreShownShort(Duration duration, String expected) {
        assertThat(Texts.duration(duration)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"0,0 B", "999,999 B", "1000,1.0 kB", "1234567,1.2 MB", "999960,1.0 MB", "200000000,200.0 MB"})
    void sizesAreShownInPowersOfAThousand(long bytes, String expected) {
        assertThat(Texts.bytes(bytes)).isEqualTo(expected);
    }

    @Test
    void oneThingHasNoPluralEnding() {
        assertThat(Texts.count(1, "file")).isEqualTo("1 file");
        assertThat(Texts.count(0, "file")).isEqualTo("0 files");
    }

    @Test
    void aSmallAmountKeepsWhatItIsMadeOf() {
        assertThat(Texts.money(Money.of("0.000093", "CNY"))).isEqualTo("0.000093 CNY");
        assertThat(Texts.money(Money.of("0.01", "CNY"))).isEqualTo("0.0100 CNY");
        assertThat(Texts.money(Money.of("12.34567", "USD"))).isEqualTo("12.3457 USD");
    }
}
