package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Images that are not there, not for everybody, slow, or lack programs, and the caches of images. */
@Timeout(60)
class ContainerImagesTest {
    private static final String IMAGE = "registry.example.com/build:21";
    private static final Duration BOOT = Duration.ofSeconds(10);

    private final SimulatedClock clock = SimulatedClock.manual(ManualCloud.START);
    private AlibabaCloudSimulator cloud;
    private GroupClient client;

    @BeforeEach
    void start() {
        cloud = AlibabaCloudSimulator.builder()
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

    private String create(Map<String, String> parameters) throws Exception {
        String id = client.create(parameters);
        clock.advance(BOOT);
        return id;
    }

    private static Map<String, String> withLogin(String password) {
        Map<String, String> parameters = GroupClient.group("exit 0");
        parameters.put("ImageRegistryCredential.1.Server", "registry.example.com");
        parameters.put("ImageRegistryCredential.1.UserName", "ci");
        parameters.put("ImageRegistryCredential.1.Password", password);
        return parameters;
    }

    @Test
    void aMissingImageKeepsTheGroupPendingAndIsSaid() throws Exception {
        cloud.images().image(IMAGE).missing();
        String id = create(GroupClient.group("exit 0"));
        assertThat(client.status(id)).isEqualTo("Pending");
        assertThat(client.state(id).path("Reason").asText()).isEqualTo("ErrImagePull");
        assertThat(client.state(id).path("Message").asText()).contains(IMAGE, "not found");
        clock.advance(Duration.ofSeconds(5));
        assertThat(client.state(id).path("Reason").asText()).isEqualTo("ImagePullBackOff");
        assertThat(client.reasons(id)).contains("Failed", "BackOff");
        assertThat(cloud.groups().get(0).billed()).isEqualTo(Duration.ofSeconds(12));
    }

    @Test
    void pullsThatFailAreTriedAgainAfterGrowingPauses() throws Exception {
        cloud.images().image(IMAGE).failFirst(2);
        String id = create(GroupClient.group("exit 0"));
        clock.advance(Duration.ofSeconds(10));
        assertThat(client.status(id)).isEqualTo("Pending");
        clock.advance(Duration.ofSeconds(19));
        assertThat(client.status(id)).isEqualTo("Pending");
        clock.advance(Duration.ofSeconds(1));
        await().until(() -> client.status(id).equals("Succeeded"));
    }

    @Test
    void aGroupThatIsPendingForTooLongFails() throws Exception {
        cloud.images().image(IMAGE).missing();
        Map<String, String> parameters = GroupClient.group("exit 0");
        parameters.put("MaxPendingMinute", "10");
        String id = create(parameters);
        clock.advance(Duration.ofMinutes(10));
        assertThat(client.status(id)).isEqualTo("Failed");
    }

    @Test
    void aPrivateImageComesToThoseWithTheRightPassword() throws Exception {
        cloud.images().login("registry.example.com", "ci", "right");
        String id = create(withLogin("right"));
        await().until(() -> client.status(id).equals("Succeeded"));
    }

    @Test
    void aWrongPasswordIsSaidAndNotShown() throws Exception {
        cloud.images().login("registry.example.com", "ci", "right");
        String id = create(withLogin("wrong"));
        assertThat(client.state(id).path("Message").asText()).contains("401 Unauthorized");
        assertThat(client.describe(id).toString()).doesNotContain("wrong", "right");
    }

    @Test
    void noPasswordIsSaid() throws Exception {
        cloud.images().login("registry.example.com", "ci", "right");
        String id = create(GroupClient.group("exit 0"));
        assertThat(client.state(id).path("Message").asText()).contains("pull access denied");
    }

    @Test
    void aSlowImageKeepsTheGroupPending() throws Exception {
        cloud.images().image(IMAGE).pullTime(Duration.ofMinutes(3));
        String id = create(GroupClient.group("exit 0"));
        clock.advance(Duration.ofSeconds(179));
        assertThat(client.status(id)).isEqualTo("Pending");
        clock.advance(Duration.ofSeconds(1));
        await().until(() -> client.status(id).equals("Succeeded"));
    }

    @Test
    void anImageWithoutAShellCannotStartOne() throws Exception {
        cloud.images().image(IMAGE).lacking("sh");
        String id = create(GroupClient.group("exit 0"));
        await().until(() -> client.status(id).equals("Failed"));
        JsonNode state = client.state(id);
        assertThat(state.path("Reason").asText()).isEqualTo("StartError");
        assertThat(state.path("ExitCode").asInt()).isEqualTo(128);
        assertThat(state.path("Message").asText()).contains("\"sh\": executable file not found");
    }

    @Test
    void aContainerWithoutCommandRunsTheEntryPointOfItsImage() throws Exception {
        cloud.images().image(IMAGE).entryPoint("sh", "-c", "exit $0");
        Map<String, String> parameters = GroupClient.group("");
        parameters.keySet().removeIf(key -> key.contains(".Command."));
        parameters.put("Container.1.Arg.1", "4");
        String id = create(parameters);
        await().until(() -> client.status(id).equals("Failed"));
        assertThat(client.state(id).path("ExitCode").asInt()).isEqualTo(4);
    }

    @Test
    void aContainerWithoutCommandOfAnUnknownImageSaysSo() throws Exception {
        Map<String, String> parameters = GroupClient.group("");
        parameters.keySet().removeIf(key -> key.contains(".Command."));
        String id = create(parameters);
        await().until(() -> client.status(id).equals("Failed"));
        assertThat(client.state(id).path("Message").asText()).contains("entry point");
    }

    @Test
    void aCacheIsMadeByATemporaryGroupWithoutTheTagsOfTheCall() throws Exception {
        JsonNode answer = client.call(
                "CreateImageCache",
                Map.of("ImageCacheName", "builds", "Image.1", IMAGE, "Tag.1.Key", "owner", "Tag.1.Value", "ci"));
        String group = answer.path("ContainerGroupId").asText();
        assertThat(client.describe(group).path("Tags")).isEmpty();
        assertThat(client.describe(group).path("Cpu").asInt()).isEqualTo(2);
        assertThat(cloud.groups().get(0).temporary()).isTrue();
        clock.advance(BOOT);
        await().until(() -> client.call("DescribeImageCaches", Map.of("MatchImage.1", IMAGE))
                .at("/ImageCaches/0/Status")
                .asText()
                .equals("Ready"));
        assertThat(client.status(group)).isEqualTo("absent");
    }

    @Test
    void aGroupTakesItsImageFromACacheThatHasIt() throws Exception {
        Map<String, String> cache = new HashMap<>(Map.of("ImageCacheName", "builds", "Image.1", IMAGE));
        String id = client.call("CreateImageCache", cache).path("ImageCacheId").asText();
        clock.advance(BOOT);
        await().until(() -> client.call("DescribeImageCaches", Map.of("ImageCacheId", id))
                .at("/ImageCaches/0/Status")
                .asText()
                .equals("Ready"));
        cloud.images().image(IMAGE).missing();
        Map<String, String> parameters = GroupClient.group("exit 0");
        parameters.put("AutoMatchImageCache", "true");
        String group = create(parameters);
        await().until(() -> client.status(group).equals("Succeeded"));
    }

    @Test
    void aCacheOfAMissingImageFails() throws Exception {
        cloud.images().image(IMAGE).missing();
        client.call("CreateImageCache", Map.of("ImageCacheName", "builds", "Image.1", IMAGE));
        clock.advance(Duration.ofHours(4).plus(BOOT));
        assertThat(client.call("DescribeImageCaches", Map.of())
                        .at("/ImageCaches/0/Status")
                        .asText())
                .isEqualTo("Failed");
        assertThat(cloud.machines()).isEmpty();
    }
}
