package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** That the API's groups are isolated where the simulator is to isolate. */
@Timeout(60)
@EnabledOnOs(OS.LINUX)
class IsolatedGroupApiTest {
    @Test
    void aScriptSeesItsMountUnderTheAbsolutePathAndTheGroupsHostName() throws Exception {
        NamespaceSupportTest.assumeNamespaces();
        Map<String, String> parameters =
                GroupClient.group("test \"$(cat /ephemeral-mount/name)\" = \"$(uname -n)\" && exit 7");
        parameters.put("ContainerGroupName", "job-" + "x".repeat(100));
        parameters.put("Container.1.VolumeMount.1.Name", "names");
        parameters.put("Container.1.VolumeMount.1.MountPath", "/ephemeral-mount");
        parameters.put("Volume.1.Name", "names");
        parameters.put("Volume.1.Type", "ConfigFileVolume");
        parameters.put("Volume.1.ConfigFileVolume.ConfigFileToPath.1.Path", "name");
        parameters.put(
                "Volume.1.ConfigFileVolume.ConfigFileToPath.1.Content", GroupClient.base64("job-" + "x".repeat(59)));
        try (AlibabaCloudSimulator cloud = AlibabaCloudSimulator.builder()
                        .bootTime(Duration.ZERO, Duration.ZERO)
                        .isolation(Isolation.NAMESPACES)
                        .start();
                GroupClient client = new GroupClient(cloud)) {
            String id = client.create(parameters);
            await().until(() -> client.status(id).equals("Failed"));
            assertThat(client.state(id).path("ExitCode").asInt()).isEqualTo(7);
        }
    }
}
