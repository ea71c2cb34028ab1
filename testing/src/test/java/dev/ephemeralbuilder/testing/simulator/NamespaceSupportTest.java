package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
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
    @TempDir
    Path folder;

    /** Skips a test, with the reason, where this host cannot isolate machines. */
    static void assumeNamespaces() throws IOException {
        Path scratch = Files.createTempDirectory("ephemeral-namespaces");
        try {
            NamespaceSupport.find(System.getenv("PATH"), scratch);
        } catch (IOException e) {
            Assumptions.abort(e.getMessage());
        } finally {
            MachineRuntime.delete(scratch);
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
