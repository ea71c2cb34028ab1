package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.spi.StateStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code run --keep-on-failure}, and what other commands then do with the machine. */
@Timeout(120)
@ResourceLock(Resources.SYSTEM_PROPERTIES)
@Tag("once")
class KeepOnFailureTest {
    @TempDir
    private Path folder;

    private CloudRig setting;
    private CommandRig rig;

    @BeforeEach
    void open() throws IOException {
        setting = new CloudRig(folder);
        rig = setting.commands;
    }

    @AfterEach
    void close() {
        setting.close();
    }

    private record Ran(int exitCode, String out, String err) {}

    private Ran run(String... arguments) {
        try (CommandRig commands = new CommandRig(folder, folder)) {
            int exitCode = commands.run(arguments);
            return new Ran(exitCode, commands.out(), commands.err());
        }
    }

    private List<String> machines() {
        return setting.cloud.machines().stream().map(machine -> machine.id()).toList();
    }

    private Instant time(String key) {
        Matcher time = Pattern.compile("\"" + key + "\": \"([^\"]+)\"")
                .matcher(run("list", "--json").out());
        assertThat(time.find()).as(key).isTrue();
        return Instant.parse(time.group(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ecs", "eci"})
    void theMachineOfAFailedScriptCanBeLookedAtAndGivenBack(String provider) {
        int exitCode =
                rig.run("run", "--provider", provider, "--keep-on-failure", "30m", "--", "echo one; echo two; exit 3");
        assertThat(exitCode).as(rig.err()).isEqualTo(3);
        assertThat(machines()).hasSize(1);
        String id = machines().get(0);
        assertThat(rig.err())
                .contains("kept      " + id + " until ", " per hour", "ephemeral attach " + id)
                .contains("ephemeral ssh " + id, "ephemeral release " + id, "cost      ")
                .doesNotContain("no machine is left", "cannot raise");
        Instant lease = time("lease");
        assertThat(Duration.between(time("shown"), lease)).isBetween(Duration.ofMinutes(28), Duration.ofMinutes(31));

        Ran attached = run("attach", id);
        assertThat(attached.exitCode()).as(attached.err()).isEqualTo(3);
        assertThat(attached.out()).isEqualTo("one\ntwo\n");
        assertThat(machines()).containsExactly(id);
        assertThat(Duration.between(lease, time("lease")).abs())
                .as("the lease is what it was")
                .isLessThan(Duration.ofSeconds(5));
        Ran listed = run("attach", "--list", id);
        assertThat(listed.out()).containsPattern("(?m)^[0-9a-z]+  20.*Z  ended  exit code 3, ");

        assertThat(run("release", id).out()).isEqualTo("gone " + id + "\n");
        assertThat(machines()).isEmpty();
        try (StateStore store = StateStore.directory(folder.resolve(".ephemeral-builder"), "simulated")) {
            assertThat(store.readAll(StateStore.Kind.BUILDER)).isEmpty();
        }
    }

    @Test
    void theMachineOfAScriptThatSucceedsIsGivenBack() {
        assertThat(rig.run("run", "--keep-on-failure", "30m", "--", "true"))
                .as(rig.err())
                .isZero();
        assertThat(machines()).isEmpty();
        assertThat(rig.err()).doesNotContain("kept").contains("no machine is left");
    }

    @Test
    void whatTheCloudCannotKeepLongerIsKeptUntilItsCap() {
        int exitCode =
                rig.run("run", "--provider", "eci", "--max-lifetime", "1h", "--keep-on-failure", "9h", "--", "exit 1");
        assertThat(exitCode).isEqualTo(1);
        assertThat(rig.err()).contains("that is its cap, which this cloud cannot raise");
        assertThat(machines()).hasSize(1);
    }

    @Test
    void theCommandsThatAreShownNameWhatWasNotTheDefault() {
        Path other = folder.resolve("other");
        int exitCode = rig.run(
                "run", "--owner", "me", "--state", other.toString(), "--keep-on-failure", "30m", "--", "exit 1");
        assertThat(exitCode).isEqualTo(1);
        String id = machines().get(0);
        assertThat(rig.err()).contains("ephemeral attach --owner me --state " + other + " " + id);
        Ran nowhere = run("attach", "--owner", "me", id);
        assertThat(nowhere.exitCode()).isEqualTo(2);
        assertThat(nowhere.err()).contains("no record of machine " + id, "--state");
        assertThat(run("attach", "--owner", "me", "--state", other.toString(), id)
                        .exitCode())
                .isEqualTo(1);
    }
}
