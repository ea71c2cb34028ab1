package dev.ephemeralbuilder.testing.simulator;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Finds programs as a container runtime does before it starts one, and hides some. The words of the failures are those
 * of runc [code]; what ECI makes of them is [unconfirmed].
 */
final class ProgramPath {
    private final Set<String> lacking;

    /** @param lacking names of programs that are nowhere, whatever the path says */
    ProgramPath(Set<String> lacking) {
        this.lacking = lacking;
    }

    /**
     * Returns the value for {@code PATH}: the host's own, or a folder of links to its programs where some are hidden.
     *
     * @param host the host's {@code PATH}
     * @param links the folder for the links, made if it is needed
     */
    String value(String host, Path links) throws IOException {
        if (lacking.isEmpty()) {
            return host;
        }
        Files.createDirectories(links);
        for (Path folder : folders(host)) {
            try (DirectoryStream<Path> programs = Files.newDirectoryStream(folder, Files::isExecutable)) {
                for (Path program : programs) {
                    String name = program.getFileName().toString();
                    if (!lacking.contains(name)) {
                        link(links.resolve(name), program);
                    }
                }
            }
        }
        return links.toString();
    }

    /**
     * Makes sure that a program is there.
     *
     * @param program a name, or a path if it has a slash
     * @param path the value of {@code PATH} where it is to run
     * @param folder what a relative path begins in
     * @param onHost tells where the host has what is at a path
     * @throws IOException if not, in the words of a runtime
     */
    void require(String program, String path, Path folder, UnaryOperator<Path> onHost) throws IOException {
        String quoted = "exec: \"" + program + "\": ";
        int slash = program.lastIndexOf('/');
        boolean hidden = lacking.contains(program.substring(slash + 1));
        if (slash < 0) {
            if (hidden || program.isEmpty() || folders(path).stream().noneMatch(bin -> isProgram(bin, program))) {
                throw new IOException(quoted + "executable file not found in $PATH");
            }
            return;
        }
        Path file = onHost.apply(folder.resolve(program));
        if (hidden || !Files.exists(file)) {
            throw new IOException(quoted + "stat " + program + ": no such file or directory");
        }
        if (Files.isDirectory(file) || !Files.isExecutable(file)) {
            throw new IOException(quoted + "permission denied");
        }
    }

    private static boolean isProgram(Path folder, String name) {
        Path file = folder.resolve(name);
        return Files.isRegularFile(file) && Files.isExecutable(file);
    }

    private static List<Path> folders(String path) {
        return Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                .splitAsStream(path)
                .filter(folder -> !folder.isEmpty())
                .map(Path::of)
                .filter(Files::isDirectory)
                .toList();
    }

    private static void link(Path link, Path program) throws IOException {
        try {
            Files.createSymbolicLink(link, program);
        } catch (FileAlreadyExistsException e) {
            // An earlier folder of the path has it too, and wins.
            return;
        }
    }
}
