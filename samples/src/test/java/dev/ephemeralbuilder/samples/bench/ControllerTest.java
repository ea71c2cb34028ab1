package dev.ephemeralbuilder.samples.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.samples.product.ProviderChoice;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControllerTest {
    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, 20, 60})
    void isGivenTheTimeOfTheLongestJobAtAnyScale(double scale) {
        ReclaimPlan jobs = new ReclaimPlan(1, 0.2, scale);
        Controller.Plan plan = new Controller.Plan(
                Controller.Kind.OURS,
                new CloudFacts("", "", "", "", "", "", Map.of(), 22, "", ""),
                scale,
                1,
                ProviderChoice.ECS,
                1,
                1,
                jobs,
                null,
                null,
                List.of());
        Duration longest = Duration.ofMillis((long) (ReclaimPlan.LONGEST.toMillis() / scale));
        assertThat(plan.silence()).isGreaterThan(longest);
        assertThat(jobs.work("job-1", "job-1-0").log().length()).isLessThanOrEqualTo(longest);
    }
}
