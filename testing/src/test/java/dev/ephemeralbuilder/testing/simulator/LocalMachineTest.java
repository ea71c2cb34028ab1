package dev.ephemeralbuilder.testing.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LocalMachineTest {
    @TempDir
    Path folder;

    private LocalMachine machine;

    @BeforeEach
    void createMachine() {
        machine = new LocalMachine(folder.resolve("home"), "i-1", "builder", Map.of("EXTRA", "one"));
    }

    @AfterEach
    void killMachine() {
        machine.kill();
    }

    @Test
    void commandsRunInTheHomeFolder() throws Exception {
        assertThat(output("pwd -P"))
                .isEqualTo(folder.resolve("home").toRealPath().toString());
    }

    @Test
    void environmentHoldsOnlyWhatIsMeantForTheMachine() throws Exception {
        assertThat(output("env").lines().map(line -> line.substring(0, line.indexOf('='))))
                .contains("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TMPDIR", "EXTRA", "EPHEMERAL_MACHINE")
                .isSubsetOf(
                        "PATH",
                        "JAVA_HOME",
                        "HOME",
                        "USER",
                        "LOGNAME",
                        "SHELL",
                        "LANG",
                        "TMPDIR",
                        "EXTRA",
                        "EPHEMERAL_MACHINE",
                        "EPHEMERAL_MACHINE_KEY",
                        "PWD",
                        "OLDPWD",
                        "SHLVL",
                        "_");
    }

    @Test
    void exitCodeIsThatOfTheCommand() throws Exception {
        assertThat(machine.start("exit 7", Map.of()).waitFor()).isEqualTo(7);
    }

    @Test
    void signalReachesTheWholeGroup() throws Exception {
        Process process = machine.start("sleep 600 & echo $! > child; wait", Map.of());
        long child = pid("child");
        machine.signal(process, "TERM");
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        awaitGone(child);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void killEndsChildrenInSessionsOfTheirOwn() throws Exception {
        machine.start("setsid sh -c 'echo $$ > child; exec sleep 600' >/dev/null 2>&1 </dev/null & exit 0", Map.of())
                .waitFor();
        long child = pid("child");
        machine.kill();
        awaitGone(child);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void killEndsChildrenThatClearedTheirEnvironment() throws Exception {
        machine.start("sh -c 'echo $$ > child; exec env -i sleep 600' & wait", Map.of());
        long child = pid("child");
        machine.kill();
        awaitGone(child);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void killLeavesAnotherMachineOfTheSameNameAlone() throws Exception {
        LocalMachine twin = new LocalMachine(folder.resolve("twin"), "i-1", "builder", Map.of());
        try {
            Process other = twin.start("exec sleep 600", Map.of());
            machine.start("exec sleep 600", Map.of());
            machine.kill();
            assertThat(other.isAlive()).isTrue();
        } finally {
            twin.kill();
        }
    }

    @Test
    void nothingStartsAfterKill() {
        machine.kill();
        assertThatThrownBy(() -> machine.start("true", Map.of())).isInstanceOf(IOException.class);
    }

    private String output(String command) throws Exception {
        Process process = machine.start(command, Map.of());
        process.getOutputStream().close();
        return new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    }

    private long pid(String file) {
        Path path = machine.home().resolve(file);
        await().until(() -> Files.exists(path) && !Files.readString(path).isBlank());
        try {
            return Long.parseLong(Files.readString(path).strip());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** A zombie counts as gone: whoever adopts it may be slow to reap it. */
    static void awaitGone(long pid) {
        await().until(() -> ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty());
    }
}
