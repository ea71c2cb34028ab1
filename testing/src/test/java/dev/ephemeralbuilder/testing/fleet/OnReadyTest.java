package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.HookException;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult.Ending;
import dev.ephemeralbuilder.event.BuilderEvent.LaunchFailed;
import dev.ephemeralbuilder.selection.Offer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Scripts that run on a machine before it is handed out. */
@Timeout(120)
@Tag("once")
class OnReadyTest {
    /** A file of this host, which every machine reaches. */
    @TempDir
    Path folder;

    private static FleetRig rig(int maxAttempts) {
        return new FleetRig(cloud -> cloud, fleet -> fleet.maxAttempts(maxAttempts));
    }

    private static AcquireRequest onReady(Script script) {
        return AcquireRequest.builder().onReady(script).build();
    }

    /** Returns a script that notes that it has run, then goes on. */
    private Script noting(String rest) {
        return Script.of("echo ran >>\"$NOTES\"; " + rest)
                .env("NOTES", folder.resolve("notes").toString());
    }

    private List<String> notes() throws IOException {
        Path notes = folder.resolve("notes");
        return Files.exists(notes) ? Files.readAllLines(notes) : List.of();
    }

    /** Lets time pass until a script has begun. */
    private void passUntilNoted(FleetRig rig) throws IOException {
        for (int i = 0; i < 600 && notes().isEmpty(); i++) {
            rig.pass(Duration.ofMillis(100));
        }
    }

    private static HookException failure(FleetRig rig, AcquireRequest request) {
        return catchThrowableOfType(HookException.class, () -> rig.acquire(FleetRig.SPEC, request));
    }

    @Test
    void theScriptHasRunWhenTheBuilderIsThere() throws Exception {
        try (FleetRig rig = rig(5)) {
            EphemeralBuilder builder = rig.acquire(FleetRig.SPEC, onReady(noting("touch here")));
            assertThat(notes()).containsExactly("ran");
            assertThat(rig.blocking(() -> builder.glob("here"))).containsExactly("here");
            assertThat(rig.await(builder.script("onready")).id()).isEqualTo("onready");
        }
    }

    @Test
    void aMachineThatFailsIsGivenBackAndAnotherOneIsTried() throws Exception {
        try (FleetRig rig = rig(5)) {
            EphemeralBuilder builder = rig.acquire(FleetRig.SPEC, onReady(noting("[ $(wc -l <\"$NOTES\") -gt 2 ]")));
            assertThat(notes()).hasSize(3);
            assertThat(rig.creates).hasSize(3);
            assertThat(new HashSet<>(offers(rig))).as("other offers").hasSize(3);
            rig.pass(Duration.ofMinutes(1));
            assertThat(rig.cloud.machines()).containsExactly(builder.id());
            assertThat(rig.events(LaunchFailed.class))
                    .extracting(LaunchFailed::failure)
                    .hasSize(2)
                    .hasOnlyElementsOfType(HookException.class);
        }
    }

    private static List<Offer> offers(FleetRig rig) {
        return rig.creates.stream().map(create -> create.launch().offer()).toList();
    }

    @Test
    void theSameOfferIsTriedAgainIfThereIsNoOther() throws Exception {
        try (FleetRig rig = rig(5)) {
            Offer only = rig.acquire().offer();
            MachineSpec spec = MachineSpec.builder()
                    .vcpus(only.type().millicpus() / 1000)
                    .memoryGib(only.type().memoryMib() / 1024)
                    .machineImage("m-any")
                    .markets(Set.of(only.market()))
                    .maxHourlyPrice(only.hourlyPrice())
                    .build();
            rig.acquire(spec, onReady(noting("[ $(wc -l <\"$NOTES\") -gt 2 ]")));
            assertThat(notes()).hasSize(3);
        }
    }

    @Test
    void oneThatAlwaysFailsEndsAfterTheUsualAttempts() throws Exception {
        try (FleetRig rig = rig(3)) {
            String output = "x".repeat(5_000) + "the reason";
            HookException failure = failure(rig, onReady(noting("echo " + output + "; exit 7")));
            assertThat(notes()).hasSize(3);
            assertThat(rig.creates).hasSize(3);
            assertThat(failure.retryable()).isFalse();
            assertThat(failure.result()).hasValueSatisfying(result -> {
                assertThat(result.exitCode()).isEqualTo(7);
                assertThat(result.ending()).isEqualTo(Ending.EXITED);
            });
            assertThat(failure.output())
                    .hasValueSatisfying(text ->
                            assertThat(text).hasSize(HookException.MOST_OUTPUT).endsWith("xthe reason\n"));
            assertThat(failure).hasMessageContaining("exit code 7").hasMessageNotContaining("reason");
            rig.passUntilEmpty(Duration.ofMinutes(2));
        }
    }

    @Test
    void itIsNoLackOfStock() {
        try (FleetRig rig = rig(1)) {
            assertThat(failure(rig, onReady(Script.of("exit 1")))).isNotNull();
            Offer refused = offers(rig).get(0);
            assertThat(rig.acquire().offer()).isEqualTo(refused);
        }
    }

    @Test
    void theOutputIsThatOfStandardErrorIfTheStreamsAreApart() {
        try (FleetRig rig = rig(1)) {
            Script script = Script.of("echo out; echo err >&2; exit 1").separateStreams();
            assertThat(failure(rig, onReady(script)).output()).contains("err\n");
        }
    }

    @Test
    void aTimeoutIsAFailure() {
        try (FleetRig rig = rig(1)) {
            Script script = Script.of("echo begun; sleep 60")
                    .timeout(Duration.ofSeconds(1))
                    .grace(Duration.ZERO);
            HookException failure = failure(rig, onReady(script));
            assertThat(failure.result())
                    .hasValueSatisfying(result -> assertThat(result.ending()).isEqualTo(Ending.TIMED_OUT));
            assertThat(failure.output()).contains("begun\n");
        }
    }

    @Test
    void theTimeToGetReadyHoldsForTheScriptToo() {
        try (FleetRig rig = rig(2)) {
            rig.command = Duration.ofMillis(200);
            AcquireRequest request = AcquireRequest.builder()
                    .onReady(Script.of("sleep 300"))
                    .readyTimeout(Duration.ofMinutes(3))
                    .build();
            HookException failure = failure(rig, request);
            assertThat(failure).hasMessageContaining("in time");
            assertThat(failure.result()).isEmpty();
            assertThat(rig.creates).hasSize(2);
            rig.passUntilEmpty(Duration.ofMinutes(2));
        }
    }

    @Test
    void aMachineThatGoesMeanwhileIsReplaced() throws Exception {
        try (FleetRig rig = rig(5)) {
            rig.command = Duration.ofMillis(50);
            CompletableFuture<EphemeralBuilder> acquired = rig.fleet.acquireAsync(
                    FleetRig.SPEC, onReady(noting("[ $(wc -l <\"$NOTES\") -gt 1 ] || sleep 300")));
            String first = rig.firstMachine();
            passUntilNoted(rig);
            assertThat(notes()).hasSize(1);
            rig.cloud.vanish(first);
            assertThat(rig.await(acquired).id()).isNotEqualTo(first);
            assertThat(notes()).hasSize(2);
        }
    }

    @Test
    void whatNoMachineOfTheImageCanRunIsFinal() {
        try (FleetRig rig = rig(5)) {
            Script script = Script.of("true").interpreter("no-such-shell");
            assertThatThrownBy(() -> rig.acquire(FleetRig.SPEC, onReady(script)))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("no-such-shell");
            assertThat(rig.creates).hasSize(1);
        }
    }

    @Test
    void eachOfSeveralMachinesRunsIt() throws Exception {
        try (FleetRig rig = rig(5)) {
            List<EphemeralBuilder> all = rig.await(rig.fleet.acquireAllAsync(FleetRig.SPEC, 3, onReady(noting(""))));
            assertThat(all).hasSize(3);
            assertThat(notes()).hasSize(3);
        }
    }

    @Test
    void thoseOfSeveralThatFailAreReplaced() throws Exception {
        try (FleetRig rig = rig(5)) {
            Script script = noting("mkdir \"$NOTES.first\" 2>/dev/null && exit 9 || exit 0");
            List<EphemeralBuilder> all = rig.await(rig.fleet.acquireAllAsync(FleetRig.SPEC, 3, onReady(script)));
            assertThat(all).hasSize(3);
            assertThat(notes()).hasSize(4);
            rig.pass(Duration.ofMinutes(1));
            assertThat(rig.cloud.machines()).hasSize(3);
        }
    }

    @Test
    void giveUpWhileItRunsGivesTheMachineBack() throws Exception {
        try (FleetRig rig = rig(5)) {
            rig.command = Duration.ofMillis(50);
            CompletableFuture<EphemeralBuilder> acquired =
                    rig.fleet.acquireAsync(FleetRig.SPEC, onReady(noting("sleep 300")));
            passUntilNoted(rig);
            acquired.cancel(false);
            rig.passUntilEmpty(Duration.ofMinutes(2));
            Awaitility.await("no process is left")
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> rig.cloud.processes().isEmpty());
        }
    }

    @Test
    void aContainersOwnCommandHasNone() {
        try (FleetRig rig = rig(5)) {
            MachineSpec spec = MachineSpec.builder()
                    .vcpus(2)
                    .memoryGib(4)
                    .containerImage("any:1")
                    .build();
            assertThatThrownBy(() -> rig.fleet.runOnceAsync(
                            spec, onReady(Script.of("true")), ContainerCommand.of("true"), LogSink.discard()))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
