package dev.ephemeralbuilder.testing.strangers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Finds Node and the packages for {@code strangers.js}: in the folder that the system property {@value #FOLDER} names,
 * else in {@code node_modules} beside the script, else where an earlier run installed them, else installs them with npm
 * below {@code target}. What is missing is told as a reason, not as a failure: a build needs neither Node nor npm.
 */
final class NodePackages {
    private static final Path SOURCE = Path.of("src", "test", "node");

    static final Path SCRIPT = SOURCE.resolve("strangers.js");

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FOLDER = "strangers.packages";
    private static final Path INSTALLED = Path.of("target", "strangers");
    private static final Path LOCK = Path.of("target", "strangers.lock");
    private static final List<String> FILES = List.of("package.json", "package-lock.json", ".npmrc");
    private static final int OLDEST_NODE = 18;
    private static final long NODE_SECONDS = 30;
    private static final long NPM_SECONDS = 180;

    private NodePackages() {}

    /** What keeps the Node half from running, in a sentence for whoever runs the build. */
    static final class Missing extends Exception {
        private static final long serialVersionUID = 1;

        Missing(String reason) {
            super(reason);
        }
    }

    /**
     * Returns the folder whose {@code node_modules} has the packages. Of several classes that ask at once one installs
     * them.
     *
     * @throws Missing if they cannot be had
     */
    static synchronized Path find() throws Missing, IOException {
        requireNode();
        String named = System.getProperty(FOLDER);
        if (named != null) {
            Path folder = Path.of(named);
            if (!hasPackages(folder)) {
                throw new Missing("-D" + FOLDER + " must be a folder whose node_modules has the packages of " + SOURCE
                        + "/package.json in their versions, was " + named);
            }
            return folder;
        }
        if (hasPackages(SOURCE)) {
            return SOURCE;
        }
        Path mark = INSTALLED.resolve("installed");
        String wanted = Files.readString(SOURCE.resolve("package-lock.json"));
        // The other class may run in another process.
        try (FileChannel file = FileChannel.open(LOCK, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            // Released with the file.
            var unused = file.lock();
            if (!Files.exists(mark) || !Files.readString(mark).equals(wanted)) {
                install();
                Files.writeString(mark, wanted);
            }
            return INSTALLED;
        }
    }

    private static boolean hasPackages(Path folder) throws IOException {
        JsonNode wanted = JSON.readTree(SOURCE.resolve("package.json").toFile()).get("dependencies");
        for (Map.Entry<String, JsonNode> one : wanted.properties()) {
            Path file = folder.resolve("node_modules").resolve(one.getKey()).resolve("package.json");
            if (!Files.exists(file)
                    || !JSON.readTree(file.toFile()).get("version").equals(one.getValue())) {
                return false;
            }
        }
        return true;
    }

    private static void requireNode() throws Missing, IOException {
        String version = run(
                        List.of("node", "--version"),
                        new File("."),
                        NODE_SECONDS,
                        "put Node " + OLDEST_NODE + " or later on PATH")
                .strip();
        int major = Integer.parseInt(version.replaceFirst("^v(\\d+).*", "$1"));
        if (major < OLDEST_NODE) {
            throw new Missing("Node is " + version + "; put version " + OLDEST_NODE + " or later on PATH");
        }
    }

    private static void install() throws Missing, IOException {
        Files.createDirectories(INSTALLED);
        for (String file : FILES) {
            Files.copy(SOURCE.resolve(file), INSTALLED.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
        // No script of a package is run, and a machine without network is told so at once.
        run(
                List.of("npm", "ci", "--ignore-scripts", "--prefer-offline", "--fetch-retries=0", "--no-progress"),
                INSTALLED.toFile(),
                NPM_SECONDS,
                "once with network, run \"npm ci --ignore-scripts\" in testing/src/test/node, or name a folder with"
                        + " -D" + FOLDER);
    }

    private static String run(List<String> command, File folder, long seconds, String remedy)
            throws Missing, IOException {
        String name = String.join(" ", command.subList(0, 2));
        Path output = Files.createTempFile("strangers", ".log");
        try {
            Process process;
            try {
                process = new ProcessBuilder(command)
                        .directory(folder)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
            } catch (IOException e) {
                throw new Missing("there is no " + command.get(0) + "; " + remedy);
            }
            process.getOutputStream().close();
            boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
            if (!ended) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                throw new Missing(name + " did not end within " + seconds + " s; " + remedy);
            }
            String text = Files.readString(output, StandardCharsets.UTF_8);
            if (process.exitValue() != 0) {
                throw new Missing(name + " failed (" + firstError(text) + "); " + remedy);
            }
            return text;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Missing("interrupted while " + name + " ran");
        } finally {
            Files.delete(output);
        }
    }

    private static String firstError(String text) {
        List<String> lines = new ArrayList<>(text.lines().toList());
        return lines.stream()
                .filter(line -> line.startsWith("npm error") || line.startsWith("npm ERR!"))
                .findFirst()
                .orElse(lines.isEmpty() ? "no output" : lines.get(0));
    }
}
