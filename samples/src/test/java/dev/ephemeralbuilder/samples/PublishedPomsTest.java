package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * The POMs that users get are whole by themselves and have the scopes that Maven and Gradle go by: for a Gradle user who
 * has no other metadata, compile is what he compiles against, runtime is what runs, and all else is not there.
 */
class PublishedPomsTest {
    @ParameterizedTest
    @ValueSource(strings = {"api", "provider-ecs", "provider-eci", "testing", "."})
    void aPomNeedsNoOther(String module) throws Exception {
        Element pom = pom(module);
        assertThat(children(pom, "parent")).isEmpty();
        assertThat(children(pom, "build")).isEmpty();
        assertThat(children(pom, "repositories")).isEmpty();
        assertThat(children(pom, "profiles")).isEmpty();
        assertThat(unknownProperties(module, pom)).isEmpty();
        for (String needed : List.of("name", "description", "url", "licenses", "developers", "scm")) {
            assertThat(children(pom, needed)).as(needed).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"api", "provider-ecs", "provider-eci", "testing"})
    void aModuleIsAJarWhoseDependenciesAreJarsWithVersions(String module) throws Exception {
        Element pom = pom(module);
        assertThat(text(pom, "packaging")).isIn("", "jar");
        assertThat(children(pom, "dependencyManagement")).isEmpty();
        assertThat(dependencies(pom)).isNotEmpty().allSatisfy(dependency -> {
            assertThat(text(dependency, "version")).as("version").isNotEmpty();
            assertThat(text(dependency, "type")).as("type").isIn("", "jar");
            assertThat(text(dependency, "classifier")).as("classifier").isEmpty();
            assertThat(text(dependency, "scope")).as("scope").isIn("compile", "runtime", "provided");
        });
    }

    @Test
    void eachModuleBringsAlongWhatItsUsersNeedAndNoMore() throws Exception {
        assertThat(scopes("api"))
                .containsOnly(
                        Map.entry("compile", Set.of("failsafe", "slf4j-api", "jspecify")),
                        // For those who bring it along themselves.
                        Map.entry("compile, optional", Set.of("micrometer-core")));
        assertThat(scopes("provider-ecs"))
                .containsOnly(
                        Map.entry(
                                "compile",
                                Set.of(
                                        "ephemeral-builder-api",
                                        "aliyun-java-sdk-ecs",
                                        "aliyun-java-sdk-core",
                                        "gson",
                                        "sshd-core",
                                        "slf4j-api")),
                        Map.entry("runtime", Set.of("jcl-over-slf4j")));
        assertThat(scopes("testing"))
                .containsOnly(
                        Map.entry(
                                "compile",
                                Set.of(
                                        "ephemeral-builder-api",
                                        "wiremock-standalone",
                                        "sshd-core",
                                        "jackson-databind",
                                        "jackson-dataformat-yaml",
                                        "slf4j-api")),
                        // What the user brings along himself.
                        Map.entry("compile, optional", Set.of("assertj-core")),
                        Map.entry("provided", Set.of("junit-jupiter-api")));
    }

    @Test
    void theBomManagesEveryModule() throws Exception {
        Element bom = pom(".");
        assertThat(text(bom, "packaging")).isEqualTo("pom");
        List<Element> managed = new ArrayList<>();
        for (Element management : children(bom, "dependencyManagement")) {
            managed.addAll(dependencies(management));
        }
        assertThat(managed)
                .extracting(dependency -> text(dependency, "artifactId"))
                .contains(
                        "ephemeral-builder-api",
                        "ephemeral-builder-ecs",
                        "ephemeral-builder-eci",
                        "ephemeral-builder-testing");
        assertThat(managed)
                .extracting(dependency -> text(dependency, "version"))
                .doesNotContain("");
    }

    /** Returns the properties that a POM uses and does not have. */
    private static List<String> unknownProperties(String module, Element pom) throws Exception {
        Set<String> known = new TreeSet<>(Set.of("project.version", "project.groupId"));
        for (Element properties : children(pom, "properties")) {
            for (Node node = properties.getFirstChild(); node != null; node = node.getNextSibling()) {
                known.add(node.getNodeName());
            }
        }
        return Pattern.compile("\\$\\{([^}]*)}")
                .matcher(Files.readString(file(module)))
                .results()
                .map(m -> m.group(1))
                .filter(name -> !known.contains(name))
                .toList();
    }

    private static Map<String, Set<String>> scopes(String module) throws Exception {
        Map<String, Set<String>> scopes = new TreeMap<>();
        for (Element dependency : dependencies(pom(module))) {
            String scope =
                    text(dependency, "scope") + (text(dependency, "optional").equals("true") ? ", optional" : "");
            scopes.computeIfAbsent(scope, s -> new TreeSet<>()).add(text(dependency, "artifactId"));
        }
        return scopes;
    }

    private static List<Element> dependencies(Element parent) {
        List<Element> found = new ArrayList<>();
        for (Element dependencies : children(parent, "dependencies")) {
            found.addAll(children(dependencies, "dependency"));
        }
        return found;
    }

    private static String text(Element parent, String name) {
        List<Element> found = children(parent, name);
        return found.isEmpty() ? "" : found.get(0).getTextContent().strip();
    }

    private static List<Element> children(Element parent, String name) {
        List<Element> found = new ArrayList<>();
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && element.getTagName().equals(name)) {
                found.add(element);
            }
        }
        return found;
    }

    private static Element pom(String module) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(file(module).toFile())
                .getDocumentElement();
    }

    private static Path file(String module) {
        return Path.of("..").resolve(module).resolve(".flattened-pom.xml");
    }
}
