package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What the documents say agrees with the code. */
class DocsTest {
    private static final Path PROJECT = Path.of("..");
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w+)\n(.*?)^```$");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)\\)");

    private static final Pattern ACTION = Pattern.compile("ec[is]:[A-Z]\\w+");

    @TempDir
    private Path folder;

    @Test
    void theReadmesExampleIsTheCompiledOne() throws IOException {
        String source = Files.readString(Path.of("src/main/java/dev/ephemeralbuilder/samples/Embedding.java"));
        Matcher region =
                Pattern.compile("(?s)// README begin\n(.*?)\n *// README end").matcher(source);
        assertThat(region.find()).isTrue();
        assertThat(blocks("README.md", "java").get(0)).isEqualTo(region.group(1).stripIndent() + "\n");
    }

    @Test
    void theRecipesAreThoseOfTheProjectThatIsBuiltWithThem() throws IOException {
        String tests = "testing/src/it/junit-6/src/test/java/com/example/ci/";
        String sources = read(tests + "UnitTest.java") + read(tests + "SimulatorTest.java");
        List<String> recipes = Pattern.compile("(?s)// recipe: [a-z ]+\n(.*?)\n *// end of recipe")
                .matcher(sources)
                .results()
                .map(m -> m.group(1).stripIndent() + "\n")
                .toList();
        assertThat(recipes).hasSize(3);
        assertThat(blocks("docs/testing.md", "java")).isEqualTo(recipes);
    }

    @Test
    void whatIsSaidToComeAlongIsWhatThatProjectChecks() throws IOException {
        List<String> shown = blocks("docs/testing.md", "text");
        assertThat(shown.get(shown.size() - 1)).isEqualTo(read("testing/src/it/junit-6/dependencies.txt"));
    }

    @Test
    void theReadmeIsShort() throws IOException {
        assertThat(read("README.md").lines().count()).isLessThanOrEqualTo(120);
    }

    @Test
    void theChineseReadmeHasTheSameHeadingsCodeAndLinks() throws IOException {
        String english = read("README.md");
        String chinese = read("README.zh-CN.md");
        assertThat(headings(chinese)).isEqualTo(headings(english));
        assertThat(all(BLOCK, chinese)).isEqualTo(all(BLOCK, english));
        Set<String> links = new TreeSet<>(all(LINK, english));
        links.remove("](README.zh-CN.md)");
        links.add("](README.md)");
        assertThat(new TreeSet<>(all(LINK, chinese))).isEqualTo(links);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "README.md",
                "README.zh-CN.md",
                "CONTRIBUTING.md",
                "SECURITY.md",
                "CHANGELOG.md",
                "docs/costs.md",
                "docs/eci.md",
                "docs/first-run.md",
                "docs/how-a-builder-lives.md",
                "docs/metrics.md",
                "docs/operations.md",
                "docs/reliability.md",
                "docs/simulator.md",
                "docs/testing.md",
                "docs/writing-a-provider.md"
            })
    void everyLinkLeadsSomewhere(String document) throws IOException {
        Path file = PROJECT.resolve(document);
        assertThat(LINK.matcher(read(document)).results().map(m -> file.resolveSibling(m.group(1))))
                .allSatisfy(target -> assertThat(target).exists());
    }

    @Test
    void everyTestThatTheReadmeNamesExists() throws IOException {
        Set<String> sources;
        try (Stream<Path> files = Files.walk(PROJECT)) {
            sources = files.map(f -> f.getFileName().toString()).collect(Collectors.toSet());
        }
        List<String> named = Pattern.compile("`(\\w+(?:Test|Contract))`")
                .matcher(read("README.md"))
                .results()
                .map(m -> m.group(1) + ".java")
                .toList();
        assertThat(named).isNotEmpty();
        assertThat(sources).containsAll(named);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "README.md",
                "CONTRIBUTING.md",
                "docs/costs.md",
                "docs/eci.md",
                "docs/first-run.md",
                "docs/operations.md",
                "docs/reliability.md",
                "docs/simulator.md"
            })
    void everyCommandLineHasOnlyOptionsThatExist(String document) throws IOException {
        try (CommandRig rig = new CommandRig(folder, folder)) {
            CommandLine command = rig.commandLine();
            Matcher line = Pattern.compile(
                            "samples/ephemeral (run|list|attach|ssh|reap|release|costs|simulate|bench \\w+)([^\n`|]*)")
                    .matcher(read(document));
            List<String> checked = new ArrayList<>();
            while (line.find()) {
                CommandLine called = command;
                for (String name : line.group(1).split(" ", -1)) {
                    assertThat(called.getSubcommands()).containsKey(name);
                    called = called.getSubcommands().getOrDefault(name, called);
                }
                Set<String> known = called.getCommandSpec().optionsMap().keySet();
                String options = line.group(2).replaceFirst(" -- .*", "");
                assertThat(known).containsAll(all(Pattern.compile("--[a-z-]+"), options));
                checked.add(line.group());
            }
            assertThat(checked).isNotEmpty();
        }
    }

    @Test
    void thePolicyListsExactlyTheCallsThatTheProviderMakes() throws IOException {
        String policy = blocks("docs/first-run.md", "json").get(0);
        Set<String> listed = new TreeSet<>(all(Pattern.compile("ecs:\\w+"), policy));
        Set<String> made = new ClassFileImporter()
                .importPackages("dev.ephemeralbuilder.ecs", "dev.ephemeralbuilder.alibaba").stream()
                        .flatMap(c -> c.getDirectDependenciesFromSelf().stream())
                        .map(d -> d.getTargetClass().getName())
                        .filter(name -> name.matches("com\\.aliyuncs\\.ecs\\.model\\..*\\.\\w+Request"))
                        .map(name -> "ecs:" + name.replaceFirst(".*\\.(\\w+)Request$", "$1"))
                        .collect(Collectors.toCollection(TreeSet::new));
        assertThat(listed).isEqualTo(made);
    }

    @Test
    void thePolicyOfContainerGroupsIsThatOfTheirProvider() throws IOException {
        String sources = "provider-eci/src/main/java/dev/ephemeralbuilder/eci/";
        Set<String> listed =
                new TreeSet<>(all(ACTION, blocks("docs/eci.md", "json").get(0)));
        assertThat(listed).isEqualTo(new TreeSet<>(all(ACTION, read(sources + "EciProvider.java"))));
        Set<String> called = Pattern.compile("(?m)^ +static final String \\w+ = \"([A-Z]\\w+)\";$")
                .matcher(read(sources + "EciApi.java"))
                .results()
                .map(constant -> "eci:" + constant.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        listed.removeIf(action -> action.startsWith("ecs:"));
        assertThat(listed).isEqualTo(called);
    }

    @Test
    void theSettingsShownAreValidAndShowEveryKey() throws IOException {
        String shown = blocks("docs/first-run.md", "toml").get(0);
        Path file = Files.writeString(folder.resolve("ephemeral.toml"), shown.replaceAll("(?m)^# ?", ""));
        Settings settings = Settings.read(file);
        assertThat(Setting.ALL)
                .allSatisfy(s -> assertThat(settings.get(s)).as(s.label()).isPresent());
        Files.writeString(file, shown);
        assertThat(Settings.read(file).require(Setting.ECS.region)).isEqualTo("cn-hangzhou");
    }

    @Test
    void everyDependencySaysWhyItIsThere() throws IOException {
        Set<String> used = new TreeSet<>();
        for (String module : List.of("api", "provider-ecs", "provider-eci", "testing", "samples")) {
            String pom =
                    read(module + "/pom.xml").replaceAll("(?s)<dependencyManagement>.*?</dependencyManagement>", "");
            Matcher m = Pattern.compile("(?s)<dependency>\\s*<groupId>([^<]+)</groupId>\\s*<artifactId>([^<]+)<")
                    .matcher(pom);
            while (m.find()) {
                if (!m.group(1).equals("${project.groupId}")) {
                    used.add(m.group(2).replaceFirst("^junit-jupiter.*", "junit-jupiter"));
                }
            }
        }
        Set<String> explained = Pattern.compile("(?m)^\\| `([a-z0-9-]+)` \\|")
                .matcher(read("CONTRIBUTING.md"))
                .results()
                .map(m -> m.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(explained).isEqualTo(used);
    }

    private static List<String> headings(String text) {
        // In code blocks, # begins a comment.
        return all(Pattern.compile("(?m)^#+(?= )"), BLOCK.matcher(text).replaceAll(""));
    }

    private static List<String> blocks(String document, String language) throws IOException {
        return BLOCK.matcher(read(document))
                .results()
                .filter(m -> m.group(1).equals(language))
                .map(m -> m.group(2))
                .toList();
    }

    private static List<String> all(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(MatchResult::group).toList();
    }

    private static String read(String document) throws IOException {
        return Files.readString(PROJECT.resolve(document));
    }
}
