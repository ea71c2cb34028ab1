package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.spi.ProviderLimits;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class EcsProviderBuilderTest {
    private static final Map<String, String> VSWITCHES = Map.of("cn-test-a", "vsw-a");

    private static void missing(String setting, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalStateException.class).hasMessageContaining(setting);
    }

    private static void wrong(String setting, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(setting);
    }

    @Test
    void whatIsMissingIsNamed() {
        missing(
                "region",
                () -> EcsProvider.builder()
                        .securityGroup("sg")
                        .vSwitches(VSWITCHES)
                        .build());
        missing(
                "securityGroup",
                () -> EcsProvider.builder()
                        .region("cn-test")
                        .vSwitches(VSWITCHES)
                        .build());
        missing(
                "vSwitches",
                () -> EcsProvider.builder()
                        .region("cn-test")
                        .securityGroup("sg")
                        .build());
    }

    @Test
    void whatIsWrongIsNamed() {
        EcsProvider.Builder b = EcsProvider.builder();
        wrong("region", () -> b.region("CN test"));
        wrong("securityGroup", () -> b.securityGroup(" "));
        wrong("vSwitches", () -> b.vSwitches(Map.of("cn-test-a", "")));
        wrong("families", () -> b.families(Set.of("")));
        wrong("types", () -> b.types(Set.of(" ")));
        wrong("user", () -> b.user("root"));
        wrong("user", () -> b.user("a: b"));
        wrong("endpoint", () -> b.endpoint(URI.create("http://ecs.example.com")));
        wrong("proxy", () -> b.proxy(URI.create("socks://x:1")));
        wrong("resourceGroup", () -> b.resourceGroup(""));
        wrong("systemDiskCategory", () -> b.systemDiskCategory(""));
        wrong("sshPort", () -> b.sshPort(0));
        wrong("callTimeout", () -> b.callTimeout(Duration.ZERO));
        wrong("connectTimeout", () -> b.connectTimeout(Duration.ZERO));
    }

    @Test
    void aProviderSaysWhatItIs() {
        try (EcsProvider provider = EcsProvider.builder()
                .region("cn-test")
                .securityGroup("sg")
                .vSwitches(VSWITCHES)
                .build()) {
            assertThat(provider.name()).isEqualTo("ecs");
            assertThat(provider.region()).isEqualTo("cn-test");
            assertThat(provider.limits())
                    .returns(100, ProviderLimits::launchBatch)
                    .returns(100, ProviderLimits::describeBatch)
                    .returns(100, ProviderLimits::deleteBatch)
                    .returns(50, ProviderLimits::renewBatch)
                    .returns(Duration.ofMinutes(30), ProviderLimits::minLifetime)
                    .returns(Duration.ofMinutes(5), ProviderLimits::reclaimNotice);
            assertThat(provider).hasToString("EcsProvider[cn-test, zones [cn-test-a]]");
        }
    }
}
