package dev.ephemeralbuilder.testing.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Container groups in namespaces of their own. */
@Timeout(120)
@EnabledOnOs(OS.LINUX)
@Tag("once")
class IsolatedGroupTest {
    private static final String PATH = System.getenv().getOrDefault("PATH", "");
    private static final String LISTENER = """
            import java.io.*;
            import java.net.*;

            class Listener {
                public static void main(String[] args) throws Exception {
                    InetAddress loopback = InetAddress.getByName("127.0.0.1");
                    if (args.length == 0) {
                        try (ServerSocket server = new ServerSocket(8080, 5, loopback)) {
                            System.out.print("listening\\n");
                            System.out.flush();
                            try (Socket accepted = server.accept()) {
                                accepted.getOutputStream().write("hello\\n".getBytes());
                            }
                        }
                    } else {
                        try (Socket client = new Socket(loopback, 8080)) {
                            System.out.print(new String(client.getInputStream().readAllBytes()));
                        }
                    }
                }
            }
            """;

    @TempDir
    Path folder;

    private static NamespaceSupport support;

    private GroupKit kit;

    @BeforeAll
    static void findNamespaces(@TempDir Path scratch) throws Exception {
        NamespaceSupportTest.assumeNamespaces();
        support = NamespaceSupport.find(PATH, scratch);
    }

    @BeforeEach
    void open() {
        kit = new GroupKit(folder);
    }

    @AfterEach
    void close() {
        kit.close();
    }

    private GroupRuntime group(List<ContainerOrder> containers, VolumeOrder... volumes) {
        return kit.group(containers, List.of(volumes), support.forMachine("group-host", "127.2.0.1"));
    }

    private static String text(GroupRuntime group, String container) {
        return group.log(container).read(2000, null, null, 1_000_000, false);
    }

    private static ContainerOrder.Mount mount(String volume, String path) {
        return new ContainerOrder.Mount(volume, path, false, null);
    }

    private String runToEnd(GroupRuntime group) throws Exception {
        group.start("build");
        String end = kit.nextEnd();
        assertThat(end).as(text(group, "build")).isEqualTo("build 0");
        return text(group, "build");
    }

    @Test
    void mountsAreWhereTheOrderSaysAndLeaveNoTraceOnTheHost() throws Exception {
        VolumeOrder config = new VolumeOrder(
                "config", List.of(new VolumeOrder.ConfigFile("exec.sh", "echo ran \"$0\"".getBytes(UTF_8), 0555)));
        String command = "sh /eb-config/exec.sh; echo x > /eb-work/deep/file; echo y > /usr/local/eb-place/file;"
                + " echo z > /tmp/eb-inner/file; ls /usr/bin/env; cat /proc/1/comm";
        GroupRuntime group = group(
                List.of(GroupKit.container(
                        "build",
                        command,
                        new ContainerOrder.Mount("config", "/eb-config", true, null),
                        mount("work", "/eb-work/deep"),
                        mount("place", "/usr/local/eb-place"),
                        mount("inner", "/tmp/eb-inner"))),
                config,
                new VolumeOrder("work", List.of()),
                new VolumeOrder("place", List.of()),
                new VolumeOrder("inner", List.of()));
        assertThat(runToEnd(group)).isEqualTo("ran /eb-config/exec.sh\n/usr/bin/env\nsh\n");
        assertThat(folder.resolve("eci-0/volumes/work/file")).hasContent("x");
        assertThat(folder.resolve("eci-0/volumes/place/file")).hasContent("y");
        assertThat(folder.resolve("eci-0/volumes/inner/file")).hasContent("z");
        assertThat(List.of("/eb-config", "/eb-work", "/usr/local/eb-place", "/tmp/eb-inner"))
                .noneMatch(path -> Files.exists(Path.of(path)));
    }

    @Test
    void mountsWorkBelowAUserNamespaceToo() throws Exception {
        NamespaceSupport asUser = NamespaceSupport.asUser(PATH);
        try {
            asUser.tryOut(folder.resolve("trial"));
        } catch (IOException e) {
            Assumptions.abort(e.getMessage());
        }
        GroupRuntime group = kit.group(
                List.of(GroupKit.container(
                        "build",
                        "touch /eb-config/x 2>/dev/null || echo refused; echo x > /eb-work/file; cat /eb-config/a",
                        new ContainerOrder.Mount("config", "/eb-config", true, null),
                        mount("work", "/eb-work"))),
                List.of(
                        new VolumeOrder(
                                "config", List.of(new VolumeOrder.ConfigFile("a", "one\n".getBytes(UTF_8), 0444))),
                        new VolumeOrder("work", List.of())),
                asUser.forMachine("group-host", "127.2.0.1"));
        assertThat(runToEnd(group)).isEqualTo("refused\none\n");
        assertThat(folder.resolve("eci-0/volumes/work/file")).hasContent("x");
    }

    @Test
    void readOnlyMountCannotBeWritten() throws Exception {
        GroupRuntime group = group(
                List.of(GroupKit.container(
                        "build",
                        "touch /eb-config/file 2>/dev/null || echo refused",
                        new ContainerOrder.Mount("config", "/eb-config", true, null))),
                new VolumeOrder("config", List.of()));
        assertThat(runToEnd(group)).isEqualTo("refused\n");
    }

    @Test
    void partOfAVolumeMayBeAFile() throws Exception {
        GroupRuntime group = group(
                List.of(GroupKit.container(
                        "build",
                        "cat /etc/eb-settings",
                        new ContainerOrder.Mount("config", "/etc/eb-settings", true, "a"))),
                new VolumeOrder("config", List.of(new VolumeOrder.ConfigFile("a", "one\n".getBytes(UTF_8), 0444))));
        assertThat(runToEnd(group)).isEqualTo("one\n");
    }

    @Test
    void containersHaveOneLoopbackAndOneHostName() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        VolumeOrder work = new VolumeOrder(
                "work", List.of(new VolumeOrder.ConfigFile("Listener.java", LISTENER.getBytes(UTF_8), 0444)));
        GroupRuntime group = group(
                List.of(
                        GroupKit.container(
                                "server", "exec " + java + " /eb-work/Listener.java", mount("work", "/eb-work")),
                        GroupKit.container(
                                "build",
                                java + " /eb-work/Listener.java connect; uname -n",
                                mount("work", "/eb-work"))),
                work);
        group.start("server");
        await().atMost(Duration.ofSeconds(60)).until(() -> text(group, "server").equals("listening\n"));
        group.start("build");
        assertThat(List.of(String.valueOf(kit.nextEnd()), String.valueOf(kit.nextEnd())))
                .containsExactlyInAnyOrder("server 0", "build 0");
        assertThat(text(group, "build")).isEqualTo("hello\ngroup-host\n");
    }

    @Test
    void execIsInTheContainerAndOnlyThere() throws Exception {
        GroupRuntime group = group(
                List.of(
                        GroupKit.container("build", "echo $$ > /tmp/first; exec sleep 600", mount("work", "/eb-work")),
                        GroupKit.container("other", "exec sleep 600")),
                new VolumeOrder("work", List.of()));
        group.start("build");
        group.start("other");
        Path first = folder.resolve("eci-0/containers/build/tmp/first");
        await().until(() -> Files.exists(first));
        assertThat(GroupRuntimeTest.output(group.exec(
                        "build", List.of("sh", "-c", "ls -d /eb-work; kill -0 $(cat /tmp/first) && echo alive"))))
                .isEqualTo("/eb-work\nalive\n");
        assertThat(GroupRuntimeTest.output(
                        group.exec("other", List.of("sh", "-c", "[ -e /tmp/first ] || [ -e /eb-work ] || echo none"))))
                .isEqualTo("none\n");
    }

    @Test
    void workingDirectoryThatTheHostLacksIsMade() throws Exception {
        GroupRuntime group = group(List.of(new ContainerOrder(
                "build", "image", List.of("pwd"), List.of(), Map.of(), "/eb-builds/project", List.of())));
        assertThat(runToEnd(group)).isEqualTo("/eb-builds/project\n");
        assertThat(Path.of("/eb-builds")).doesNotExist();
    }

    @Test
    void imageCanLackItsShell() throws Exception {
        GroupRuntime group = group(List.of(new ContainerOrder(
                "build", "image", List.of("sleep", "600"), List.of(), Map.of(), null, List.of(), Set.of("sh", "cat"))));
        group.start("build");
        assertThatThrownBy(() -> group.exec("build", List.of("sh", "-c", "true")))
                .isInstanceOf(IOException.class)
                .hasMessage("exec: \"sh\": executable file not found in $PATH");
        assertThat(GroupRuntimeTest.output(group.exec("build", List.of("echo", "here"))))
                .isEqualTo("here\n");
    }

    @Test
    void endsAreThoseOfTheCommand() throws Exception {
        GroupRuntime group = group(List.of(
                GroupKit.container("build", "(setsid sleep 600 &) ; exit 3"),
                GroupKit.container("other", "kill -s KILL $$"),
                GroupKit.container("asked", "trap 'exit 5' TERM; echo up; while :; do sleep 0.1; done"),
                GroupKit.container("stubborn", "trap '' TERM; echo up; while :; do sleep 0.1; done")));
        group.start("build");
        assertThat(kit.nextEnd()).isEqualTo("build 3");
        group.start("other");
        assertThat(kit.nextEnd()).isEqualTo("other 137");
        group.start("asked");
        group.start("stubborn");
        await().until(() ->
                text(group, "asked").equals("up\n") && text(group, "stubborn").equals("up\n"));
        group.terminate(Duration.ofSeconds(1));
        assertThat(List.of(String.valueOf(kit.nextEnd()), String.valueOf(kit.nextEnd())))
                .containsExactlyInAnyOrder("asked 5", "stubborn 137");
    }

    @Test
    void nothingIsLeftAfterTheEnd() throws Exception {
        GroupRuntime group = group(
                List.of(GroupKit.container("build", "exec sleep 600", mount("work", "/eb-work"))),
                new VolumeOrder("work", List.of(new VolumeOrder.ConfigFile("a", new byte[0], 0444))));
        group.start("build");
        assertThat(kit.processes()).isNotEmpty();
        group.end();
        assertThat(kit.processes()).isEmpty();
        assertThat(folder.resolve("eci-0")).doesNotExist();
    }
}
