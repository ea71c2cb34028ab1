package dev.ephemeralbuilder.eci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.ImagePullException;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.ScriptResult.Ending;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A fleet of container groups: what a build meets there that it does not meet on an instance. */
@Timeout(120)
class EciBuildsTest {
    private static final int KIB = 1024;

    private static final SimulatedEci CLOUD = new SimulatedEci();
    private static final BuildFleet FLEET = BuildFleet.builder()
            .owner("builds")
            .provider(CLOUD.provider()
                    .imageRules(Map.of("docker.io/", "mirror.example.com/"))
                    .build())
            .ticker(CLOUD.ticker())
            .build();

    @AfterAll
    static void end() {
        FLEET.close();
        CLOUD.close();
    }

    private final ByteArrayOutputStream output = new ByteArrayOutputStream();

    private static MachineSpec spec(String image) {
        return CLOUD.spec().containerImage(image).build();
    }

    private ScriptResult run(Script script) throws Exception {
        try (EphemeralBuilder builder = FLEET.acquire(CLOUD.spec().build())) {
            return builder.run(script, LogSink.to(output));
        }
    }

    private static void awaitEmpty() {
        Awaitility.await().until(() -> CLOUD.simulator().machines().isEmpty());
    }

    @Test
    void aScriptMayBeLongerThanTheFilesOfAGroup() throws Exception {
        String text = "# " + "x".repeat(60 * KIB) + "\nwc -c <\"$0\"\n";
        assertThat(run(Script.of(text)).success()).isTrue();
        assertThat(output.toString(StandardCharsets.UTF_8).strip())
                .isEqualTo(Integer.toString(text.getBytes(StandardCharsets.UTF_8).length));
    }

    @Test
    void aVariableMayBeLongerThanThoseOfAContainer() throws Exception {
        String value = "größer \"$HOME\"\n".repeat(KIB);
        assertThat(run(Script.of("printf %s \"$LONG\"").env("LONG", value)).success())
                .isTrue();
        assertThat(output.toString(StandardCharsets.UTF_8)).isEqualTo(value);
    }

    @Test
    void aBuildThatIsKilledIsTheScriptsOwnFailure() throws Exception {
        ScriptResult result = run(Script.of("kill -KILL $$"));
        assertThat(result.exitCode()).isEqualTo(137);
        assertThat(result.ending()).isEqualTo(Ending.EXITED);
    }

    @Test
    void anImageWithoutSetsidIsToldByName() {
        CLOUD.simulator().images().image("mirror.example.com/library/small:1").lacking("setsid");
        assertThatThrownBy(() -> FLEET.acquire(spec("small:1")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("setsid");
        awaitEmpty();
    }

    @Test
    void anImageWithoutAShellIsToldAtOnce() {
        CLOUD.simulator().images().image("mirror.example.com/library/bare:1").lacking("sh");
        assertThatThrownBy(() -> FLEET.acquire(spec("bare:1")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("mirror.example.com/library/bare:1")
                .hasMessageContaining("sh");
        awaitEmpty();
    }

    @Test
    void anImageThatIsNotThereIsToldWithTheRuleThatLedToIt() {
        CLOUD.simulator().images().image("mirror.example.com/library/none:1").missing();
        assertThatThrownBy(() -> FLEET.acquire(spec("none:1")))
                .isInstanceOf(ImagePullException.class)
                .hasMessageContaining("mirror.example.com/library/none:1")
                .hasMessageContaining("docker.io/");
        awaitEmpty();
    }
}
