package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.alibaba.ErrorKind;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.Outcome;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a team says about error codes holds in every call, before the built-in table. */
@Timeout(120)
class OwnErrorsTest {
    private final SimulatedCloud cloud = new SimulatedCloud();
    private final EcsProvider provider = cloud.provider()
            .errors(Map.of(
                    "Company.Budget", ErrorKind.QUOTA,
                    "OperationDenied", ErrorKind.THROTTLED,
                    "Company.Busy", ErrorKind.STATE,
                    "Company.Unknown", ErrorKind.NOT_FOUND))
            .build();
    private final SimulatedLaunches launches = new SimulatedLaunches(cloud, provider);

    @AfterEach
    void close() {
        provider.close();
        cloud.close();
    }

    private void answer(String action, String code) {
        cloud.simulator().faults().on(action).times(1).error(400, code);
    }

    @Test
    void aCodeThatTheTableDoesNotKnowGetsItsType() throws Exception {
        Launch launch = launches.launch("budget").build();
        answer("RunInstances", "Company.Budget");

        assertThatThrownBy(() -> provider.launch(launch)).isInstanceOfSatisfying(QuotaException.class, e -> {
            assertThat(e.code()).contains("Company.Budget");
            assertThat(e.requestId()).isPresent();
        });
    }

    @Test
    void aCodeThatTheTableKnowsGetsAnotherMeaning() throws Exception {
        Launch launch = launches.launch("denied").build();
        answer("RunInstances", "OperationDenied");

        assertThatThrownBy(() -> provider.launch(launch)).isInstanceOf(ThrottledException.class);
    }

    @Test
    void aDeletionSortsItsIdsOutByThem() throws Exception {
        String id = provider.launch(launches.launch("busy").build()).ids().get(0);

        answer("DeleteInstances", "Company.Busy");
        assertThat(provider.delete(List.of(id))).containsEntry(id, new Outcome(Outcome.Status.LATER, "Company.Busy"));
        answer("DeleteInstances", "Company.Unknown");
        assertThat(provider.delete(List.of(id)))
                .containsEntry(id, new Outcome(Outcome.Status.ABSENT, "Company.Unknown"));
    }
}
