package dev.ephemeralbuilder.eci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.alibaba.FormCall;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.spi.Launch;
import java.time.Duration;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GroupOrdersTest {
    private static final String CONFIG = "Volume.1.ConfigFileVolume.ConfigFileToPath.";

    private final FakeEci cloud = new FakeEci();

    @AfterEach
    void close() {
        cloud.close();
    }

    private Map<String, String> sent(EciProvider.Builder settings, Launch launch) throws InterruptedException {
        cloud.json("CreateContainerGroup", "{'RequestId':'R','ContainerGroupId':'eci-1'}");
        try (EciProvider provider = settings.build()) {
            assertThat(provider.launch(launch).ids()).containsExactly("eci-1");
        }
        return cloud.call("CreateContainerGroup");
    }

    private Map<String, String> sent(Launch launch) throws InterruptedException {
        return sent(EciFixtures.provider(cloud.uri()), launch);
    }

    private void refused(Launch launch, String... words) {
        try (EciProvider provider = EciFixtures.provider(cloud.uri()).build()) {
            assertThatThrownBy(() -> provider.launch(launch))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContainingAll(words);
        }
        assertThat(cloud.urls()).isEmpty();
    }

    private static Launch.Builder launch(MachineSpec.Builder spec) {
        return EciFixtures.launch().spec(spec.build());
    }

    @Test
    void aGroupOnDemandIsASize() throws InterruptedException {
        Map<String, String> sent = sent(EciFixtures.launch().build());

        assertThat(sent)
                .containsEntry("ClientToken", "Job-1.a1")
                .containsEntry("ContainerGroupName", "ephemeral-job-1-a1")
                .containsEntry("Cpu", "2")
                .containsEntry("Memory", "4")
                .containsEntry("SpotStrategy", "NoSpot")
                .containsEntry("ZoneId", "cn-test-a")
                .containsEntry("VSwitchId", "vsw-a")
                .containsEntry("SecurityGroupId", "sg-1")
                .containsEntry("RestartPolicy", "Never")
                .containsEntry("MaxPendingMinute", "10")
                .containsEntry("AutoMatchImageCache", "true")
                .containsEntry("ActiveDeadlineSeconds", "7260")
                .containsEntry("Tag.1.Key", "ephemeral:lease")
                .containsEntry("Tag.1.Value", "1700000000")
                .containsEntry("Tag.2.Key", "ephemeral:owner")
                .containsEntry("Tag.2.Value", "ci&team=1")
                .containsEntry("Container.1.Image", "maven:3")
                .doesNotContainKeys(
                        "InstanceType",
                        "SpotPriceLimit",
                        "SpotDuration",
                        "EphemeralStorage",
                        "AutoCreateEip",
                        "ImageSnapshotId",
                        "RamRoleName",
                        "ResourceGroupId",
                        "CpuArchitecture");
    }

    @Test
    void theSupervisorIsTheCommandAndComesInAFile() throws InterruptedException {
        Map<String, String> sent = sent(EciFixtures.launch().build());

        assertThat(sent)
                .containsEntry("Container.1.Name", "build")
                .containsEntry("Container.1.Command.1", "sh")
                .containsEntry("Container.1.Command.2", "/ephemeral-builder/supervisor.sh")
                .containsEntry("Container.1.VolumeMount.1.Name", sent.get("Volume.1.Name"))
                .containsEntry("Container.1.VolumeMount.1.MountPath", "/ephemeral-builder")
                .containsEntry("Container.1.VolumeMount.1.ReadOnly", "true")
                .containsEntry("Volume.1.Type", "ConfigFileVolume")
                .containsEntry(CONFIG + "1.Path", "supervisor.sh")
                .containsEntry(CONFIG + "1.Mode", "365")
                .containsEntry(CONFIG + "2.Path", "exec.sh")
                .doesNotContainKeys("Container.1.Command.3", "Container.1.Arg.1");
        assertThat(Base64.getDecoder().decode(sent.get(CONFIG + "1.Content")))
                .asString()
                .isEqualTo("echo supervisor");
        assertThat(Base64.getDecoder().decode(sent.get(CONFIG + "2.Content"))).isEqualTo(ExecWrapper.script());
    }

    @Test
    void nothingButTheCallItselfIsInTheUrl() throws InterruptedException {
        sent(
                EciFixtures.provider(cloud.uri()).registryCredential("own.example", "u", EciFixtures.PASSWORD),
                EciFixtures.launch().build());

        assertThat(cloud.urls())
                .singleElement()
                .asString()
                .doesNotContain("Container.1")
                .doesNotContain(EciFixtures.PASSWORD)
                .contains("Action=CreateContainerGroup", "Version=2018-08-08", "RegionId=cn-test");
    }

    @Test
    void aSpotGroupIsAnInstanceTypeWithABid() throws InterruptedException {
        Map<String, String> sent = sent(EciFixtures.launch(EciFixtures.offer(Market.SPOT, EciFixtures.TYPE)
                        .protection(Duration.ofHours(1))
                        .build())
                .build());

        assertThat(sent)
                .containsEntry("InstanceType", "ecs.c7.large")
                .containsEntry("SpotStrategy", "SpotWithPriceLimit")
                .containsEntry("SpotPriceLimit", "0.345")
                .containsEntry("SpotDuration", "1")
                .doesNotContainKeys("Cpu", "Memory");
    }

    @Test
    void theBidIsTheSpecsHighestPriceIfThatIsLower() throws InterruptedException {
        Map<String, String> sent = sent(EciFixtures.launch(
                        EciFixtures.offer(Market.SPOT, EciFixtures.TYPE).build())
                .spec(EciFixtures.spec()
                        .maxHourlyPrice(Money.of("0.1239", "CNY"))
                        .build())
                .build());

        assertThat(sent).containsEntry("SpotPriceLimit", "0.123").containsEntry("SpotDuration", "0");
    }

    @Test
    void anArmTypeSaysItsArchitecture() throws InterruptedException {
        MachineType arm = new MachineType("ecs.c8y.large", "ecs.c8y", Architecture.ARM64, 2000, 4096, 0);

        assertThat(sent(EciFixtures.launch(
                                EciFixtures.offer(Market.ON_DEMAND, arm).build())
                        .build()))
                .containsEntry("CpuArchitecture", "ARM64")
                .containsEntry("InstanceType", "ecs.c8y.large");
    }

    @Test
    void diskAddressAndSettingsAreSaid() throws InterruptedException {
        Map<String, String> sent = sent(
                EciFixtures.provider(cloud.uri())
                        .resourceGroup("rg-1")
                        .ramRole("Role")
                        .registryCredential("own.example", "u", "first")
                        .registryCredential("own.example", "u", EciFixtures.PASSWORD)
                        .acrInstance("cri-1", Set.of("b.example", "a.example"))
                        .imageCacheMatch(false)
                        .imageCache("imc-1")
                        .imageRules(Map.of("docker.io/", "own.example/hub/"))
                        .eipBandwidthMbit(5)
                        .maxPendingMinutes(15)
                        .rawParameters(Map.of("Container.2.Name", "db", "Container.1.WorkingDir", "/src")),
                launch(EciFixtures.spec().diskGib(50).publicBandwidthMbit(20)).build());

        assertThat(sent)
                .containsEntry("EphemeralStorage", "20")
                .containsEntry("AutoCreateEip", "true")
                .containsEntry("EipBandwidth", "20")
                .containsEntry("ResourceGroupId", "rg-1")
                .containsEntry("RamRoleName", "Role")
                .containsEntry("ImageRegistryCredential.1.Server", "own.example")
                .containsEntry("ImageRegistryCredential.1.UserName", "u")
                .containsEntry("ImageRegistryCredential.1.Password", EciFixtures.PASSWORD)
                .containsEntry("AcrRegistryInfo.1.InstanceId", "cri-1")
                .containsEntry("AcrRegistryInfo.1.RegionId", "cn-test")
                .containsEntry("AcrRegistryInfo.1.Domain.1", "a.example")
                .containsEntry("AcrRegistryInfo.1.Domain.2", "b.example")
                .containsEntry("AutoMatchImageCache", "false")
                .containsEntry("ImageSnapshotId", "imc-1")
                .containsEntry("MaxPendingMinute", "15")
                .containsEntry("Container.1.Image", "own.example/hub/library/maven:3")
                .containsEntry("Container.1.WorkingDir", "/src")
                .containsEntry("Container.2.Name", "db")
                .doesNotContainKey("ImageRegistryCredential.2.Server");
    }

    @Test
    void everyGroupGetsAnAddressWhereTheSettingsSaySo() throws InterruptedException {
        assertThat(sent(
                        EciFixtures.provider(cloud.uri()).eipBandwidthMbit(5),
                        EciFixtures.launch().build()))
                .containsEntry("EipBandwidth", "5");
    }

    @Test
    void theSameLaunchSaysTheSame() {
        GroupOrders orders = new GroupOrders(new GroupSettings(
                Map.of("cn-test-a", "vsw-a"),
                "sg-1",
                null,
                null,
                List.of(),
                List.of(),
                true,
                null,
                new ImageRules(Map.of()),
                0,
                10,
                Map.of()));

        FormCall first = orders.order(EciFixtures.launch().build());

        assertThat(orders.order(EciFixtures.launch().build())).isEqualTo(first);
        assertThat(first.toString()).doesNotContain("sg-1");
    }

    @Test
    void theTagOfTheCapSaysWhatTheLaunchSays() throws InterruptedException {
        assertThat(sent(EciFixtures.launch().tags(Map.of("ephemeral:cap", "1")).build()))
                .containsEntry("Tag.1.Value", "1893493800");
    }

    @Test
    void aShortLifetimeIsThatOfTheFleetsShortest() throws InterruptedException {
        assertThat(sent(launch(EciFixtures.spec().maxLifetime(Duration.ofSeconds(30)))
                        .build()))
                .containsEntry("ActiveDeadlineSeconds", "420");
    }

    @Test
    void anOwnCommandTakesThePlaceOfTheSupervisor() throws InterruptedException {
        Map<String, String> sent = sent(EciFixtures.launch()
                .containerCommand(ContainerCommand.of("/app", "a b", "").withEnvironment(Map.of("B", "2", "A", "1")))
                .build());

        assertThat(sent)
                .containsEntry("Container.1.Name", "command")
                .containsEntry("Container.1.Command.1", "/app")
                .containsEntry("Container.1.Arg.1", "a b")
                .containsEntry("Container.1.Arg.2", "")
                .containsEntry("Container.1.EnvironmentVar.1.Key", "A")
                .containsEntry("Container.1.EnvironmentVar.1.Value", "1")
                .containsEntry("Container.1.EnvironmentVar.2.Key", "B")
                .containsEntry("Container.1.EnvironmentVarHide", "true")
                .doesNotContainKeys("Container.1.Command.2", "Volume.1.Name", "Container.1.VolumeMount.1.Name");
    }

    @Test
    void theImagesOwnCommandIsNotSaid() throws InterruptedException {
        assertThat(sent(EciFixtures.launch()
                        .containerCommand(ContainerCommand.ofImage())
                        .build()))
                .doesNotContainKeys("Container.1.Command.1", "Container.1.Arg.1", "Container.1.EnvironmentVarHide");
    }

    @Test
    void whatIsTooLongIsRefusedBeforeAnythingIsSent() {
        String key = "k".repeat(65);
        refused(EciFixtures.launch().tags(Map.of(key, "v")).build(), "key of a tag", key);
        refused(EciFixtures.launch().tags(Map.of("acs:x", "v")).build(), "key of a tag");
        refused(EciFixtures.launch().tags(Map.of("k", "v".repeat(129))).build(), "value of a tag", "129");
        Map<String, String> many = new HashMap<>();
        for (int i = 0; i < 21; i++) {
            many.put("k" + i, "v");
        }
        refused(EciFixtures.launch().tags(many).build(), "20 tags", "21");
        refused(EciFixtures.launch().bootstrap("x".repeat(32 * 1024 + 1)).build(), "supervisor.sh", "32769");
        refused(EciFixtures.launch().bootstrap("x".repeat(60 * 1024)).build(), "61440 bytes in all");
        refused(own(ContainerCommand.of("x".repeat(257))), "256 characters", "number 1");
        refused(own(ContainerCommand.of("x", Collections.nCopies(11, "a").toArray(String[]::new))), "10 arguments");
        refused(
                own(ContainerCommand.ofImage().withEnvironment(Map.of("TOKEN", "s".repeat(257)))),
                "256 characters",
                "TOKEN");
        refused(own(ContainerCommand.ofImage().withEnvironment(Map.of("N".repeat(129), "s"))), "128 characters");
    }

    private static Launch own(ContainerCommand command) {
        return EciFixtures.launch().containerCommand(command).build();
    }

    @Test
    void aRefusalShowsNoValue() {
        String secret = "hidden".repeat(50);

        assertThatThrownBy(() -> {
                    try (EciProvider provider =
                            EciFixtures.provider(cloud.uri()).build()) {
                        provider.launch(own(ContainerCommand.ofImage().withEnvironment(Map.of("TOKEN", secret))));
                    }
                })
                .isInstanceOf(ConfigurationException.class)
                .hasMessageNotContaining("hidden");
    }

    @Test
    void whatCannotBeExpressedIsRefused() {
        refused(EciFixtures.launch().count(1, 2).build(), "one container group", "2");
        refused(
                EciFixtures.launch(EciFixtures.offer(Market.ON_DEMAND, EciFixtures.SIZE)
                                .zone("cn-test-z")
                                .build())
                        .build(),
                "vSwitch",
                "cn-test-z");
        refused(EciFixtures.launch().spec(MachineSpec.builder().build()).build(), "the spec names no container image");
        refused(launch(EciFixtures.spec().diskGib(5031)).build(), "5030 GiB");
        refused(launch(EciFixtures.spec().gpus(1)).build(), "GPUs");
        refused(
                EciFixtures.launch(
                                EciFixtures.offer(Market.SPOT, EciFixtures.SIZE).build())
                        .build(),
                "on demand only");
        refused(
                EciFixtures.launch(EciFixtures.offer(Market.SPOT, EciFixtures.TYPE)
                                .protection(Duration.ofHours(2))
                                .build())
                        .build(),
                "protection");
    }

    @Test
    void nothingSecretIsShown() {
        EciProvider.Builder settings = EciFixtures.provider(cloud.uri())
                .registryCredential("own.example", "u", EciFixtures.PASSWORD)
                .rawParameters(Map.of("Container.2.EnvironmentVar.1.Value", EciFixtures.PASSWORD));
        GroupSettings.Registry registry = new GroupSettings.Registry("own.example", "u", EciFixtures.PASSWORD);

        assertThat(registry).hasToString("Registry[own.example]");
        try (EciProvider provider = settings.build()) {
            assertThat(provider).hasToString("EciProvider[cn-test, zones [cn-test-a, cn-test-b]]");
        }
    }
}
