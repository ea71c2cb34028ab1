package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The whole command with {@code --simulated}: real SDK, real SSH, real processes. */
@Execution(ExecutionMode.CONCURRENT)
class RunOnSimulatorTest {
    @TempDir
    private Path folder;

    private Path home;
    private CommandRig rig;

    @BeforeEach
    void open() throws IOException {
        home = Files.createDirectory(folder.resolve("home"));
        rig = new CommandRig(home, folder);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void aFailedBuildsOutputFilesAndExitCodeComeBackAsTheyAre() throws IOException {
        String value = "a \"quoted\" 'value'\nwith $(echo no) \u00fc \u4e2d\\";
        byte[] binary = new byte[70_000];
        for (int i = 0; i < binary.length; i++) {
            binary[i] = (byte) (i * 31);
        }
        Files.createDirectories(folder.resolve("src/deep"));
        Files.write(folder.resolve("src/deep/binary"), binary);

        int exitCode = rig.run(
                "run",
                "--simulated",
                "--env",
                "VALUE=" + value,
                "--upload",
                "src",
                "--download",
                "made/*/*.txt:out/",
                "--",
                "cat deep/binary; mkdir -p made/a made/b; printf %s \"$VALUE\" >made/a/1.txt; echo 2 >made/b/1.txt; exit 37");

        assertThat(exitCode).as(rig.err()).isEqualTo(37);
        assertThat(rig.outBytes()).isEqualTo(binary);
        assertThat(folder.resolve("out/a/1.txt")).hasContent(value);
        assertThat(folder.resolve("out/b/1.txt"))
                .content(StandardCharsets.UTF_8)
                .isEqualTo("2\n");
        assertThat(rig.err())
                .containsPattern("ephemeral: linked into the machine's home: ~/.m2/repository -> " + home)
                .containsPattern("ephemeral: select +\\S+ s  \\d+ offers fit, \\d+ left out; the best 5:")
                .containsPattern("ephemeral: launch +\\S+ s  took \\S+ in cn-hangzhou-. \\(ecs, spot\\) at ")
                .containsPattern("ephemeral: upload +\\S+ s  1 file, 70.0 kB: src -> . \\(without .git")
                .containsPattern("ephemeral: script +\\S+ s  exit code 37")
                .containsPattern("ephemeral: download +\\S+ s  made/a/1.txt -> out/a/1.txt \\(1 file, ")
                .containsPattern("ephemeral: release +\\S+ s  no machine is left")
                .containsPattern("ephemeral: cost      0.\\d{6} CNY for .*; on demand 0.\\d{4,6} CNY .*; an estimate")
                .doesNotContain("quoted")
                .doesNotContain("\tat ");
    }

    @Test
    void aContainerGroupRunsABuildAsAMachineDoes() throws IOException {
        Files.createDirectories(folder.resolve("src"));
        Files.writeString(folder.resolve("src/in"), "carried\n");

        int exitCode = rig.run(
                "run",
                "--simulated",
                "--provider",
                "eci",
                "--env",
                "VALUE=a 'value'",
                "--upload",
                "src",
                "--download",
                "made/*.txt:out/",
                "--",
                "cat in; mkdir made; printf %s \"$VALUE\" >made/1.txt; readlink \"$HOME/.m2/repository\"; exit 37");

        assertThat(exitCode).as(rig.err()).isEqualTo(37);
        assertThat(rig.out()).isEqualTo("carried\n" + home.resolve(".m2/repository") + "\n");
        assertThat(folder.resolve("out/1.txt")).hasContent("a 'value'");
        assertThat(rig.err())
                .containsPattern("  eci +\\S+ +cn-hangzhou-. +(spot|on demand) ")
                .containsPattern("ephemeral: launch +\\S+ s  took \\S+ in cn-hangzhou-. \\(eci, ")
                .containsPattern("ephemeral: release +\\S+ s  no machine is left")
                .doesNotContain("  ecs  ");
    }

    @ParameterizedTest
    @CsvSource({"RunInstances, eci", "CreateContainerGroup, ecs"})
    void whereOneProductHasNoStockTheOtherOneIsTaken(String withoutStock, String taken) {
        int exitCode = rig.run(
                "run",
                "--simulated",
                "--provider",
                "any",
                "--fault",
                withoutStock + "=error:OperationDenied.NoStock",
                "--",
                "echo built");

        assertThat(exitCode).as(rig.err()).isZero();
        assertThat(rig.out()).isEqualTo("built\n");
        assertThat(rig.err())
                .containsPattern("ephemeral: launch +\\S+ s  took \\S+ in cn-hangzhou-. \\(" + taken + ", ");
    }

    @Test
    void whatTheMachineAddsToTheRepositoryIsKept() {
        int exitCode = rig.run("run", "--simulated", "--", "echo kept >~/.m2/repository/new; cat ~/.mavenrc; pwd");
        assertThat(exitCode).as(rig.err()).isZero();
        assertThat(home.resolve(".m2/repository/new")).hasContent("kept");
        assertThat(rig.out()).contains("-Duser.home=$HOME");
        Path workspace = Path.of(rig.out().lines().reduce("", (a, b) -> b));
        assertThat(workspace).doesNotExist();
    }

    @Test
    void aDownloadThatMatchesNothingFailsABuildThatSucceeded() {
        assertThat(rig.run("run", "--simulated", "--download", "none/*:out/", "--", "true"))
                .isEqualTo(125);
        assertThat(rig.err()).contains("ephemeral: download  nothing on the machine matches none/*");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void aDownloadThatMatchesNothingDoesNotHideTheScriptsExitCode() {
        assertThat(rig.run("run", "--simulated", "--download", "none/*:out/", "--", "exit 3"))
                .isEqualTo(3);
    }

    @Test
    void aScriptThatIgnoresTermIsEndedByTheTimeout() {
        assertThat(rig.run("run", "--simulated", "--timeout", "1s", "--", "trap '' TERM; echo up; sleep 300"))
                .as(rig.err())
                .isEqualTo(124);
        assertThat(rig.out()).isEqualTo("up\n");
        assertThat(rig.err()).contains("ended: it ran longer than --timeout 1.0 s", "no machine is left");
    }

    @Test
    void aMachineThatNobodySellsIsRefusedWithTheReasons() {
        assertThat(rig.run("run", "--simulated", "--vcpus", "4000", "--", "true"))
                .isEqualTo(2);
        assertThat(rig.err())
                .contains("Nothing on sale meets 4000.0 vCPU", "too few vCPUs")
                .doesNotContain("\tat ");
    }

    @Test
    void aFamilyThatDoesNotExistIsRefused() throws IOException {
        Files.writeString(folder.resolve("families.toml"), "[ecs]\nfamilies = [\"ecs.zz9\"]\n");
        assertThat(rig.run("run", "--simulated", "--config", "families.toml", "--", "true"))
                .isEqualTo(2);
        assertThat(rig.err()).contains("has no instance type of the families [ecs.zz9]");
    }
}
