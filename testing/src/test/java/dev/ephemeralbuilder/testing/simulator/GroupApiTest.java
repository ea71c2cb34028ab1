package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Container groups as the real SDK sees them, on a clock that stands still. */
@Timeout(60)
class GroupApiTest {
    private static final Duration BOOT = Duration.ofSeconds(100);

    private final SimulatedClock clock = SimulatedClock.manual(ManualCloud.START);
    private AlibabaCloudSimulator cloud;
    private GroupClient client;

    @BeforeEach
    void start() {
        cloud = AlibabaCloudSimulator.builder()
                .seed(7)
                .clock(clock)
                .bootTime(BOOT, BOOT)
                .start();
        client = new GroupClient(cloud);
    }

    @AfterEach
    void close() {
        client.close();
        cloud.close();
    }

    private String running(Map<String, String> parameters) throws Exception {
        String id = client.create(parameters);
        clock.advance(BOOT);
        await().until(() -> client.status(id).equals("Running"));
        return id;
    }

    @Test
    void groupsGoFromSchedulingThroughPendingToRunning() throws Exception {
        String id = client.create(GroupClient.group("sleep 60"));
        assertThat(client.status(id)).isEqualTo("Scheduling");
        clock.advance(Duration.ofSeconds(30));
        assertThat(client.status(id)).isEqualTo("Pending");
        assertThat(client.state(id).path("State").asText()).isEqualTo("Waiting");
        clock.advance(Duration.ofSeconds(70));
        await().until(() -> client.status(id).equals("Running"));
        assertThat(client.state(id).path("State").asText()).isEqualTo("Running");
        assertThat(client.reasons(id)).contains("Scheduled", "Pulling", "Pulled", "Started");
    }

    @Test
    void aCommandThatEndsWellEndsTheGroup() throws Exception {
        String id = client.create(GroupClient.group("exit 0"));
        clock.advance(BOOT);
        await().until(() -> client.status(id).equals("Succeeded"));
        assertThat(client.state(id).path("Reason").asText()).isEqualTo("Completed");
        assertThat(client.describe(id).path("SucceededTime").asText()).isEqualTo("2026-01-05T08:02:00Z");
    }

    @Test
    void theExitCodeOfTheCommandIsThatOfTheContainer() throws Exception {
        String id = client.create(GroupClient.group("exit 3"));
        clock.advance(BOOT);
        await().until(() -> client.status(id).equals("Failed"));
        assertThat(client.state(id).path("State").asText()).isEqualTo("Terminated");
        assertThat(client.state(id).path("ExitCode").asInt()).isEqualTo(3);
    }

    @Test
    void theHomeOfAContainerIsPreparedBeforeItStarts() throws Exception {
        try (AlibabaCloudSimulator prepared = AlibabaCloudSimulator.builder()
                        .bootTime(Duration.ZERO, Duration.ZERO)
                        .onMachineStart(home -> Files.writeString(home.resolve("code"), "9"))
                        .start();
                GroupClient its = new GroupClient(prepared)) {
            String id = its.create(GroupClient.group("exit $(cat ~/code)"));
            await().until(() -> its.status(id).equals("Failed"));
            assertThat(its.state(id).path("ExitCode").asInt()).isEqualTo(9);
        }
    }

    @Test
    void aKilledCommandShowsItsSignal() throws Exception {
        String id = client.create(GroupClient.group("kill -KILL $$"));
        clock.advance(BOOT);
        await().until(() -> client.status(id).equals("Failed"));
        assertThat(client.state(id).path("ExitCode").asInt()).isEqualTo(137);
        assertThat(client.state(id).path("Signal").asInt()).isEqualTo(9);
    }

    @Test
    void describeShowsWhatTheCreateCallSaid() throws Exception {
        Map<String, String> parameters = GroupClient.group("sleep 60");
        parameters.put("Cpu", "3.25");
        parameters.put("Memory", "7.5");
        parameters.put("VSwitchId", cloud.vSwitches().get("cn-hangzhou-i"));
        parameters.put("Tag.1.Key", "owner");
        parameters.put("Tag.1.Value", "ci & co");
        parameters.put("Container.1.EnvironmentVar.1.Key", "LANGUAGE");
        parameters.put("Container.1.EnvironmentVar.1.Value", "中文");
        parameters.put("Volume.1.Name", "scripts");
        parameters.put("Volume.1.Type", "ConfigFileVolume");
        parameters.put("Volume.1.ConfigFileVolume.ConfigFileToPath.1.Path", "run.sh");
        parameters.put("Volume.1.ConfigFileVolume.ConfigFileToPath.1.Content", GroupClient.base64("exit 0"));
        JsonNode group = client.describe(client.create(parameters));
        assertThat(group.path("ContainerGroupName").asText()).isEqualTo("job-1");
        assertThat(group.path("Cpu").asDouble()).isEqualTo(4);
        assertThat(group.path("Memory").asDouble()).isEqualTo(8);
        assertThat(group.path("ZoneId").asText()).isEqualTo("cn-hangzhou-i");
        assertThat(group.path("CreationTime").asText()).isEqualTo("2026-01-05T08:00:20Z");
        assertThat(group.path("Tags").path(0).path("Value").asText()).isEqualTo("ci & co");
        assertThat(group.at("/Containers/0/EnvironmentVars/0/Value").asText()).isEqualTo("中文");
        assertThat(group.at("/Containers/0/Commands/2").asText()).isEqualTo("sleep 60");
        assertThat(group.at("/Volumes/0/ConfigFileVolumeConfigFileToPaths/0/Content")
                        .asText())
                .isEqualTo(GroupClient.base64("exit 0"));
    }

    @Test
    void hiddenVariablesAreNotDescribed() throws Exception {
        Map<String, String> parameters = GroupClient.group("sleep 60");
        parameters.put("Container.1.EnvironmentVar.1.Key", "SECRET");
        parameters.put("Container.1.EnvironmentVar.1.Value", "geheim");
        parameters.put("Container.1.EnvironmentVarHide", "true");
        assertThat(client.describe(client.create(parameters)).toString()).doesNotContain("geheim");
    }

    @Test
    void configurationFilesAreWhereTheyAreMounted() throws Exception {
        Map<String, String> parameters = GroupClient.group("");
        GroupClient.command(parameters, 1, "sh", "/ephemeral-builder/run.sh", "5");
        parameters.put("Container.1.VolumeMount.1.Name", "scripts");
        parameters.put("Container.1.VolumeMount.1.MountPath", "/ephemeral-builder");
        parameters.put("Volume.1.Name", "scripts");
        parameters.put("Volume.1.Type", "ConfigFileVolume");
        parameters.put("Volume.1.ConfigFileVolume.ConfigFileToPath.1.Path", "run.sh");
        parameters.put("Volume.1.ConfigFileVolume.ConfigFileToPath.1.Content", GroupClient.base64("exit $1"));
        String id = client.create(parameters);
        clock.advance(BOOT);
        await().until(() -> client.status(id).equals("Failed"));
        assertThat(client.state(id).path("ExitCode").asInt()).isEqualTo(5);
    }

    @Test
    void sameTokenGivesTheSameGroup() throws Exception {
        Map<String, String> parameters = GroupClient.group("sleep 60");
        parameters.put("ClientToken", "token-1");
        String id = client.create(parameters);
        assertThat(client.create(parameters)).isEqualTo(id);
        assertThat(cloud.groups()).hasSize(1);
        parameters.put("ContainerGroupName", "job-2");
        assertThat(client.code("CreateContainerGroup", parameters)).isEqualTo("IdempotentParameterMismatch");
    }

    @Test
    void deletedGroupsAreTerminatingAndThenGone() throws Exception {
        String id = running(GroupClient.group("sleep 60"));
        client.delete(id);
        assertThat(client.status(id)).isEqualTo("Terminating");
        client.delete(id);
        clock.advance(Duration.ofSeconds(30));
        assertThat(client.status(id)).isEqualTo("absent");
        assertThat(client.code("DeleteContainerGroup", Map.of("ContainerGroupId", id)))
                .isEqualTo("InvalidParameter.NotFound");
        assertThat(cloud.machines()).isEmpty();
    }

    @Test
    void aDeletedGroupGoesWhenItsCommandHeedsTheSignal() throws Exception {
        String id = running(GroupClient.group("trap 'exit 0' TERM; while :; do sleep 0.1; done"));
        client.delete(id);
        await().until(() -> {
            clock.advance(Duration.ofMillis(100));
            return client.status(id).equals("absent");
        });
        assertThat(cloud.groups().get(0).state()).isEqualTo("Gone");
    }

    @Test
    void groupsThatDoNotRunYetCanBeDeleted() throws Exception {
        String id = client.create(GroupClient.group("sleep 60"));
        client.delete(id);
        clock.advance(Duration.ofSeconds(1));
        assertThat(client.status(id)).isEqualTo("absent");
        assertThat(cloud.groups().get(0).billed()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void theDeadlineEndsAGroup() throws Exception {
        Map<String, String> parameters = GroupClient.group("sleep 600");
        parameters.put("ActiveDeadlineSeconds", "3600");
        String id = running(parameters);
        clock.advance(Duration.ofSeconds(3_499));
        assertThat(client.status(id)).isEqualTo("Running");
        clock.advance(Duration.ofSeconds(1));
        assertThat(client.status(id)).isEqualTo("Failed");
        assertThat(client.state(id).path("State").asText()).isEqualTo("Terminated");
        assertThat(client.reasons(id)).contains("DeadlineExceeded");
    }

    @Test
    void pendingAndRunningAreBilledSchedulingAndRecordsAreNot() throws Exception {
        String id = running(GroupClient.group("sleep 600"));
        assertThat(cloud.groups().get(0).billed()).isEqualTo(Duration.ofSeconds(70));
        clock.advance(Duration.ofSeconds(30));
        cloud.reclaim(id, Duration.ZERO);
        clock.advance(Duration.ofMinutes(10));
        assertThat(client.status(id)).isEqualTo("Expired");
        assertThat(cloud.groups().get(0).billed()).isEqualTo(Duration.ofSeconds(100));
        assertThat(cloud.machines()).isEmpty();
    }

    @Test
    void recordsOfEndedGroupsAreKeptForAnHourAndAmongTheLatestHundred() throws Exception {
        String id = client.create(GroupClient.group("exit 0"));
        clock.advance(BOOT);
        await().until(() -> client.status(id).equals("Succeeded"));
        clock.advance(Duration.ofHours(2));
        assertThat(client.status(id)).isEqualTo("Succeeded");
        client.delete(id);
        assertThat(client.status(id)).isEqualTo("absent");
    }

    @Test
    void theGroupEndsWhenAllItsContainersHave() throws Exception {
        Map<String, String> parameters = GroupClient.group("exit 0");
        parameters.put("Container.2.Name", "db");
        parameters.put("Container.2.Image", "db:16");
        GroupClient.command(parameters, 2, "sleep", "600");
        String id = client.create(parameters);
        clock.advance(BOOT);
        await().until(() -> client.state(id).path("State").asText().equals("Terminated"));
        assertThat(client.status(id)).isEqualTo("Running");
    }

    @Test
    void pagesFollowTheirTokens() throws Exception {
        for (int i = 0; i < 3; i++) {
            client.create(GroupClient.group("sleep 60"));
        }
        JsonNode first = client.call("DescribeContainerGroups", Map.of("Limit", "2"));
        assertThat(first.path("ContainerGroups")).hasSize(2);
        JsonNode second = client.call(
                "DescribeContainerGroups",
                Map.of("Limit", "2", "NextToken", first.path("NextToken").asText()));
        assertThat(second.path("ContainerGroups")).hasSize(1);
        assertThat(second.path("NextToken").asText()).isEmpty();
        assertThat(client.code("DescribeContainerGroups", Map.of("Limit", "21")))
                .isEqualTo("InvalidParameter");
    }

    @Test
    void groupsAreTaggedListedByTagAndUntagged() throws Exception {
        String id = client.create(GroupClient.group("sleep 60"));
        client.create(GroupClient.group("sleep 60"));
        Map<String, String> resource = new HashMap<>(Map.of("ResourceType", "ContainerGroup", "ResourceId.1", id));
        Map<String, String> tag = new HashMap<>(Map.of("Tag.1.Key", "owner", "Tag.1.Value", "ci"));
        tag.putAll(resource);
        client.call("TagResources", tag);
        JsonNode found = client.call("DescribeContainerGroups", Map.of("Tag.1.Key", "owner", "Tag.1.Value", "ci"));
        assertThat(found.path("ContainerGroups").findValuesAsText("ContainerGroupId"))
                .containsExactly(id);
        JsonNode listed = client.call("ListTagResources", resource).path("TagResources");
        assertThat(listed.findValuesAsText("TagKey")).containsExactly("owner");
        resource.put("TagKey.1", "owner");
        client.call("UntagResources", resource);
        assertThat(client.describe(id).path("Tags")).isEmpty();
    }

    @Test
    void statusesTellOfContainersAndOnlyOfWhatHasChanged() throws Exception {
        String id = running(GroupClient.group("sleep 60"));
        JsonNode data = client.call("DescribeContainerGroupStatus", Map.of("SinceSecond", "60"))
                .path("Data");
        assertThat(data.at("/0/ContainerGroupId").asText()).isEqualTo(id);
        assertThat(data.at("/0/PodStatus/Phase").asText()).isEqualTo("Running");
        assertThat(data.at("/0/PodStatus/ContainerStatuses/0/State/Running").isObject())
                .isTrue();
        clock.advance(Duration.ofSeconds(61));
        assertThat(client.call("DescribeContainerGroupStatus", Map.of("SinceSecond", "60"))
                        .path("Data"))
                .isEmpty();
    }
}
