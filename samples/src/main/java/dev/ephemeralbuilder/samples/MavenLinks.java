package dev.ephemeralbuilder.samples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes the caller's Maven set-up usable on a simulated machine: repository, settings and wrapper distributions are
 * linked into the machine's home, and the variables that Maven reads are passed on.
 *
 * <p>Java takes {@code user.home} from the password database and not from {@code HOME}, so Maven is told where its home
 * is: by a {@code .mavenrc} in the machine's home, which Maven's start script reads before it starts Java.
 */
final class MavenLinks {
    private static final String REPOSITORY_OPTION = "-Dmaven.repo.local=";
    private static final String HOME_OPTION = "-Duser.home=";
    private static final List<String> OPTION_VARIABLES = List.of("MAVEN_ARGS", "MAVEN_OPTS");
    private static final List<String> SETTINGS = List.of("settings.xml", "settings-security.xml");
    /** What a tool needs to reach its downloads the way that the caller reaches them. */
    private static final List<String> PASSED_ON = List.of(
            "MVNW_REPOURL",
            "MVNW_USERNAME",
            "MVNW_PASSWORD",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "NO_PROXY",
            "http_proxy",
            "https_proxy",
            "no_proxy",
            "SSL_CERT_FILE",
            "CURL_CA_BUNDLE");

    private final Map<String, String> caller;
    private final Path folder;
    private final Path repository;
    private final Path wrapper;
    private final Path settings;
    private final Path mavenrc;

    /**
     * Finds out what the caller uses. Touches nothing.
     *
     * @param caller the caller's environment
     * @param javaHomeFolder the home folder as Java sees it
     * @param folder the current folder, against which relative paths are understood
     */
    MavenLinks(Map<String, String> caller, Path javaHomeFolder, Path folder) {
        this.caller = caller;
        this.folder = folder;
        Path mavenHome = option(HOME_OPTION).orElse(javaHomeFolder);
        Path shellHome = Optional.ofNullable(caller.get("HOME"))
                .filter(h -> !h.isBlank())
                .map(folder::resolve)
                .orElse(javaHomeFolder);
        this.settings = mavenHome.resolve(".m2");
        this.repository = option(REPOSITORY_OPTION).orElse(settings.resolve("repository"));
        // The wrapper is a shell script, so its home is HOME.
        this.wrapper = Optional.ofNullable(caller.get("MAVEN_USER_HOME"))
                .filter(h -> !h.isBlank())
                .map(folder::resolve)
                .orElse(shellHome.resolve(".m2"))
                .resolve("wrapper");
        this.mavenrc = shellHome.resolve(".mavenrc");
    }

    /** Returns the variables for every process of a machine. */
    Map<String, String> environment() {
        Map<String, String> passed = new TreeMap<>();
        for (String name : OPTION_VARIABLES) {
            String value = caller.get(name);
            if (value != null) {
                passed.put(name, absolute(value));
            }
        }
        for (String name : PASSED_ON) {
            String value = caller.get(name);
            if (value != null) {
                passed.put(name, value);
            }
        }
        javaHome().ifPresent(home -> passed.put("JAVA_HOME", home));
        return passed;
    }

    /**
     * Links what there is into a machine's home. Repository and wrapper are made where the caller has none yet, so that
     * what the machine downloads is kept.
     *
     * @return what was linked: the name in the machine's home and what it stands for
     */
    Map<String, Path> link(Path machineHome) throws IOException {
        Path m2 = Files.createDirectories(machineHome.resolve(".m2"));
        Map<String, Path> linked = new LinkedHashMap<>(targets());
        for (Path kept : List.of(repository, wrapper)) {
            Files.createDirectories(kept);
        }
        for (Map.Entry<String, Path> entry : linked.entrySet()) {
            Files.createSymbolicLink(
                    m2.resolve(entry.getKey()), entry.getValue().toAbsolutePath());
        }
        List<String> lines = new ArrayList<>();
        if (Files.isRegularFile(mavenrc)) {
            lines.add(". " + quoted(mavenrc.toAbsolutePath().toString()));
        }
        lines.add("MAVEN_OPTS=\"${MAVEN_OPTS:-} " + HOME_OPTION + "$HOME\"");
        Files.write(machineHome.resolve(".mavenrc"), lines);
        return linked;
    }

    /** Returns what {@link #link} links, in words. */
    String describe() {
        List<String> parts = new ArrayList<>();
        targets().forEach((name, target) -> parts.add("~/.m2/" + name + " -> " + target));
        return String.join(", ", parts);
    }

    private Map<String, Path> targets() {
        Map<String, Path> targets = new LinkedHashMap<>();
        targets.put("repository", repository);
        targets.put("wrapper", wrapper);
        for (String name : SETTINGS) {
            Path file = settings.resolve(name);
            if (Files.isRegularFile(file)) {
                targets.put(name, file);
            }
        }
        return targets;
    }

    /** Returns the value that wins: the last one of the command line's options, else of the JVM's. */
    private Optional<Path> option(String option) {
        for (String name : OPTION_VARIABLES) {
            Matcher m = pattern(option).matcher(caller.getOrDefault(name, ""));
            Optional<Path> last = Optional.empty();
            while (m.find()) {
                last = Optional.of(folder.resolve(m.group(1)).normalize());
            }
            if (last.isPresent()) {
                return last;
            }
        }
        return Optional.empty();
    }

    /** A relative path in an option would be understood against the machine's folders. */
    private String absolute(String options) {
        String result = options;
        for (String option : List.of(REPOSITORY_OPTION, HOME_OPTION)) {
            result = pattern(option)
                    .matcher(result)
                    .replaceAll(m -> Matcher.quoteReplacement(
                            option + folder.resolve(m.group(1)).normalize()));
        }
        return result;
    }

    private static Pattern pattern(String option) {
        return Pattern.compile("(?<!\\S)" + Pattern.quote(option) + "(\\S+)");
    }

    /** Without JAVA_HOME the machine is given the JDK that runs this command, if it is one. */
    private Optional<String> javaHome() {
        String set = caller.get("JAVA_HOME");
        if (set != null && !set.isBlank()) {
            return Optional.of(set);
        }
        Path own = Path.of(System.getProperty("java.home"));
        return Files.isExecutable(own.resolve("bin").resolve("javac")) ? Optional.of(own.toString()) : Optional.empty();
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }
}
