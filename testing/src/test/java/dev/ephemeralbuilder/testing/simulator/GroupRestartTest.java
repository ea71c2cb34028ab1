package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** That containers start again where the group's policy says so. */
@Timeout(60)
class GroupRestartTest {
    private final SimulatedClock clock = SimulatedClock.manual(ManualCloud.START);

    @Test
    void aContainerThatFailsStartsAgainAfterAPause() throws Exception {
        Map<String, String> parameters = GroupClient.group("test -e again || { touch again; exit 3; }");
        parameters.put("RestartPolicy", "OnFailure");
        try (AlibabaCloudSimulator cloud = cloud();
                GroupClient client = new GroupClient(cloud)) {
            String id = client.create(parameters);
            clock.advance(Duration.ofSeconds(10));
            await().until(() -> client.state(id).path("Reason").asText().equals("CrashLoopBackOff"));
            assertThat(client.status(id)).isEqualTo("Running");
            assertThat(client.describe(id)
                            .at("/Containers/0/PreviousState/ExitCode")
                            .asInt())
                    .isEqualTo(3);
            clock.advance(Duration.ofSeconds(10));
            await().until(() -> client.status(id).equals("Succeeded"));
            assertThat(client.describe(id).at("/Containers/0/RestartCount").asInt())
                    .isEqualTo(1);
        }
    }

    @Test
    void byDefaultAContainerStartsAgainAlsoWhenItSucceeded() throws Exception {
        Map<String, String> parameters = GroupClient.group("exit 0");
        parameters.remove("RestartPolicy");
        try (AlibabaCloudSimulator cloud = cloud();
                GroupClient client = new GroupClient(cloud)) {
            String id = client.create(parameters);
            clock.advance(Duration.ofSeconds(10));
            await().until(() -> client.state(id).path("Reason").asText().equals("CrashLoopBackOff"));
            assertThat(client.status(id)).isEqualTo("Running");
        }
    }

    private AlibabaCloudSimulator cloud() {
        return AlibabaCloudSimulator.builder()
                .clock(clock)
                .bootTime(Duration.ofSeconds(10), Duration.ofSeconds(10))
                .start();
    }
}
