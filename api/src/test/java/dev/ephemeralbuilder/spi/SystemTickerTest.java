package dev.ephemeralbuilder.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class SystemTickerTest {
    @Test
    void whatWasDueAThousandYearsAgoRunsNow() {
        try (Ticker ticker = Ticker.system("ephemeral-test-ticker")) {
            CompletableFuture<Boolean> ran = new CompletableFuture<>();

            ticker.schedule(Duration.ofDays(-365_000), () -> ran.complete(true));

            assertThat(ran).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(true);
        }
    }
}
