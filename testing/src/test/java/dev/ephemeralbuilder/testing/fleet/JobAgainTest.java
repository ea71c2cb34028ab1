package dev.ephemeralbuilder.testing.fleet;

import static dev.ephemeralbuilder.testing.fleet.JobRig.ends;
import static dev.ephemeralbuilder.testing.fleet.JobRig.job;
import static dev.ephemeralbuilder.testing.fleet.JobRig.script;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.DuplicateRequestException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.JobAttempt.End;
import dev.ephemeralbuilder.JobException;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.RecoveryPolicy;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.ProviderLimits;
import dev.ephemeralbuilder.spi.StateStore;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs with a request id whose process dies, and another process that runs the same job again. */
@Timeout(120)
@Tag("once")
class JobAgainTest {
    /** How long a machine that was given back is still there, and its scripts may run. */
    private static final Duration DELETION = Duration.ofMinutes(2);

    private static final Duration KEEP = Duration.ofMinutes(20);

    private final StateStore store = StateStore.inMemory();

    @TempDir
    Path folder;

    private JobRig rig() {
        return new JobRig(
                cloud -> cloud.deletionTime(DELETION),
                fleet -> fleet.stateStore(store).host("b").noReaper(),
                provider -> provider);
    }

    private MortalFleet mortal(JobRig rig) {
        return new MortalFleet(rig.rig, store);
    }

    private static AcquireRequest request(String id) {
        return AcquireRequest.builder().requestId(id).build();
    }

    private static Job.Builder named(String text) {
        return job().request(request("job-7")).script(script(text));
    }

    /** Returns a script that goes on without end in its first attempts. */
    private String endlessAtFirst(int attempts) {
        String begun = "'" + folder.resolve("begun") + "'";
        return "echo x >>" + begun + "; n=$(wc -l <" + begun + "); echo run $n; if [ $n -le " + attempts
                + " ]; then sleep 300; fi";
    }

    private static void assertDuplicate(JobException failure, String machine) {
        assertThat(failure.getCause())
                .isInstanceOfSatisfying(
                        DuplicateRequestException.class,
                        e -> assertThat(e.builderId()).contains(machine));
    }

    private static void assertOneAttemptOn(JobResult result, String machine) {
        assertThat(result.attempts())
                .singleElement()
                .satisfies(attempt -> assertThat(attempt.machineId()).contains(machine));
    }

    /** Lets a process keep the machine of a failed script, and end. */
    private String keep(JobRig rig) {
        MortalFleet first = mortal(rig);
        JobResult failed = rig.await(
                first.fleet.runAsync(named("exit 5").keepOnFailure(KEEP).build(), rig.log));
        rig.rig.close(first.fleet);
        return failed.kept().orElseThrow().machineId();
    }

    @Test
    void theMachineThatWasKeptForAFailureIsNotTakenByTheSameJob() throws Exception {
        try (JobRig rig = rig()) {
            String kept = keep(rig);
            Instant lease = rig.rig.lease(kept);
            assertDuplicate(rig.awaitFailure(rig.run(named("true"))), kept);
            rig.rig.pass(KEEP.dividedBy(2));
            assertThat(rig.rig.cloud.machines()).containsExactly(kept);
            assertThat(rig.rig.lease(kept)).isEqualTo(lease);
        }
    }

    @Test
    void theIdIsFreeWhenTheTimeOfTheKeptMachineIsOver() {
        try (JobRig rig = rig()) {
            keep(rig);
            rig.rig.pass(KEEP.plusMinutes(1));
            assertThat(rig.await(rig.run(named("true"))).success()).isTrue();
            rig.passUntilEmpty();
        }
    }

    @Test
    void aKeptMachineOfAnEarlierAttemptStays() {
        try (JobRig rig = rig()) {
            MortalFleet first = mortal(rig);
            EphemeralBuilder kept = first.acquire("job-7");
            rig.rig.keep(kept, KEEP);
            String spare = first.acquire("job-7.2").id();
            first.die();
            assertOneAttemptOn(rig.await(rig.run(named("true"))), spare);
            rig.rig.pass(DELETION.multipliedBy(2));
            assertThat(rig.rig.cloud.machines()).containsExactly(kept.id());
        }
    }

    @Test
    void aMachineThatSomebodyHasAttachedToStays() {
        try (JobRig rig = rig()) {
            MortalFleet first = mortal(rig);
            String debugged = first.begun("job-7");
            String spare = first.acquire("job-7.2").id();
            first.die();
            BuildFleet somebody =
                    rig.rig.another(settings -> settings.stateStore(store).host("b"));
            rig.rig.await(somebody.attachAsync(debugged));
            assertOneAttemptOn(rig.await(rig.run(named("true"))), spare);
            rig.rig.pass(DELETION.multipliedBy(2));
            assertThat(rig.rig.cloud.machines()).containsExactly(debugged);
        }
    }

    @Test
    void aMachineThatThisVeryFleetHasAttachedToStays() {
        try (JobRig rig = rig()) {
            MortalFleet first = mortal(rig);
            String debugged = first.begun("job-7");
            String spare = first.acquire("job-7.2").id();
            first.die();
            rig.rig.await(rig.rig.fleet.attachAsync(debugged));
            assertOneAttemptOn(rig.await(rig.run(named("true"))), spare);
            rig.rig.pass(DELETION.multipliedBy(2));
            assertThat(rig.rig.cloud.machines()).containsExactly(debugged);
        }
    }

    @Test
    void anAttemptIsFoundAlsoWhenThoseBeforeItAreGone() {
        try (JobRig rig = rig()) {
            MortalFleet first = mortal(rig);
            CompletableFuture<JobResult> lost =
                    first.fleet.runAsync(named(endlessAtFirst(3)).build(), rig.log);
            rig.untilSaid("run 1");
            rig.rig.cloud.vanish(first.newest());
            rig.untilSaid("run 2");
            rig.rig.cloud.vanish(first.newest());
            rig.untilSaid("run 3");
            String third = first.newest();
            first.die();
            assertThat(lost).isCompletedExceptionally();
            assertThat(rig.rig.cloud.machines()).containsExactly(third);

            CompletableFuture<JobResult> again = rig.run(named(endlessAtFirst(3)));
            rig.untilSaid("run 4");
            assertThat(rig.rig.cloud.machines()).doesNotContain(third);
            assertThat(rig.await(again).success()).isTrue();
            rig.passUntilEmpty();
        }
    }

    @Test
    void nothingBeginsBeforeTheMachineThatADeadProcessWorkedOnIsGone() {
        try (JobRig rig = rig()) {
            MortalFleet first = mortal(rig);
            CompletableFuture<JobResult> lost =
                    first.fleet.runAsync(named(endlessAtFirst(1)).build(), rig.log);
            rig.untilSaid("run 1");
            String machine = first.newest();
            first.die();
            assertThat(lost).isCompletedExceptionally();

            CompletableFuture<JobResult> again = rig.run(named(endlessAtFirst(1)));
            rig.untilSaid("run 2");
            assertThat(rig.rig.cloud.machines()).doesNotContain(machine);
            assertThat(ends(rig.await(again).attempts())).containsExactly(End.SUCCEEDED);
        }
    }

    @Test
    void nothingBeginsOnAReplacementBeforeTheMachineThatItReplacesIsGone() {
        try (JobRig rig = rig()) {
            MortalFleet first = mortal(rig);
            first.begun("job-7");
            String spare = first.acquire("job-7.2").id();
            first.die();
            CompletableFuture<JobResult> again = rig.run(named("echo begun"));
            rig.untilSaid("begun");
            assertThat(rig.rig.cloud.machines()).containsExactly(spare);
            assertOneAttemptOn(rig.await(again), spare);
        }
    }

    @Test
    void aMachineThatDoesNotGoIsNotWaitedForWithoutEnd() {
        try (JobRig rig = new JobRig(
                cloud -> cloud.deletionTime(Duration.ofMinutes(30)),
                fleet -> fleet.stateStore(store).host("b").noReaper().closeTimeout(Duration.ofSeconds(2)),
                provider -> provider)) {
            MortalFleet first = mortal(rig);
            first.begun("job-7");
            first.die();
            Instant asked = rig.rig.ticker.now();
            assertThat(rig.await(rig.run(named("true"))).success()).isTrue();
            assertThat(Duration.between(asked, rig.rig.ticker.now()))
                    .isBetween(Duration.ofMinutes(5), Duration.ofMinutes(6));
        }
    }

    @Test
    void aCreateCallForTheMarketsThatWereLeftIsRepeatedByWhoeverHasThemAll() {
        try (JobRig rig = rig()) {
            MortalFleet first = mortal(rig);
            RecoveryPolicy oneEach = RecoveryPolicy.defaults().spotAttempts(1).onDemandAttempts(1);
            CompletableFuture<JobResult> lost = first.fleet.runAsync(
                    named(endlessAtFirst(1)).recovery(oneEach).build(), rig.log);
            rig.untilSaid("run 1");
            first.cloud().silenceAtLaunch();
            rig.rig.cloud.vanish(first.newest());
            rig.until("called again", () -> first.cloud().launches().size() == 2);
            rig.rig.close(first.fleet);
            assertThat(lost).isCompletedExceptionally();
            String second = rig.rig.firstMachine();

            JobResult result = rig.await(rig.run(named(endlessAtFirst(1)).recovery(oneEach)));
            assertOneAttemptOn(result, second);
            assertThat(result.attempts().get(0).offer().orElseThrow().market()).isEqualTo(Market.ON_DEMAND);
            rig.passUntilEmpty();
        }
    }

    @Test
    void aJobThatSomebodyAliveIsBetweenTwoMachinesWithIsRefused() {
        try (JobRig rig = new JobRig(
                cloud -> cloud.limits(ProviderLimits.builder()
                        .callsPerMinute(CloudAction.LAUNCH, 1)
                        .build()),
                fleet -> fleet.stateStore(store).host("b").noReaper(),
                provider -> provider)) {
            MortalFleet other = mortal(rig);
            CompletableFuture<JobResult> theirs =
                    other.fleet.runAsync(named(endlessAtFirst(1)).build(), rig.log);
            rig.untilSaid("run 1");
            rig.rig.cloud.vanish(other.newest());
            rig.until(
                    "written down", () -> store.readAll(StateStore.Kind.BUILDER).isEmpty());
            assertThat(other.cloud().launches()).hasSize(1);

            assertThat(rig.awaitFailure(rig.run(named(endlessAtFirst(1)))))
                    .hasCauseInstanceOf(DuplicateRequestException.class);
            assertThat(ends(rig.await(theirs).attempts())).containsExactly(End.LOST, End.SUCCEEDED);
            assertThat(rig.rig.creates).isEmpty();
        }
    }

    /** Returns the store, which once cannot be asked who has a request. */
    private StateStore silentOnce() {
        AtomicBoolean silent = new AtomicBoolean(true);
        return (StateStore) Proxy.newProxyInstance(
                StateStore.class.getClassLoader(), new Class<?>[] {StateStore.class}, (proxy, method, arguments) -> {
                    boolean asked = method.getName().equals("read") && StateStore.Kind.REQUEST.equals(arguments[0]);
                    if (asked && silent.getAndSet(false)) {
                        throw new ProviderException("locked for too long", Effect.NONE, true, null, null, null);
                    }
                    return method.invoke(store, arguments);
                });
    }

    @Test
    void aStoreThatDoesNotAnswerIsNotTakenForOneThatKnowsNothing() {
        try (JobRig rig = new JobRig(
                cloud -> cloud,
                fleet -> fleet.stateStore(silentOnce()).host("b").noReaper(),
                provider -> provider)) {
            MortalFleet first = mortal(rig);
            String machine = first.begun("job-7.2");
            first.die();
            JobException failure = rig.awaitFailure(rig.run(named("true")));
            assertThat(failure).hasCauseInstanceOf(ProviderException.class);
            assertThat(failure.retryable()).isTrue();
            assertThat(rig.rig.creates).isEmpty();
            assertThat(rig.rig.cloud.machines()).containsExactly(machine);
        }
    }

    @Test
    void aJobThatHasUsedUpItsIdsSaysSo() {
        try (JobRig rig = rig()) {
            MortalFleet first = mortal(rig);
            String spare = first.acquire("job-7.20").id();
            first.begun("job-7.21");
            first.die();
            CompletableFuture<JobResult> run = rig.run(named("echo begun; sleep 300"));
            rig.untilSaid("begun");
            assertThat(rig.newest()).isEqualTo(spare);
            rig.rig.cloud.vanish(spare);
            JobException failure = rig.awaitFailure(run);
            assertThat(failure).hasCauseInstanceOf(DuplicateRequestException.class);
            assertThat(ends(failure.attempts())).containsExactly(End.LOST, End.NO_MACHINE);
            rig.passUntilEmpty();
        }
    }
}
