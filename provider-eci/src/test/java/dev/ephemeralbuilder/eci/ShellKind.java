package dev.ephemeralbuilder.eci;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A shell that containers' images have, with the tools that come with it. */
enum ShellKind {
    DASH,
    BASH,
    BUSYBOX;

    private static final List<String> TOOLS = List.of(
            "base64", "cat", "dd", "echo", "head", "id", "mkdir", "mv", "seq", "sh", "sleep", "sort", "env", "rm",
            "wc");

    /**
     * Returns how {@code exec.sh} is run with this shell, and sets the environment; skips the test if this machine has
     * no such shell.
     *
     * @param folder empty, or from an earlier call; the command's home
     */
    List<String> command(Path folder, Map<String, String> environment) throws IOException {
        environment.clear();
        environment.put("HOME", folder.toString());
        Path script = folder.resolve("exec.sh");
        if (!Files.exists(script)) {
            Files.write(script, ExecWrapper.script());
        }
        Path found = find(name().toLowerCase(Locale.ROOT));
        assumeTrue(found != null, () -> "not checked: this machine has no " + name());
        Path shell = requireNonNull(found);
        // Not in the folder: it is deleted with warnings about links.
        Path bin = Path.of("target", "shells", name()).toAbsolutePath();
        Path sh = bin.resolve("sh");
        Files.createDirectories(bin);
        for (String tool : this == BUSYBOX ? TOOLS : List.of("sh")) {
            try {
                Files.createSymbolicLink(bin.resolve(tool), shell);
            } catch (FileAlreadyExistsException e) {
                assertThat(bin.resolve(tool)).isExecutable();
            }
        }
        // Busybox with nothing but its own tools; the others with what this machine has.
        environment.put("PATH", this == BUSYBOX ? bin.toString() : bin + ":/usr/bin:/bin");
        return List.of(sh.toString(), script.toString());
    }

    private static @Nullable Path find(String program) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }
}
