package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DateHeaderTest {
    @Test
    void answersSayTheTimeOfTheCloud() throws Exception {
        try (ManualCloud cloud = new ManualCloud()) {
            String before = cloud.client.header(ManualCloud.describe(), "Date");
            cloud.clock.advance(Duration.ofHours(30));
            String after = cloud.client.header(ManualCloud.describe(), "Date");
            assertThat(before).isEqualTo("Mon, 05 Jan 2026 08:00:20 GMT");
            assertThat(after).isEqualTo("Tue, 06 Jan 2026 14:00:20 GMT");
        }
    }
}
