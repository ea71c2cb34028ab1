package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is said where machines cannot be isolated. */
@Timeout(60)
@EnabledOnOs(OS.LINUX)
class NamespaceSupportTest {
    private static final String PATH = System.getenv().getOrDefault("PATH", "");

    @TempDir
    Path folder;

    /** Skips a test, with the reason, where this host cannot isolate machines. */
    static void assumeNamespaces() throws IOException {
        refusal().ifPresent(Assumptions::abort);
    }

    /** Returns why this host cannot isolate machines, or nothing if it can. */
    static Optional<String> refusal() throws IOException {
        Path scratch = Files.createTempDirectory("ephemeral-namespaces");
        try {
            NamespaceSupport.find(PATH, scratch);
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        } finally {
            MachineRuntime.delete(scratch);
        }
    }

    @Test
    void machinesWorkBelowAUserNamespaceToo() throws Exception {
        NamespaceSupport support;
        try {
            support = NamespaceSupport.asUser(PATH);
            support.tryOut(folder.resolve("trial"));
        } catch (IOException e) {
            Assumptions.abort(e.getMessage());
            return;
        }
        LocalMachine machine = new LocalMachine(
                folder.resolve("home"), "i-1", "builder", Map.of(), support.forMachine("name", "127.1.0.1"));
        try {
            Process process = machine.start("id -u; cat /proc/1/comm; echo kept > /tmp/file; exec sleep 600", Map.of());
            BufferedReader out = process.inputReader();
            assertThat(out.readLine()).isEqualTo("0");
            assertThat(out.readLine()).isEqualTo("sh");
            Path file = folder.resolve("home/tmp/file");
            await().until(() -> Files.exists(file) && Files.readString(file).equals("kept\n"));
            machine.signal(process, "TERM");
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(143);
        } finally {
            machine.kill();
        }
    }

    @Test
    void namespacesEndWithTheJvmThatMadeThem() throws Exception {
        assumeNamespaces();
        Process jvm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Sleeper.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        long sleeper;
        try {
            sleeper = Long.parseLong(jvm.inputReader().readLine());
            assertThat(ProcessHandle.of(sleeper)).isPresent();
        } finally {
            jvm.destroyForcibly();
        }
        LocalMachineTest.awaitGone(sleeper);
    }

    /** Runs a command on an isolated machine and prints its process id on the host. */
    static final class Sleeper {
        private Sleeper() {}

        public static void main(String[] args) throws Exception {
            Path folder = Path.of(args[0]);
            LocalMachine machine = new LocalMachine(
                    folder.resolve("sleeper"),
                    "i-1",
                    "builder",
                    Map.of(),
                    NamespaceSupport.find(PATH, folder).forMachine("name", "127.1.0.1"));
            Process process = machine.start("echo up; exec sleep 600", Map.of());
            if (!"up".equals(process.inputReader().readLine())) {
                throw new IOException("the command does not run");
            }
            System.out.println(process.children().findFirst().orElseThrow().pid());
            process.waitFor();
        }
    }

    @Test
    void missingProgramsAreNamed() throws IOException {
        tool("setsid", "exec true");
        assertThatThrownBy(() -> NamespaceSupport.find(folder.toString(), folder))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not on the PATH: unshare, nsenter, mount (util-linux)")
                .hasMessageContaining("plain machines need none of this");
    }

    @Test
    void whatTheKernelSaysIsPassedOn() throws IOException {
        tool("setsid", "exec \"$@\"");
        tool("unshare", "echo 'unshare failed: Operation not permitted' >&2; exit 1");
        tool("nsenter", "exit 1");
        tool("mount", "exit 1");
        assertThatThrownBy(() -> NamespaceSupport.find(folder.toString(), folder))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("without a user namespace: unshare failed: Operation not permitted")
                .hasMessageContaining("with a user namespace: unshare failed: Operation not permitted")
                .hasMessageContaining("plain machines need none of this");
    }

    @Test
    void simulatorThatCannotIsolateDoesNotStart() throws IOException {
        List<Path> before = simulatorFolders();
        assertThatThrownBy(() -> AlibabaCloudSimulator.builder()
                        .isolation(Isolation.NAMESPACES)
                        .machineRoot(folder)
                        .programs("nowhere")
                        .start())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("machines cannot be isolated on this host");
        assertThat(simulatorFolders()).isEqualTo(before);
    }

    private List<Path> simulatorFolders() throws IOException {
        try (var files = Files.list(folder)) {
            return files.toList();
        }
    }

    private void tool(String name, String body) throws IOException {
        Path file = Files.writeString(folder.resolve(name), "#!/bin/sh\n" + body + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }
}
