package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.HookException;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.event.BuilderEvent.Released;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Scripts that run on a machine before it is deleted. */
@Timeout(120)
@Tag("once")
class OnReleaseTest {
    private static final String SECRET = "s3cr3t-value";

    private final StateStore store = StateStore.inMemory();

    /** A folder of this host, which every machine reaches. */
    @TempDir
    Path folder;

    private BuildFleet.Builder sharing(BuildFleet.Builder fleet) {
        return fleet.stateStore(store);
    }

    private FleetRig rig() {
        return new FleetRig(cloud -> cloud, this::sharing);
    }

    private Script noting(String word, String rest) {
        return Script.of("echo " + word + " >>\"$NOTES\"; " + rest)
                .env("NOTES", folder.resolve("notes").toString())
                .env("TOKEN", SECRET);
    }

    private EphemeralBuilder acquire(FleetRig rig, String rest) {
        return rig.acquire(
                FleetRig.SPEC,
                AcquireRequest.builder().onRelease(noting("bye", rest)).build());
    }

    private List<String> notes() throws IOException {
        Path notes = folder.resolve("notes");
        return Files.exists(notes) ? Files.readAllLines(notes) : List.of();
    }

    @Test
    void itRunsWhenTheBuilderIsClosedAndNotBefore() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = acquire(rig, "");
            assertThat(rig.await(builder.scripts())).isEmpty();
            assertThat(notes()).isEmpty();
            builder.close();
            builder.close();
            rig.await(builder.gone());
            assertThat(notes()).containsExactly("bye");
        }
    }

    @Test
    void itRunsInTheWorkspaceWithWhatScriptsLeftThere() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = acquire(rig, "cat id >>\"$NOTES\"; test \"$TOKEN\" && echo token >>\"$NOTES\"");
            rig.await(rig.await(builder.start(Script.of("echo 4711 >id"))).result());
            builder.close();
            rig.await(builder.gone());
            assertThat(notes()).containsExactly("bye", "4711", "token");
        }
    }

    @Test
    void itRunsWhenTheFleetIsClosed() throws Exception {
        try (FleetRig rig = rig()) {
            acquire(rig, "");
            acquire(rig, "");
            rig.close(rig.fleet);
            assertThat(rig.cloud.machines()).isEmpty();
            assertThat(notes()).containsExactly("bye", "bye");
        }
    }

    @Test
    void itRunsWhenAnotherProcessReleasesTheMachine() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = acquire(rig, "");
            BuildFleet other = rig.another(this::sharing);
            rig.detach(builder);
            rig.release(other, builder.id());
            assertThat(rig.cloud.machines()).isEmpty();
            assertThat(notes()).containsExactly("bye");
        }
    }

    @Test
    void itRunsWhenAnotherProcessAttachesAndCloses() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = acquire(rig, "");
            rig.detach(builder);
            EphemeralBuilder attached = rig.await(rig.another(this::sharing).attachAsync(builder.id()));
            attached.close();
            rig.await(attached.gone());
            assertThat(notes()).containsExactly("bye");
        }
    }

    @Test
    void itRunsOnceIfTwoProcessesCloseAtTheSameTime() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = acquire(rig, "sleep 0.3");
            EphemeralBuilder attached = rig.await(rig.another(this::sharing).attachAsync(builder.id()));
            builder.close();
            attached.close();
            rig.await(builder.gone());
            rig.await(attached.gone());
            assertThat(notes()).containsExactly("bye");
        }
    }

    @Test
    void itRunsWhenAnOrphanWithARecordIsReaped() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = acquire(rig, "");
            BuildFleet later = rig.another(fleet -> sharing(fleet).noReaper());
            rig.keep(builder, Duration.ofMinutes(20));
            rig.close(rig.fleet);
            rig.pass(Duration.ofMinutes(30));
            assertThat(notes()).isEmpty();
            rig.blocking(later::reap);
            assertThat(rig.cloud.machines()).isEmpty();
            assertThat(notes()).containsExactly("bye");
        }
    }

    @Test
    void nobodyWithoutTheRecordRunsIt() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = acquire(rig, "");
            BuildFleet stranger = rig.another(fleet -> fleet);
            rig.detach(builder);
            rig.release(stranger, builder.id());
            assertThat(rig.cloud.machines()).isEmpty();
            assertThat(notes()).isEmpty();
        }
    }

    @Test
    void aMachineThatIsLeftDoesNotRunIt() throws Exception {
        try (FleetRig rig = rig()) {
            rig.detach(acquire(rig, ""));
            rig.keep(acquire(rig, ""), Duration.ofMinutes(20));
            rig.close(rig.fleet);
            assertThat(rig.cloud.machines()).hasSize(2);
            assertThat(notes()).isEmpty();
        }
    }

    @Test
    void aMachineThatIsLostDoesNotRunItAndDelaysNothing() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = acquire(rig, "");
            rig.cloud.vanish(builder.id());
            Instant before = rig.ticker.now();
            builder.close();
            rig.await(builder.gone());
            assertThat(rig.ticker.now()).isBefore(before.plusSeconds(15));
            assertThat(notes()).isEmpty();
        }
    }

    @Test
    void theMachineGoesHoweverItEnds() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = acquire(rig, "exit 3");
            builder.close();
            rig.await(builder.gone());
            assertThat(notes()).containsExactly("bye");
            assertThat(rig.cloud.machines()).isEmpty();
        }
    }

    @Test
    void oneThatHangsDelaysItsOwnMachineByThirtySecondsAtMost() throws Exception {
        try (FleetRig rig = rig()) {
            rig.command = Duration.ofMillis(200);
            EphemeralBuilder hanging = acquire(rig, "trap '' TERM; sleep 300");
            EphemeralBuilder other = rig.acquire();
            Instant before = rig.ticker.now();
            hanging.close();
            other.close();
            rig.await(other.gone());
            assertThat(rig.ticker.now()).isBefore(before.plusSeconds(15));
            assertThat(rig.cloud.machines()).containsExactly(hanging.id());
            rig.await(hanging.gone());
            assertThat(rig.ticker.now()).isBetween(before.plusSeconds(30), before.plusSeconds(45));
            assertThat(hanging.cost().billed())
                    .as("it costs until it is deleted")
                    .isGreaterThanOrEqualTo(Duration.ofSeconds(30));
        }
    }

    @Test
    void itsOwnTimeoutMakesTheWaitShorter() throws Exception {
        try (FleetRig rig = rig()) {
            rig.command = Duration.ofMillis(200);
            AcquireRequest request = AcquireRequest.builder()
                    .onRelease(noting("bye", "trap '' TERM; sleep 300").timeout(Duration.ofSeconds(3)))
                    .build();
            EphemeralBuilder builder = rig.acquire(FleetRig.SPEC, request);
            Instant before = rig.ticker.now();
            builder.close();
            rig.await(builder.gone());
            assertThat(rig.ticker.now()).isBefore(before.plusSeconds(28));
        }
    }

    @Test
    void theFleetClosesInItsTimeAlthoughOneHangs() throws Exception {
        try (FleetRig rig = new FleetRig(cloud -> cloud, fleet -> sharing(fleet).closeTimeout(Duration.ofSeconds(8)))) {
            EphemeralBuilder builder = acquire(rig, "trap '' TERM; sleep 300");
            // A fleet ends by the wall clock too, so the other one must go fast.
            rig.command = Duration.ofMillis(10);
            rig.ticker.patience(Duration.ofMillis(10));
            Instant before = rig.ticker.now();
            builder.close();
            rig.close(rig.fleet);
            assertThat(rig.cloud.machines()).isEmpty();
            assertThat(rig.event(Released.class).at()).isBetween(before.plusSeconds(3), before.plusSeconds(6));
        }
    }

    @Test
    void aNoticeOfReclaimBoundsIt() throws Exception {
        try (FleetRig rig =
                new FleetRig(cloud -> cloud, fleet -> sharing(fleet).selectionPolicy(LostTest.UNPROTECTED))) {
            rig.command = Duration.ofMillis(200);
            EphemeralBuilder builder = acquire(rig, "trap '' TERM; sleep 300");
            rig.cloud.reclaim(builder.id(), Duration.ofSeconds(50));
            Instant deadline = rig.await(builder.reclaimNotice()).deadline();
            rig.passUntil(deadline.minusSeconds(10));
            builder.close();
            rig.pass(Duration.ofSeconds(1));
            // A real process: it needs real time before the virtual one may run on.
            Awaitility.await().until(() -> notes().contains("bye"));
            rig.await(builder.gone());
            assertThat(rig.event(Released.class).at()).isBetween(deadline.minusSeconds(10), deadline.plusSeconds(1));
            assertThat(notes()).containsExactly("bye");
        }
    }

    @Test
    void whatAFailedStartHasBegunIsUndone() throws Exception {
        try (FleetRig rig = new FleetRig(cloud -> cloud, fleet -> sharing(fleet).maxAttempts(1))) {
            AcquireRequest request = AcquireRequest.builder()
                    .onReady(noting("hello", "exit 1"))
                    .onRelease(noting("bye", ""))
                    .build();
            assertThatThrownBy(() -> rig.acquire(FleetRig.SPEC, request)).isInstanceOf(HookException.class);
            rig.passUntilEmpty(Duration.ofMinutes(2));
            assertThat(notes()).containsExactly("hello", "bye");
        }
    }

    @Test
    void theScriptIsNowhereButOnTheMachine() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = acquire(rig, "");
            String known = store.readAll(Kind.BUILDER) + rig.tags(builder.id()).toString() + rig.events;
            assertThat(known).contains("onRelease=PT30S").doesNotContain(SECRET, "NOTES");
        }
    }
}
