package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.Money;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
    private static final String COMPLETE = """
            [fleet]
            owner = "ci-hangzhou"
            state = "/var/lib/ephemeral"

            [ecs]
            region = "cn-hangzhou"
            machine-image = "m-bp1"
            security-group = "sg-bp1"
            families = ["ecs.c7", "ecs.g7"]
            types = ["ecs.c6.large"]
            login-user = "builder"
            address = "public"
            endpoint = "https://ecs.cn-hangzhou.aliyuncs.com"
            vpc-endpoint = true
            proxy = "http://someone:hidden@proxy.example.com:3128"
            resource-group = "rg-1"
            system-disk = "cloud_essd"
            ssh-port = 2222

            [ecs.vswitches]
            "cn-hangzhou-j" = "vsw-1"
            "cn-hangzhou-k" = "vsw-2"

            [eci]
            region = "cn-beijing"
            container-image = "docker.io/library/maven:3"
            security-group = "sg-bp2"
            families = ["ecs.c6"]
            types = ["ecs.g6.large"]
            endpoint = "https://eci.cn-beijing.aliyuncs.com"
            ecs-endpoint = "https://ecs.cn-beijing.aliyuncs.com"
            vpc-endpoint = false
            proxy = "http://other.example.com:3128"
            resource-group = "rg-2"
            ram-role = "EciBuilds"
            image-cache = "auto"
            max-pending = "15m"
            eip-mbit = 100
            acr-instances = ["cri-1"]

            [eci.vswitches]
            "cn-beijing-a" = "vsw-3"

            [eci.rewrite]
            "docker.io/" = "registry.example.com/mirror/"

            [eci.registries]
            "registry.example.com" = { user = "builder", password-env = "REGISTRY_PASSWORD" }

            [defaults]
            vcpus = 0.5
            memory-gib = 8
            disk-gib = 60
            max-price = "0.04 USD"
            max-lifetime = "1h30m"
            """;

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("ephemeral.toml");
    }

    @Test
    void everySettingIsRead() throws IOException {
        Settings settings = settings(COMPLETE);
        assertThat(settings.get(Setting.OWNER_NAME)).contains("ci-hangzhou");
        assertThat(settings.get(Setting.STATE)).contains("/var/lib/ephemeral");
        assertThat(settings.require(Setting.ECS.region)).isEqualTo("cn-hangzhou");
        assertThat(settings.require(Setting.ECS.families)).isEqualTo(List.of("ecs.c7", "ecs.g7"));
        assertThat(settings.require(Setting.ECS.vpcEndpoint)).isTrue();
        assertThat(settings.require(Setting.ECS.endpoint))
                .isEqualTo(URI.create("https://ecs.cn-hangzhou.aliyuncs.com"));
        assertThat(settings.require(Setting.ECS.sshPort)).isEqualTo(2222);
        assertThat(settings.require(Setting.ECS.vSwitches))
                .isEqualTo(Map.of("cn-hangzhou-j", "vsw-1", "cn-hangzhou-k", "vsw-2"));
        assertThat(settings.require(Setting.VCPUS)).isEqualTo(new BigDecimal("0.5"));
        assertThat(settings.require(Setting.MEMORY_GIB)).isEqualTo(new BigDecimal("8"));
        assertThat(settings.require(Setting.MAX_PRICE)).isEqualTo(Money.of("0.04", "USD"));
        assertThat(settings.require(Setting.MAX_LIFETIME)).isEqualTo(Duration.ofMinutes(90));
        assertThat(Setting.ALL).allSatisfy(s -> assertThat(settings.get(s)).isPresent());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[ecs] ; regoin = \"x\"              | 2:1 | [ecs] regoin: there is no such key; did you mean region?",
                "[ecs] ; machine_image = \"x\"       | 2:1 | did you mean machine-image?",
                "[ecs] ; securityGroup = \"x\"       | 2:1 | did you mean security-group?",
                "[ecs] ; colour = \"x\"              | 2:1 | [ecs] colour: there is no such key; known are region,",
                "[esc] ; region = \"x\"              | 1:1 | [esc]: there is no such table; did you mean ecs?",
                "region = \"cn-hangzhou\"            | 1:1 | region: there is no such table",
                "ecs = 5                             | 1:1 | ecs must be a table, written as [ecs]",
                "[ecs] ; region = 5                  | 2:1 | [ecs] region: expected a region, such as \"cn-hangzhou\", was 5",
                "[ecs] ; region = \"\"               | 2:1 | [ecs] region: expected a region",
                "[ecs] ; families = \"ecs.c7\"       | 2:1 | expected a list of instance families, such as [\"ecs.c7\", \"ecs.g7\"], was \"ecs.c7\"",
                "[ecs] ; families = []               | 2:1 | was an empty list",
                "[ecs] ; types = [1]                 | 2:1 | was a list with 1",
                "[ecs] ; address = \"both\"          | 2:1 | expected \"private\" or \"public\", was \"both\"",
                "[ecs] ; endpoint = \"ecs.example\"  | 2:1 | [ecs] endpoint: expected an address",
                "[ecs] ; endpoint = \"http://u:p@h\" | 2:1 | was an address with a user name in it",
                "[ecs] ; vpc-endpoint = \"yes\"      | 2:1 | expected true or false, was \"yes\"",
                "[ecs] ; ssh-port = 70000            | 2:1 | expected a port from 1 to 65535, was 70000",
                "[ecs] ; vswitches = \"vsw-1\"       | 2:1 | expected a vSwitch for each zone",
                "[ecs.vswitches] ; \"a\" = 5         | 2:1 | was 5 for a",
                "[eci] ; image-cache = \"yes\"      | 2:1 | expected \"auto\", \"none\" or the id of an image cache",
                "[eci] ; endpoint = \"eci\"         | 2:1 | an address such as \"https://eci.cn-hangzhou.aliyuncs.com\"",
                "[eci] ; max-pending = \"5m\"       | 2:1 | expected full minutes from 10m to 24h, such as \"15m\", was \"5m\"",
                "[eci] ; max-pending = \"10m5s\"    | 2:1 | was \"10m5s\"",
                "[eci] ; eip-mbit = 0                | 2:1 | of a public address for each group, from 1 to 200, was 0",
                "[eci.rewrite] ; \"docker.io\" = \"r/\" | 2:1 | [eci] rewrite: expected what the beginning",
                "[eci.registries] ; r = \"hidden\"  | 2:1 | [eci] registries: expected for each registry's host a user",
                "[eci] ; containerImage = \"x\"       | 2:1 | there is no such key; did you mean container-image?",
                "[fleet] ; owner = \"has space\"     | 2:1 | expected a name for your machines",
                "[defaults] ; vcpus = 0              | 2:1 | expected a number of virtual CPUs above zero, such as 4, was 0",
                "[defaults] ; vcpus = \"4\"          | 2:1 | was \"4\"",
                "[defaults] ; disk-gib = 5           | 2:1 | expected a whole number of GiB from 20 to 2048, was 5",
                "[defaults] ; max-price = \"free\"   | 2:1 | expected a price per hour",
                "[defaults] ; max-lifetime = 90      | 2:1 | expected a time such as 90s, 30m, 1h30m or 2d, was 90",
                "[ecs ; region = 5                   | 1:5 | malformed TOML",
                "[ecs] ; region = cn-hangzhou        | 2:10 | malformed TOML",
                "[ecs] ; region = \"a\" ; region = \"b\" | 3:1 | malformed TOML",
            })
    void aMistakeIsOneMessageWithFileLineAndColumn(String text, String position, String message) {
        assertThatThrownBy(reading(text.replace(" ; ", "\n")))
                .isInstanceOf(CommandException.class)
                .hasMessageStartingWith(file + ":" + position + ": ")
                .hasMessageContaining(message)
                .satisfies(e -> assertThat(((CommandException) e).exitCode()).isEqualTo(2));
    }

    @Test
    void aZoneOfAnotherRegionIsAMistake() {
        assertThatThrownBy(reading("""
                        [ecs]
                        region = "cn-hangzhou"
                        [ecs.vswitches]
                        "cn-hangzhou-j" = "vsw-1"
                        "cn-beijing-a" = "vsw-2"
                        """))
                .hasMessage(file + ":5:1: [ecs.vswitches] cn-beijing-a: expected a zone of region cn-hangzhou");
    }

    @Test
    void aZoneThatEciHasFromEcsIsOfItsRegionToo() {
        assertThatThrownBy(reading("""
                        [ecs]
                        region = "cn-hangzhou"
                        vswitches = { "cn-hangzhou-j" = "vsw-1" }
                        [eci]
                        region = "cn-beijing"
                        """))
                .hasMessage(file + ":5:1: [eci.vswitches] cn-hangzhou-j: expected a zone of region cn-beijing");
    }

    @Test
    void whatIsSaidOfEcsCountsForEciUnlessItSaysSomethingElse() throws IOException {
        Settings settings = settings("""
                        [ecs]
                        region = "cn-hangzhou"
                        security-group = "sg-1"
                        endpoint = "https://ecs.example.com"
                        vswitches = { "cn-hangzhou-j" = "vsw-1" }
                        families = ["ecs.c7"]
                        [eci]
                        security-group = "sg-2"
                        """);
        assertThat(settings.get(Setting.ECI.region)).contains("cn-hangzhou");
        assertThat(settings.get(Setting.ECI.vSwitches)).contains(Map.of("cn-hangzhou-j", "vsw-1"));
        assertThat(settings.get(Setting.ECI.securityGroup)).contains("sg-2");
        assertThat(settings.get(Setting.ECI.ecsEndpoint)).contains(URI.create("https://ecs.example.com"));
        assertThat(settings.get(Setting.ECI.endpoint)).isEmpty();
        assertThat(settings.get(Setting.ECI.families)).isEmpty();
    }

    @Test
    void aSettingThatBothTablesMayHoldIsMissedInBoth() throws IOException {
        Settings settings = settings("[eci]\ncontainer-image = \"maven:3\"\n");
        assertThatThrownBy(() -> settings.require(Setting.ECI.region))
                .hasMessage(
                        file + ":1: [eci] region is missing: expected a region, such as \"cn-hangzhou\", there or as"
                                + " [ecs] region");
    }

    @Test
    void aRegistrysPasswordComesFromTheEnvironment() throws IOException {
        Map<String, Registry> registries = settings(COMPLETE).require(Setting.ECI.registries);
        assertThat(registries).containsOnlyKeys("registry.example.com");
        Registry registry = registries.values().iterator().next();
        assertThat(registry.user()).isEqualTo("builder");
        assertThat(registry.password("registry.example.com", Map.of("REGISTRY_PASSWORD", "pw")))
                .isEqualTo("pw");
        assertThatThrownBy(() -> registry.password("registry.example.com", Map.of()))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("[eci.registries] registry.example.com: the environment variable"
                        + " REGISTRY_PASSWORD, which is to hold the password of builder, is not set");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"r.io\" = { user = \"u\", password = \"hidden\" }",
                "\"r.io\" = { user = \"u\", password-env = \"hidden-1\" }",
                "\"r.io\" = { user = \"\", password-env = \"P\", token = \"hidden\" }",
                "\"r.io\" = { user = \"u\", password-env = hidden }"
            })
    void aRegistrysPasswordInTheFileIsRefusedAndNotShown(String text) {
        assertThatThrownBy(reading("[eci.registries]\n" + text))
                .isInstanceOf(CommandException.class)
                .hasMessageNotContaining("hidden");
    }

    @Test
    void ofSeveralMistakesTheFirstInTheFileIsTold() {
        assertThatThrownBy(reading("[defaults]\nvcpus = 0\n[ecs]\nregion = 5\n"))
                .hasMessageStartingWith(file + ":2:1: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[ecs]\naccess-key-id = \"LTAI-hidden\"",
                "[ecs]\naccess_key_secret = \"hidden\"",
                "[fleet]\npassword = \"hidden\"",
                "access-key-secret = \"hidden\"",
                "[ecs]\naccess-key-secret = hidden"
            })
    void secretsAreRefusedAndNotShown(String text) {
        assertThatThrownBy(reading(text))
                .hasMessageContaining("ALIBABA_CLOUD_ACCESS_KEY_ID")
                .hasMessageContaining("secrets have no place in this file")
                .hasMessageNotContaining("hidden");
    }

    @Test
    void aWrongProxyIsNotShownSinceItMayHoldAPassword() {
        assertThatThrownBy(reading("[ecs]\nproxy = \"socks://someone:hidden@proxy:1\""))
                .hasMessageContaining("[ecs] proxy: expected an address")
                .hasMessageNotContaining("hidden");
    }

    @Test
    void aMissingSettingIsNamedWithTheLineOfItsTable() throws IOException {
        Settings settings = settings("[fleet]\nowner = \"me\"\n\n[ecs]\nregion = \"cn-hangzhou\"\n");
        assertThatThrownBy(() -> settings.require(Setting.ECS.securityGroup))
                .hasMessage(file + ":4: [ecs] security-group is missing: expected the id of a security group, such as"
                        + " \"sg-bp1...\"");
    }

    @Test
    void aMissingSettingWithoutFileIsNamedTogetherWithTheFileThatWouldHoldIt() {
        assertThatThrownBy(() -> Settings.none().require(Setting.ECS.region))
                .hasMessageContaining("[ecs] region is missing and there is no ephemeral.toml");
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> Settings.read(file)).hasMessageContaining("there is no file " + file);
    }

    @Test
    void aFileThatIsNoTextIsRefused() throws IOException {
        Files.write(file, "owner = \"\u00fc\"".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> Settings.read(file)).hasMessage(file + ": is not UTF-8 text");
    }

    private Settings settings(String text) throws IOException {
        return Settings.read(Files.writeString(file, text));
    }

    private ThrowingCallable reading(String text) {
        return () -> settings(text);
    }
}
