package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderSummary;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.samples.product.ProviderChoice;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.LocalTerminal;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code ssh} in a JVM of its own on a real terminal, against a simulated cloud. */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ResourceLock(Resources.SYSTEM_PROPERTIES)
@Tag("once")
class SshCommandTest {
    private static final String OWNER = "ci-ssh";
    private static final Duration KEPT = Duration.ofHours(1);

    @TempDir
    private static Path folder;

    private CloudRig setting;
    private AlibabaCloudSimulator cloud;

    @BeforeAll
    void open() throws IOException {
        setting = new CloudRig(folder);
        cloud = setting.cloud;
    }

    @BeforeEach
    void needsTerminals() {
        assumeTrue(LocalTerminal.available(), "this host has no script of util-linux");
    }

    @AfterAll
    void close() {
        setting.close();
    }

    private BuildFleet fleet(ProviderChoice choice) {
        BuildFleet.Builder builder = BuildFleet.builder()
                .owner(OWNER)
                .noReaper()
                .stateStore(StateStore.directory(folder.resolve("state"), OWNER));
        List<CloudProvider> providers = List.copyOf(Providers.simulated(cloud, Settings.none(), choice));
        providers.forEach(builder::provider);
        return builder.build();
    }

    /** Leaves a machine as the process of a failed script does. */
    private String kept(ProviderChoice choice) throws InterruptedException {
        Images images = choice == ProviderChoice.ECS
                ? new Images(cloud.machineImage(), null)
                : new Images(null, "registry.example.com/build:21");
        try (BuildFleet fleet = fleet(choice)) {
            EphemeralBuilder builder = fleet.acquire(
                    images.in(MachineSpec.builder().vcpus(2).memoryGib(4).build()), AcquireRequest.defaults());
            builder.keep(KEPT);
            return builder.id();
        }
    }

    private BuilderSummary look(ProviderChoice choice, String id) throws InterruptedException {
        try (BuildFleet fleet = fleet(choice)) {
            return fleet.list().stream()
                    .filter(machine -> machine.id().equals(id))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static Process onTerminal(Path screen, String shellLine) throws IOException {
        return new ProcessBuilder("script", "-qefc", "stty cols 99 rows 33; " + shellLine, "/dev/null")
                .redirectErrorStream(true)
                .redirectOutput(screen.toFile())
                .start();
    }

    private String command(String id) {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Stream.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Dalibabacloud.accessKeyId=" + cloud.accessKeyId(),
                        "-Dalibabacloud.accessKeySecret=" + cloud.accessKeySecret(),
                        "-cp",
                        classPath,
                        Ephemeral.class.getName(),
                        "ssh",
                        id,
                        "--owner",
                        OWNER,
                        "--provider",
                        "any",
                        "--config",
                        folder.resolve("ephemeral.toml").toString(),
                        "--state",
                        folder.resolve("state").toString())
                .map(word -> "'" + word + "'")
                .collect(Collectors.joining(" "));
    }

    private static void type(OutputStream keyboard, String keys) throws IOException {
        keyboard.write(keys.getBytes(StandardCharsets.US_ASCII));
        keyboard.flush();
    }

    private static void awaitShown(Path screen, String wanted) {
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(Files.readString(screen)).contains(wanted));
    }

    /** Checks what {@code stty -g} has shown before the session and after it. */
    private static void assertSetBack(String shown) {
        List<String> settings = shown.lines()
                .filter(line -> line.matches("[0-9a-f]+(:[0-9a-f]+){10,}"))
                .toList();
        assertThat(settings).as("the terminal's settings before and after").hasSize(2);
        assertThat(settings.get(1)).isEqualTo(settings.get(0));
    }

    @ParameterizedTest
    @EnumSource(value = ProviderChoice.class, names = "ANY", mode = EnumSource.Mode.EXCLUDE)
    void somebodyTypesIntoAMachineAndLeavesItAsItWas(ProviderChoice choice) throws Exception {
        String id = kept(choice);
        Instant lease = look(choice, id).leaseUntil().orElseThrow();
        Path screen = Files.createTempFile(folder, "screen", "");
        Process session = onTerminal(screen, "stty -g; " + command(id) + "; echo \"left with $?\"; stty -g; stty size");
        try (OutputStream keyboard = session.getOutputStream()) {
            type(keyboard, "echo ma\"\"chine $EPHEMERAL_MACHINE of $(stty size)\r");
            awaitShown(screen, "machine " + id + " of 33 99");
            type(keyboard, "sh -c 'echo sle\"\"eping; exec sleep 600'\r");
            awaitShown(screen, "sleeping");
            type(keyboard, "\u0003");
            type(keyboard, "echo aw\"\"ake\r");
            awaitShown(screen, "awake");
            type(keyboard, "exit 7\r");
            assertThat(session.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            session.destroyForcibly();
        }
        String shown = Files.readString(screen);
        assertThat(shown).contains(choice == ProviderChoice.ECS ? "left with 7" : "left with 0");
        assertSetBack(shown);
        assertThat(look(choice, id).leaseUntil().orElseThrow()).isCloseTo(lease, within(3, ChronoUnit.SECONDS));
        release(choice, id);
    }

    private void release(ProviderChoice choice, String id) throws InterruptedException {
        try (BuildFleet fleet = fleet(choice)) {
            fleet.release(id);
        }
    }

    @Test
    void aTerminatedSessionSetsTheTerminalBackAndLeavesTheMachine() throws Exception {
        String id = kept(ProviderChoice.ECS);
        Path screen = Files.createTempFile(folder, "screen", "");
        Process session =
                onTerminal(screen, "stty -g; (" + command(id) + "); code=$?; echo \"left with $code\"; stty -g");
        try (OutputStream keyboard = session.getOutputStream()) {
            type(keyboard, "echo be\"\"gun\r");
            awaitShown(screen, "begun");
            ProcessHandle java = session.descendants()
                    .filter(process -> process.info().command().orElse("").endsWith("java"))
                    .findFirst()
                    .orElseThrow();
            assertThat(java.destroy()).isTrue();
            assertThat(session.waitFor(90, TimeUnit.SECONDS)).isTrue();
        } finally {
            session.destroyForcibly();
        }
        String shown = Files.readString(screen);
        assertThat(shown).contains("left with 143");
        assertSetBack(shown);
        assertThat(look(ProviderChoice.ECS, id).released()).isFalse();
        release(ProviderChoice.ECS, id);
    }

    @Test
    void withoutATerminalItSaysSoAndTouchesNothing() throws Exception {
        Process command = new ProcessBuilder("sh", "-c", command("i-none"))
                .redirectErrorStream(true)
                .start();
        command.getOutputStream().close();
        String said = new String(command.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(command.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(said).contains("ssh needs a terminal");
        assertThat(command.exitValue()).isEqualTo(ExitCodes.USAGE);
    }
}
