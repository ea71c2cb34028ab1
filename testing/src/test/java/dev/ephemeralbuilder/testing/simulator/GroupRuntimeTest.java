package dev.ephemeralbuilder.testing.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Container groups without namespaces. */
@Timeout(60)
class GroupRuntimeTest {
    @TempDir
    Path folder;

    private GroupKit kit;

    @BeforeEach
    void open() {
        kit = new GroupKit(folder);
    }

    @AfterEach
    void close() {
        kit.close();
    }

    private static ContainerOrder order(List<String> command, ContainerOrder.Mount... mounts) {
        return new ContainerOrder("build", "image", command, List.of(), Map.of(), null, List.of(mounts));
    }

    private static String text(GroupRuntime group) {
        return group.log("build").read(2000, null, null, 1_000_000, false);
    }

    private String runToEnd(ContainerOrder order, VolumeOrder... volumes) throws Exception {
        GroupRuntime group = kit.group(List.of(order), List.of(volumes));
        group.start(order.name());
        assertThat(kit.nextEnd()).isEqualTo("build 0");
        return text(group);
    }

    static String output(Process process) throws IOException {
        process.getOutputStream().close();
        return new String(process.getInputStream().readAllBytes(), UTF_8);
    }

    private Path home(int group) {
        return folder.resolve("eci-" + group + "/containers/build");
    }

    private long pid(Path file) throws IOException {
        await().until(() -> Files.exists(file) && Files.readString(file).endsWith("\n"));
        return Long.parseLong(Files.readString(file).strip());
    }

    @Test
    void commandAndArgumentsRunWithoutAShell() throws Exception {
        ContainerOrder order = new ContainerOrder(
                "build", "image", List.of("printf", "%s|"), List.of("a b", "$HOME", ""), Map.of(), null, List.of());
        assertThat(runToEnd(order)).isEqualTo("a b|$HOME||");
    }

    @Test
    void environmentIsTheMachinesWithTheContainersOnTop() throws Exception {
        assertThat(runToEnd(GroupKit.container("build", "echo $CLOUD $MINE $EPHEMERAL_MACHINE; pwd; echo $HOME")))
                .isEqualTo("yes set eci-0\n%s\n%s\n".formatted(home(0), home(0)));
    }

    @Test
    void bothOutputsAreInTheLog() throws Exception {
        assertThat(runToEnd(GroupKit.container("build", "echo out; echo err >&2; printf unfinished")))
                .isEqualTo("out\nerr\nunfinished");
    }

    @Test
    void exitCodeIsToldWithTheContainer() throws Exception {
        kit.running("exit 7");
        assertThat(kit.nextEnd()).isEqualTo("build 7");
    }

    @Test
    void signalMakesAnExitCode() throws Exception {
        kit.running("kill -s KILL $$");
        assertThat(kit.nextEnd()).isEqualTo("build 137");
        kit.running("kill -s TERM $$");
        assertThat(kit.nextEnd()).isEqualTo("build 143");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void endOfTheCommandEndsWhatElseRuns() throws Exception {
        GroupRuntime group = kit.running(
                "setsid sh -c 'echo $$ > child; exec sleep 600' & until [ -e go ]; do sleep 0.05; done; exit 3");
        long child = pid(home(0).resolve("child"));
        Process exec = group.exec("build", List.of("sleep", "600"));
        assertThat(output(group.exec("build", List.of("touch", "go")))).isEmpty();
        assertThat(kit.nextEnd()).isEqualTo("build 3");
        LocalMachineTest.awaitGone(child);
        assertThat(exec.waitFor()).isEqualTo(137);
        assertThatThrownBy(() -> group.exec("build", List.of("true")))
                .isInstanceOf(IOException.class)
                .hasMessage("container build is not running");
    }

    @Test
    void containerCanBeStartedAgain() throws Exception {
        GroupRuntime group = kit.running("echo run; echo x >> runs; test $(wc -l < runs) -eq 2");
        assertThat(kit.nextEnd()).isEqualTo("build 1");
        group.start("build");
        assertThat(kit.nextEnd()).isEqualTo("build 0");
        assertThat(text(group)).isEqualTo("run\nrun\n");
    }

    @Test
    void programThatIsNotThereIsSaidAsARuntimeSaysIt() {
        GroupRuntime group = kit.group(List.of(order(List.of("no-such-program"))), List.of());
        assertThatThrownBy(() -> group.start("build"))
                .isInstanceOf(IOException.class)
                .hasMessage("exec: \"no-such-program\": executable file not found in $PATH");
        GroupRuntime other = kit.group(List.of(order(List.of("/no/such"))), List.of());
        assertThatThrownBy(() -> other.start("build"))
                .isInstanceOf(IOException.class)
                .hasMessage("exec: \"/no/such\": stat /no/such: no such file or directory");
        assertThat(kit.otherEnds()).isEmpty();
    }

    private static ContainerOrder lacking(String program, List<String> command) {
        return new ContainerOrder("build", "image", command, List.of(), Map.of(), null, List.of(), Set.of(program));
    }

    @Test
    void imageCanLackItsShell() throws Exception {
        GroupRuntime group = kit.group(List.of(lacking("sh", List.of("sh", "-c", "true"))), List.of());
        assertThatThrownBy(() -> group.start("build"))
                .isInstanceOf(IOException.class)
                .hasMessage("exec: \"sh\": executable file not found in $PATH");
        GroupRuntime byPath = kit.group(List.of(lacking("sh", List.of("/bin/sh", "-c", "true"))), List.of());
        assertThatThrownBy(() -> byPath.start("build"))
                .isInstanceOf(IOException.class)
                .hasMessage("exec: \"/bin/sh\": stat /bin/sh: no such file or directory");
        GroupRuntime running = kit.group(List.of(lacking("sh", List.of("sleep", "600"))), List.of());
        running.start("build");
        assertThatThrownBy(() -> running.exec("build", List.of("sh", "-c", "true")))
                .isInstanceOf(IOException.class)
                .hasMessage("exec: \"sh\": executable file not found in $PATH");
        assertThat(output(running.exec("build", List.of("echo", "here")))).isEqualTo("here\n");
    }

    @Test
    void imageCanLackAProgramThatAShellLooksFor() throws Exception {
        assertThat(runToEnd(lacking("setsid", List.of("sh", "-c", "command -v setsid; echo $?; command -v wc"))))
                .isEqualTo("127\n%s\n".formatted(home(0).resolve(".programs/wc")));
    }

    @Test
    void configFilesAreThereWithTheirModes() throws Exception {
        VolumeOrder config = new VolumeOrder(
                "config",
                List.of(
                        new VolumeOrder.ConfigFile("run.sh", "echo \"$0 $1\"; cat".getBytes(UTF_8), 0555),
                        new VolumeOrder.ConfigFile("sub/secret", "s".getBytes(UTF_8), 0600)));
        ContainerOrder.Mount mount = new ContainerOrder.Mount("config", "/config", true, null);
        assertThat(runToEnd(order(List.of("/bin/sh", "/config/run.sh", "/config"), mount), config))
                .isEqualTo("%s %s\n".formatted(home(0).resolve("config/run.sh"), home(0).resolve("config")));
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(folder.resolve("eci-0/volumes/config/run.sh"))))
                .isEqualTo("r-xr-xr-x");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home(0).resolve("config/sub/secret"))))
                .isEqualTo("rw-------");
    }

    @Test
    void onlyWholePathsAtTheBeginningOfAnItemAreTranslated() throws Exception {
        ContainerOrder.Mount mount = new ContainerOrder.Mount("empty", "/data", false, null);
        assertThat(runToEnd(
                        order(List.of("printf", "%s\n", "/data", "/data/x", "/database", "--in=/data", "data"), mount),
                        new VolumeOrder("empty", List.of())))
                .isEqualTo("%s\n%s\n/database\n--in=/data\ndata\n"
                        .formatted(home(0).resolve("data"), home(0).resolve("data/x")));
    }

    @Test
    void itemsOfAnExecAreTranslatedToo() throws Exception {
        VolumeOrder config = new VolumeOrder(
                "config", List.of(new VolumeOrder.ConfigFile("run.sh", "echo ran".getBytes(UTF_8), 0444)));
        GroupRuntime group = kit.group(
                List.of(order(List.of("sleep", "600"), new ContainerOrder.Mount("config", "/config", true, null))),
                List.of(config));
        group.start("build");
        assertThat(output(group.exec("build", List.of("sh", "/config/run.sh")))).isEqualTo("ran\n");
    }

    @Test
    void containersShareVolumes() throws Exception {
        ContainerOrder.Mount whole = new ContainerOrder.Mount("work", "/work", false, null);
        ContainerOrder.Mount part = new ContainerOrder.Mount("work", "/other/place", false, "sub");
        GroupRuntime group = kit.group(
                List.of(
                        GroupKit.container("writer", "echo shared > work/sub/file", whole, part),
                        GroupKit.container("build", "cat other/place/file", part)),
                List.of(new VolumeOrder("work", List.of())));
        group.start("writer");
        assertThat(kit.nextEnd()).isEqualTo("writer 0");
        group.start("build");
        assertThat(kit.nextEnd()).isEqualTo("build 0");
        assertThat(text(group)).isEqualTo("shared\n");
    }

    @Test
    void workingDirectoryIsBelowTheContainersFolderAndMayBeAMount() throws Exception {
        ContainerOrder inMount = new ContainerOrder(
                "build",
                "image",
                List.of("sh", "-c"),
                List.of("echo x > file"),
                Map.of(),
                "/work",
                List.of(new ContainerOrder.Mount("work", "/work", false, null)));
        runToEnd(inMount, new VolumeOrder("work", List.of()));
        assertThat(folder.resolve("eci-0/volumes/work/file")).hasContent("x");
        ContainerOrder elsewhere =
                new ContainerOrder("build", "image", List.of("pwd"), List.of(), Map.of(), "/builds/project", List.of());
        assertThat(runToEnd(elsewhere)).isEqualTo(home(1).resolve("builds/project") + "\n");
    }

    @Test
    void volumeThatIsNotThereIsNamed() {
        GroupRuntime group = kit.group(
                List.of(order(List.of("true"), new ContainerOrder.Mount("none", "/none", false, null))), List.of());
        assertThatThrownBy(() -> group.start("build"))
                .isInstanceOf(IOException.class)
                .hasMessage("volume \"none\" not found");
    }

    @Test
    void fileOutsideOfItsVolumeIsRefused() {
        VolumeOrder config =
                new VolumeOrder("config", List.of(new VolumeOrder.ConfigFile("../../x", new byte[0], 0444)));
        GroupRuntime group = kit.group(List.of(order(List.of("true"))), List.of(config));
        assertThatThrownBy(() -> group.start("build"))
                .isInstanceOf(IOException.class)
                .hasMessage("a path leads out of its volume");
    }

    @Test
    void terminateAsksTheFirstProcessesOnly() throws Exception {
        // What a shell has to say of a child that was killed before itself is not for the log.
        GroupRuntime group = kit.running("trap 'exit 5' TERM;"
                + " (trap 'echo got it' TERM; while :; do sleep 0.1; done) 2>/dev/null &"
                + " echo up; while :; do sleep 0.1; done");
        await().until(() -> text(group).equals("up\n"));
        group.terminate(Duration.ofMinutes(5));
        assertThat(kit.nextEnd()).isEqualTo("build 5");
        assertThat(text(group)).isEqualTo("up\n");
    }

    @Test
    void whatDoesNotEndIsKilledAfterTheGrace() throws Exception {
        GroupRuntime group = kit.running("trap '' TERM; echo up; while :; do sleep 0.1; done");
        await().until(() -> text(group).equals("up\n"));
        group.terminate(Duration.ofMillis(300));
        assertThat(kit.nextEnd()).isEqualTo("build 137");
        assertThatThrownBy(() -> group.start("build")).isInstanceOf(IOException.class);
    }

    @Test
    void endKillsEverythingAndDeletesTheFolder() throws Exception {
        GroupRuntime group = kit.running("echo $$ > first; exec sleep 600");
        long first = pid(home(0).resolve("first"));
        Process exec = group.exec("build", List.of("sleep", "600"));
        group.end();
        LocalMachineTest.awaitGone(first);
        assertThat(exec.waitFor()).isEqualTo(137);
        assertThat(folder.resolve("eci-0")).doesNotExist();
        assertThatThrownBy(() -> group.start("build")).isInstanceOf(IOException.class);
        assertThat(kit.otherEnds()).isEmpty();
    }
}
