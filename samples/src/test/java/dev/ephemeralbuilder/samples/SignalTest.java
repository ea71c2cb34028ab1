package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Signals to a command in a JVM of its own. */
class SignalTest {
    @TempDir
    private Path folder;

    private File out;
    private File err;

    @BeforeEach
    void nameFiles() {
        out = folder.resolve("out").toFile();
        err = folder.resolve("err").toFile();
    }

    @Test
    void ctrlCDuringTheScriptGivesTheMachineBack() throws IOException, InterruptedException {
        Process command = command("run", "--simulated", "--", "trap '' TERM; echo up; sleep 300");
        try {
            await().atMost(Duration.ofSeconds(60)).until(() -> Files.size(out.toPath()) > 0);
            Process kill = new ProcessBuilder("kill", "-INT", Long.toString(command.pid())).start();
            assertThat(kill.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(command.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            command.destroyForcibly();
        }
        assertThat(command.exitValue()).isEqualTo(130);
        assertThat(err).content().contains("interrupted; the machine is given back", "no machine is left", "cost");
    }

    @Test
    void termEndsTheSimulator() throws IOException, InterruptedException {
        Path settings = folder.resolve("sim.toml");
        Process command = command("simulate", "--scale", "10", "--write-config", settings.toString());
        try {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> Files.readString(out.toPath()).contains("setSysProtocol"));
            assertThat(Settings.read(settings).require(Setting.ECS.region)).isEqualTo("cn-hangzhou");
            assertThat(out)
                    .content()
                    .contains("export ALIBABA_CLOUD_ACCESS_KEY_ID=", "aliyun ecs", Files.readString(settings));
            command.destroy();
            assertThat(command.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            command.destroyForcibly();
        }
        assertThat(command.exitValue()).isEqualTo(143);
        assertThat(err).content().contains("the simulator has ended");
    }

    private Process command(String... arguments) throws IOException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Duser.home=" + folder,
                "-cp",
                classPath,
                Ephemeral.class.getName()));
        line.addAll(List.of(arguments));
        return new ProcessBuilder(line).redirectOutput(out).redirectError(err).start();
    }
}
