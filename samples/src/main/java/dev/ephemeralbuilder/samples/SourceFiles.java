package dev.ephemeralbuilder.samples;

import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Which files of a folder are worth copying: without {@code .git}, and without what git ignores.
 *
 * @param accepted the paths that are copied, and every folder above them, relative to the folder
 * @param files how many of them are files
 * @param rule what was left out, for people
 */
record SourceFiles(Set<Path> accepted, int files, String rule) {
    private static final Path GIT = Path.of(".git");
    private static final int GIT_SECONDS = 60;
    private static final int MAX_DEPTH = 32;
    private static final int QUOTED = 120;

    /**
     * Looks through a folder. Blocks; asks git, for at most a minute.
     *
     * @throws CommandException if something in it may not be read
     * @throws IOException if it cannot be walked
     * @throws InterruptedException if interrupted
     */
    static SourceFiles of(Path folder) throws IOException, InterruptedException {
        try {
            Set<Path> listed = new HashSet<>();
            listed(folder, Path.of(""), listed, 0);
            if (!listed.isEmpty()) {
                return of(folder, listed, "without .git and what git ignores");
            }
            if (git(folder, "check-ignore", "--quiet", ".").code != 0) {
                return of(folder, listed, "git ignores everything in it");
            }
            return of(
                    folder, walked(folder), "without .git; git ignores the whole folder, so nothing else is left out");
        } catch (NoGit e) {
            return of(folder, walked(folder), "without .git; nothing else is left out, since " + e.getMessage());
        }
    }

    /** Returns whether a path is copied. */
    boolean accepts(Path relative) {
        return accepted.contains(relative);
    }

    private static SourceFiles of(Path folder, Set<Path> listed, String rule) {
        Set<Path> accepted = new HashSet<>();
        int files = 0;
        for (Path path : listed) {
            Path real = folder.resolve(path);
            if (!Files.isSymbolicLink(real) && !Files.isReadable(real)) {
                throw CommandException.usage("--upload " + folder + ": " + path + " may not be read by this user");
            }
            if (!Files.isDirectory(real, LinkOption.NOFOLLOW_LINKS)) {
                files++;
            }
            for (Path p = path; p != null && accepted.add(p); p = p.getParent()) {}
        }
        return new SourceFiles(accepted, files, rule);
    }

    /** Adds what git knows or does not ignore; goes into submodules and other work trees inside. */
    private static void listed(Path root, Path below, Set<Path> found, int depth)
            throws NoGit, IOException, InterruptedException {
        Path folder = root.resolve(below);
        Answer answer = git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard");
        if (answer.code != 0) {
            throw new NoGit("git says: " + answer.error);
        }
        for (String name : answer.output.split("\0", -1)) {
            if (name.isEmpty()) {
                continue;
            }
            Path path = below.resolve(name);
            Path real = root.resolve(path);
            if (Files.isDirectory(real, LinkOption.NOFOLLOW_LINKS)) {
                if (depth < MAX_DEPTH) {
                    listed(root, path, found, depth + 1);
                }
            } else if (Files.exists(real, LinkOption.NOFOLLOW_LINKS)) {
                found.add(path);
            }
        }
    }

    private static Set<Path> walked(Path folder) throws IOException {
        Set<Path> found = new HashSet<>();
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
                if (GIT.equals(path.getFileName())) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                if (!path.equals(folder)) {
                    found.add(folder.relativize(path));
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
                if (!GIT.equals(path.getFileName())) {
                    found.add(folder.relativize(path));
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path path, IOException e) {
                throw CommandException.usage("--upload " + folder + ": " + path + " may not be read by this user");
            }
        });
        return found;
    }

    private record Answer(int code, String output, String error) {}

    private static Answer git(Path folder, String... arguments) throws NoGit, IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("git"));
        line.addAll(Arrays.asList(arguments));
        File out = File.createTempFile("ephemeral-git", ".out");
        File err = File.createTempFile("ephemeral-git", ".err");
        try {
            ProcessBuilder builder = new ProcessBuilder(line)
                    .directory(folder.toFile())
                    .redirectOutput(out)
                    .redirectError(err);
            // A git hook that calls this command has set these for another work tree.
            builder.environment()
                    .keySet()
                    .removeAll(Set.of("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"));
            builder.environment().put("LC_ALL", "C");
            Process process = start(builder);
            try {
                process.getOutputStream().close();
                if (!process.waitFor(GIT_SECONDS, TimeUnit.SECONDS)) {
                    throw new NoGit("git did not answer within " + GIT_SECONDS + " s");
                }
            } finally {
                process.destroyForcibly();
            }
            // Names are bytes to git; Java turns names into bytes with this charset.
            String names = Files.readString(out.toPath(), nameCharset());
            String error = new String(Files.readAllBytes(err.toPath()), StandardCharsets.ISO_8859_1);
            return new Answer(process.exitValue(), names, brief(error));
        } finally {
            Files.deleteIfExists(out.toPath());
            Files.deleteIfExists(err.toPath());
        }
    }

    private static Process start(ProcessBuilder builder) throws NoGit {
        try {
            return builder.start();
        } catch (IOException e) {
            throw new NoGit("there is no git here");
        }
    }

    private static String brief(String error) {
        String line = error.lines().findFirst().orElse("nothing").replaceFirst("^fatal: ", "");
        return line.length() <= QUOTED ? line : line.substring(0, QUOTED) + "...";
    }

    private static Charset nameCharset() {
        @Nullable String name = System.getProperty("sun.jnu.encoding");
        return name == null ? StandardCharsets.UTF_8 : Charset.forName(name.toUpperCase(Locale.ROOT));
    }

    /** There is no git, or no work tree. */
    private static final class NoGit extends Exception {
        private static final long serialVersionUID = 1L;

        NoGit(String message) {
            super(message);
        }
    }
}
