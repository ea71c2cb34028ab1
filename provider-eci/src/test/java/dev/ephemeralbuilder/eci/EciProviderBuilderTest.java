package dev.ephemeralbuilder.eci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.ProviderLimits;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EciProviderBuilderTest {
    private static final Map<String, String> VSWITCHES = Map.of("cn-test-a", "vsw-a");

    private static void missing(String setting, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalStateException.class).hasMessageContaining(setting);
    }

    private static void wrong(String setting, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(setting);
    }

    private static EciProvider.Builder builder() {
        return EciProvider.builder();
    }

    @Test
    void whatIsMissingIsNamed() {
        missing(
                "region",
                () -> builder().securityGroup("sg").vSwitches(VSWITCHES).build());
        missing(
                "securityGroup",
                () -> builder().region("cn-test").vSwitches(VSWITCHES).build());
        missing(
                "vSwitches",
                () -> builder().region("cn-test").securityGroup("sg").build());
    }

    @Test
    void whatIsWrongIsNamed() {
        EciProvider.Builder b = builder();
        wrong("region", () -> b.region("CN test"));
        wrong("account", () -> b.account(""));
        wrong("securityGroup", () -> b.securityGroup(" "));
        wrong("vSwitches", () -> b.vSwitches(Map.of("cn-test-a", "")));
        wrong("families", () -> b.families(Set.of("")));
        wrong("types", () -> b.types(Set.of(" ")));
        wrong("endpoint", () -> b.endpoint(URI.create("http://eci.example.com")));
        wrong("endpoint", () -> b.ecsEndpoint(URI.create("http://ecs.example.com")));
        wrong("proxy", () -> b.proxy(URI.create("socks://x:1")));
        wrong("resourceGroup", () -> b.resourceGroup(""));
        wrong("ramRole", () -> b.ramRole(""));
        wrong("registryCredential", () -> b.registryCredential("https://own.example", "u", "p"));
        wrong("registryCredential", () -> b.registryCredential("own.example", "", "p"));
        wrong("registryCredential", () -> b.registryCredential("own.example", "u", " "));
        wrong("acrInstance", () -> b.acrInstance("", Set.of()));
        wrong("acrInstance", () -> b.acrInstance("cri-1", Set.of("")));
        wrong("imageCache", () -> b.imageCache(""));
        wrong("imageRules", () -> b.imageRules(Map.of("docker.io", "own.example/")));
        wrong("imageRules", () -> b.imageRules(Map.of("/", "own.example/")));
        wrong("eipBandwidthMbit", () -> b.eipBandwidthMbit(-1));
        wrong("maxPendingMinutes", () -> b.maxPendingMinutes(9));
        wrong("maxPendingMinutes", () -> b.maxPendingMinutes(1441));
        wrong("callTimeout", () -> b.callTimeout(Duration.ZERO));
        wrong("connectTimeout", () -> b.connectTimeout(Duration.ZERO));
        wrong("callsPerMinute", () -> b.callsPerMinute(CloudAction.OPEN, 0));
    }

    @Test
    void tenRegistriesAreEnough() {
        EciProvider.Builder b = builder();
        for (int i = 0; i < 10; i++) {
            b.registryCredential(i + ".example", "u", "p");
        }
        wrong("registryCredential", () -> b.registryCredential("10.example", "u", "p"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Action",
                "ClientToken",
                "clienttoken",
                "ContainerGroupName",
                "ActiveDeadlineSeconds",
                "RestartPolicy",
                "Tag.3.Key",
                "SpotDuration",
                "SecurityGroupId",
                "ImageRegistryCredential.1.Server",
                "Container.1.Image",
                "Container.1.Command.3",
                "Container.1.VolumeMount.1.MountPath",
                "Volume.1.Name",
                "a b"
            })
    void aRawParameterCannotSayWhatTheLibraryDecides(String name) {
        assertThatThrownBy(() -> builder().rawParameters(Map.of(name, EciFixtures.PASSWORD)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("rawParameters", name)
                .hasMessageNotContaining(EciFixtures.PASSWORD);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Container.1.SecurityContext.RunAsUser",
                "Container.1.VolumeMount.2.Name",
                "Container.10.Image",
                "Volume.2.Name",
                "Volume.10.Name",
                "HostAliase.1.Ip",
                "DnsPolicy"
            })
    void whatElseTheApiTakesCanBeSaid(String name) {
        assertThatCode(() -> builder().rawParameters(Map.of(name, "x"))).doesNotThrowAnyException();
    }

    @Test
    void aProviderSaysWhatItIs() {
        try (EciProvider provider = builder()
                .region("cn-test")
                .securityGroup("sg")
                .vSwitches(VSWITCHES)
                .account("a")
                .build()) {
            assertThat(provider.name()).isEqualTo("eci");
            assertThat(provider.region()).isEqualTo("cn-test");
            assertThat(provider.account()).isEqualTo("a");
            assertThat(provider.runsContainerCommands()).isTrue();
            ProviderLimits limits = provider.limits();
            assertThat(limits)
                    .returns(1, ProviderLimits::launchBatch)
                    .returns(20, ProviderLimits::describeBatch)
                    .returns(1, ProviderLimits::deleteBatch)
                    .returns(20, ProviderLimits::renewBatch)
                    .returns(Duration.ofMinutes(1), ProviderLimits::minLifetime)
                    .returns(Duration.ofMinutes(3), ProviderLimits::reclaimNotice)
                    .returns(true, ProviderLimits::opensAreCalls);
            assertThat(limits.callsPerMinute(CloudAction.LAUNCH)).isEqualTo(1000);
            assertThat(limits.callsPerMinute(CloudAction.DELETE)).isEqualTo(1000);
            assertThat(limits.callsPerMinute(CloudAction.DESCRIBE)).isEqualTo(2000);
            assertThat(limits.callsPerMinute(CloudAction.OPEN)).isEqualTo(500);
            assertThat(limits.callsPerMinute(CloudAction.LOG)).isEqualTo(500);
            assertThat(limits.bucket(CloudAction.LIST)).isEqualTo(limits.bucket(CloudAction.DESCRIBE));
        }
    }
}
