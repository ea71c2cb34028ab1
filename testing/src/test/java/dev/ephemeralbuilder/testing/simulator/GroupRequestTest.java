package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the create call of a group refuses. */
class GroupRequestTest {
    private final Region region = new Region("cn-hangzhou");
    private final Map<String, String> parameters = new LinkedHashMap<>(GroupClient.group("exit 0"));

    private GroupRequest read() {
        return new GroupRequest(new Parameters(parameters), region);
    }

    private void refuses(String code) {
        assertThatThrownBy(this::read)
                .isInstanceOfSatisfying(
                        ApiError.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    @ParameterizedTest
    @CsvSource({
        "ContainerGroupName,, MissingParameter",
        "ContainerGroupName, -job, InvalidParameter",
        "ContainerGroupName, Job, InvalidParameter",
        "ContainerGroupName, j, InvalidParameter",
        "Container.1.Image,, MissingParameter",
        "Container.1.Name,, MissingParameter",
        "Container.1.Name, a_b, InvalidParameter",
        "Cpu, 0, InvalidParameter.CPU.Memory",
        "Cpu, 65, InvalidParameter.CPU.Memory",
        "Memory, 513, InvalidParameter.CPU.Memory",
        "InstanceType, ecs.no.such, InvalidInstanceTypeForEciBuy",
        "RestartPolicy, Sometimes, InvalidParameter",
        "SpotStrategy, Cheap, InvalidParameter",
        "SpotStrategy, SpotWithPriceLimit, MissingParameter",
        "VSwitchId, vsw-other, InvalidVSwitchId.NotFound",
        "ZoneId, cn-hangzhou-x, InvalidZoneId.NotFound",
        "SecurityGroupId, sg-other, InvalidSecurityGroupId.NotFound",
        "MaxPendingMinute, 9, InvalidParameter",
        "ActiveDeadlineSeconds, 0, InvalidParameter",
        "EphemeralStorage, 5001, InvalidParameter",
        "Tag.1.Key, acs:owner, InvalidParameter",
        "Container.1.VolumeMount.1.Name, scripts, MissingParameter",
        "DryRun, true, DryRunOperation",
        "InitContainer.1.Name, init, InvalidParameter",
    })
    void oneWrongValueIsRefused(String name, @Nullable String value, String code) {
        if (value == null) {
            parameters.remove(name);
        } else {
            parameters.put(name, value);
        }
        refuses(code);
    }

    @ParameterizedTest
    @CsvSource({
        "Container.1.Command.%d, 20",
        "Container.1.Arg.%d, 10",
        "ImageRegistryCredential.%d.Server, 10",
        "Tag.%d.Key, 20",
    })
    void moreThanALimitAreRefused(String name, int most) {
        for (int i = 1; i <= most; i++) {
            parameters.put(String.format(name, i), "x" + i);
        }
        assertThat(read().name).isEqualTo("job-1");
        parameters.put(String.format(name, most + 1), "x");
        refuses("InvalidParameter.ValueExceeded");
    }

    @ParameterizedTest
    @CsvSource({
        "Container.1.Command.1, 256",
        "Container.1.EnvironmentVar.1.Value, 256",
        "Container.1.EnvironmentVar.1.Key, 128",
        "Tag.1.Key, 64",
        "Tag.1.Value, 128",
    })
    void longerThanALimitIsRefused(String name, int most) {
        parameters.put("Container.1.EnvironmentVar.1.Key", "KEY");
        parameters.put("Tag.1.Key", "key");
        parameters.put(name, "x".repeat(most));
        assertThat(read().name).isEqualTo("job-1");
        parameters.put(name, "x".repeat(most + 1));
        refuses("InvalidParameter.ValueExceeded");
    }

    @Test
    void twentyOneContainersAreRefused() {
        for (int i = 2; i <= 21; i++) {
            parameters.put("Container." + i + ".Name", "c" + i);
            parameters.put("Container." + i + ".Image", "x");
        }
        refuses("InvalidParameter.ValueExceeded");
    }

    @Test
    void twoContainersOfOneNameAreRefused() {
        parameters.put("Container.2.Name", "build");
        parameters.put("Container.2.Image", "x");
        refuses("InvalidParameter.DuplicatedName");
    }

    private void file(int number, int bytes) {
        String prefix = "Volume.1.ConfigFileVolume.ConfigFileToPath." + number;
        parameters.put("Volume.1.Name", "scripts");
        parameters.put("Volume.1.Type", "ConfigFileVolume");
        parameters.put(prefix + ".Path", "f" + number);
        parameters.put(prefix + ".Content", GroupClient.base64("x".repeat(bytes)));
    }

    @Test
    void aFileAbove32KbIsRefused() {
        file(1, 32 * 1024);
        assertThat(read().volumes).hasSize(1);
        file(1, 32 * 1024 + 1);
        refuses("InvalidParameter.ValueExceeded");
    }

    @Test
    void filesAbove60KbTogetherAreRefused() {
        file(1, 30 * 1024);
        file(2, 30 * 1024);
        assertThat(read().volumes).hasSize(1);
        file(3, 1);
        refuses("InvalidParameter.ValueExceeded");
    }

    @Test
    void sixteenFilesAreRefused() {
        for (int i = 1; i <= 16; i++) {
            file(i, 1);
        }
        refuses("InvalidParameter.ValueExceeded");
    }

    @Test
    void aFileOutsideOfItsVolumeIsRefused() {
        file(1, 1);
        parameters.put("Volume.1.ConfigFileVolume.ConfigFileToPath.1.Path", "../f");
        refuses("InvalidParameter");
    }

    @Test
    void theModeOfAFileIsDecimal() {
        file(1, 1);
        parameters.put("Volume.1.ConfigFileVolume.ConfigFileToPath.1.Mode", "365");
        assertThat(read().volumes.get(0).order().files().get(0).mode()).isEqualTo(0555);
    }

    @Test
    void anEmptyItemOfACommandIsKept() {
        parameters.put("Container.1.Arg.1", "");
        parameters.put("Container.1.Arg.2", "x");
        assertThat(read().containers.get(0).order().args()).containsExactly("", "x");
    }

    @Test
    void containersTogetherAreNeverLargerThanTheGroup() {
        parameters.put("Container.1.Cpu", "2");
        parameters.put("Container.1.Memory", "6");
        parameters.put("Container.2.Name", "db");
        parameters.put("Container.2.Image", "db:16");
        parameters.put("Container.2.Cpu", "1.25");
        parameters.put("Container.2.Memory", "1.5");
        assertThat(read().size.key()).isEqualTo("4-8Gi");
    }

    @Test
    void passwordsAreNotShown() {
        parameters.put("ImageRegistryCredential.1.Server", "registry.example.com");
        parameters.put("ImageRegistryCredential.1.UserName", "ci");
        parameters.put("ImageRegistryCredential.1.Password", "geheim");
        GroupRequest request = read();
        assertThat(request.logins).containsEntry("registry.example.com", new GroupRequest.Login("ci", "geheim"));
        assertThat(request + " " + request.logins).doesNotContain("geheim");
    }
}
