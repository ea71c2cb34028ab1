package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MavenLinksTest {
    @TempDir
    private Path root;

    private Path home;
    private Path machine;

    @BeforeEach
    void makeHomes() throws IOException {
        home = Files.createDirectory(root.resolve("home"));
        machine = Files.createDirectory(root.resolve("machine"));
    }

    @Test
    void theCallersFoldersAreMadeAndLinked() throws IOException {
        links(Map.of()).link(machine);
        assertThat(target("repository"))
                .isEqualTo(home.resolve(".m2/repository"))
                .isDirectory();
        assertThat(target("wrapper")).isEqualTo(home.resolve(".m2/wrapper")).isDirectory();
        assertThat(machine.resolve(".m2/settings.xml")).doesNotExist();
    }

    @Test
    void settingsAreLinkedWhereThereAreSome() throws IOException {
        Files.createDirectory(home.resolve(".m2"));
        Path settings = Files.writeString(home.resolve(".m2/settings.xml"), "<settings/>");
        Path security = Files.writeString(home.resolve(".m2/settings-security.xml"), "<settingsSecurity/>");
        links(Map.of()).link(machine);
        assertThat(target("settings.xml")).isEqualTo(settings);
        assertThat(target("settings-security.xml")).isEqualTo(security);
    }

    @Test
    void theRepositoryOfTheOptionsIsUsed() throws IOException {
        Path other = root.resolve("other");
        links(Map.of("MAVEN_OPTS", "-Xmx1g -Dmaven.repo.local=" + other)).link(machine);
        assertThat(target("repository")).isEqualTo(other).isDirectory();
    }

    @Test
    void argumentsWinOverOptionsOfTheJvm() throws IOException {
        Path other = root.resolve("other");
        links(Map.of(
                        "MAVEN_OPTS",
                        "-Dmaven.repo.local=" + root.resolve("loser"),
                        "MAVEN_ARGS",
                        "-q -Dmaven.repo.local=" + other))
                .link(machine);
        assertThat(target("repository")).isEqualTo(other);
    }

    @Test
    void aRelativeRepositoryIsTheCallers() throws IOException {
        MavenLinks links = links(Map.of("MAVEN_ARGS", "-q -Dmaven.repo.local=repo -B"));
        links.link(machine);
        assertThat(target("repository")).isEqualTo(root.resolve("repo"));
        assertThat(links.environment())
                .containsEntry("MAVEN_ARGS", "-q -Dmaven.repo.local=" + root.resolve("repo") + " -B");
    }

    @Test
    void theHomeOfTheOptionsIsUsed() throws IOException {
        Path other = root.resolve("other");
        links(Map.of("MAVEN_OPTS", "-Duser.home=" + other)).link(machine);
        assertThat(target("repository")).isEqualTo(other.resolve(".m2/repository"));
    }

    @Test
    void theWrapperFollowsTheShellsHomeOrItsOwnVariable() throws IOException {
        Path shellHome = root.resolve("shell");
        links(Map.of("HOME", shellHome.toString())).link(machine);
        assertThat(target("wrapper")).isEqualTo(shellHome.resolve(".m2/wrapper"));
        assertThat(target("repository")).isEqualTo(home.resolve(".m2/repository"));

        Path second = Files.createDirectory(root.resolve("second"));
        links(Map.of("MAVEN_USER_HOME", root.resolve("own").toString())).link(second);
        assertThat(Files.readSymbolicLink(second.resolve(".m2/wrapper"))).isEqualTo(root.resolve("own/wrapper"));
    }

    @Test
    void whatMavenReadsIsPassedOnAndNothingElse() {
        Map<String, String> caller = new HashMap<>();
        caller.put("MAVEN_OPTS", "-Xmx1g");
        caller.put("MAVEN_ARGS", "-q");
        caller.put("JAVA_HOME", "/jdk");
        caller.put("https_proxy", "http://proxy:1");
        caller.put("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "hidden");
        caller.put("HOME", home.toString());
        assertThat(links(caller).environment())
                .isEqualTo(Map.of(
                        "MAVEN_OPTS",
                        "-Xmx1g",
                        "MAVEN_ARGS",
                        "-q",
                        "JAVA_HOME",
                        "/jdk",
                        "https_proxy",
                        "http://proxy:1"));
    }

    @Test
    void mavenOnTheMachineIsToldTheMachinesHomeLast() throws IOException, InterruptedException {
        Files.writeString(home.resolve(".mavenrc"), "MAVEN_OPTS=\"$MAVEN_OPTS -Downs=1\"\n");
        links(Map.of("HOME", home.toString())).link(machine);
        // What Maven's own start script does.
        ProcessBuilder builder = new ProcessBuilder("sh", "-uc", ". \"$HOME/.mavenrc\"; printf '%s' \"$MAVEN_OPTS\"")
                .redirectErrorStream(true);
        builder.environment().put("HOME", machine.toString());
        builder.environment().put("MAVEN_OPTS", "-Xmx1g");
        Process shell = builder.start();
        assertThat(shell.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(shell.inputReader().readLine()).isEqualTo("-Xmx1g -Downs=1 -Duser.home=" + machine);
    }

    @Test
    void whatIsLinkedIsDescribed() {
        assertThat(links(Map.of()).describe())
                .isEqualTo("~/.m2/repository -> " + home.resolve(".m2/repository") + ", ~/.m2/wrapper -> "
                        + home.resolve(".m2/wrapper"));
    }

    private MavenLinks links(Map<String, String> caller) {
        return new MavenLinks(caller, home, root);
    }

    private Path target(String name) throws IOException {
        return Files.readSymbolicLink(machine.resolve(".m2").resolve(name));
    }
}
