package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.JobAttempt.End;
import dev.ephemeralbuilder.JobException;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.LogStream;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.RecoveryPolicy;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.testing.TestTicker;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs whose machines are taken back: they begin again elsewhere and are never reported as failed. */
abstract class JobPromises extends FleetPromises {
    private static final Duration NOTICE = Duration.ofMinutes(3);

    /** What the first attempt finds, and then does not end by itself. */
    private static final String WAIT = "wait";

    @TempDir
    Path folder;

    private final Log log = new Log();

    JobPromises(Supplier<ContractRig> rigs, Supplier<ContractFleet> fleets) {
        super(rigs, fleets);
    }

    /** Keeps what jobs say, and tells when the first attempt has begun. */
    private static final class Log implements LogSink {
        final CompletableFuture<Void> begun = new CompletableFuture<>();
        private final StringBuilder text = new StringBuilder();

        @Override
        public synchronized void write(LogStream stream, byte[] bytes, int length) {
            text.append(new String(bytes, 0, length, StandardCharsets.UTF_8));
            if (text.toString().lines().filter("begun"::equals).count() == 2) {
                begun.complete(null);
            }
        }

        @Override
        public synchronized void onNewAttempt(int attempt, JobAttempt last) {
            text.append("attempt ").append(attempt).append('\n');
        }

        @Override
        public synchronized String toString() {
            return text.toString();
        }
    }

    private void assumeMarkets() throws InterruptedException {
        List<Offer> offers = rig().offers();
        assumeTrue(
                ContractRig.unprotectedSpot(offers),
                "not checked: jobs on spot machines, since the provider has no spot offer without protection for"
                        + " setup().spec()");
        assumeTrue(
                offers.stream().anyMatch(offer -> offer.market() == Market.ON_DEMAND),
                "not checked: jobs that move on to on-demand machines, since the provider offers none for setup().spec()");
    }

    /** Returns a job of two scripts side by side, which end by themselves only on the second machine. */
    private Job.Builder twoScripts() throws IOException {
        Files.writeString(mode(), WAIT);
        Script script = Script.of(
                        "if [ \"$(cat mode)\" = " + WAIT + " ]; then echo begun; sleep 600; else echo again; fi")
                .grace(Duration.ZERO);
        return Job.builder(setup().spec()).upload(mode(), "mode").together(List.of(script, script));
    }

    private Path mode() {
        return folder.resolve("mode");
    }

    private CompletableFuture<JobResult> run(Job.Builder job) {
        fleet().commandsMayTakeLong();
        return fleet().fleet().runAsync(job.build(), log);
    }

    private void takeTheFirstBack() throws Exception {
        BuilderEvent.Ready ready = fleet().awaitEvent(BuilderEvent.Ready.class);
        Files.writeString(mode(), "go");
        setup().reclaim(rig().described(ready.machineId()), NOTICE);
    }

    private void patience(Duration wall) {
        if (setup().ticker() instanceof TestTicker ticker) {
            ticker.patience(wall);
        }
    }

    private static List<End> ends(List<JobAttempt> attempts) {
        return attempts.stream().map(JobAttempt::end).toList();
    }

    private static List<Market> markets(JobResult result) {
        return result.attempts().stream()
                .map(attempt -> attempt.offer().orElseThrow().market())
                .toList();
    }

    private void stockOutOfSpot() throws InterruptedException {
        for (Offer offer : rig().offers()) {
            if (offer.market() == Market.SPOT) {
                setup().stockOutOfSpot(offer);
            }
        }
    }

    private static void assertReclaimedOnce(JobResult result) {
        assertThat(result.success())
                .as("a job whose machine was taken back must succeed on another one")
                .isTrue();
        assertThat(ends(result.attempts()))
                .as("the notice must be told by describe before the machine goes: that is a reclaim, not a loss")
                .containsExactly(End.RECLAIMED, End.SUCCEEDED);
        assertThat(result.attempts().get(0).offer().orElseThrow().pool())
                .as("the pool of a machine that was taken back is left out")
                .isNotEqualTo(result.attempts().get(1).offer().orElseThrow().pool());
    }

    @Test
    void aJobWithTwoScriptsIsBegunAgainWhenItsMachineIsTakenBack() throws Exception {
        assumeMarkets();
        CompletableFuture<JobResult> run = run(twoScripts());
        fleet().time().await("the begin of both scripts", log.begun);
        takeTheFirstBack();
        assertReclaimedOnce(fleet().time().await("the end of a job whose machine was taken back", run));
        assertThat(log).hasToString("begun\nbegun\nattempt 2\nagain\nagain\n");
    }

    @Test
    void afterItsSpotAttemptsAJobRunsOnDemandAndAFarewellThatHangsDoesNotHoldItUp() throws Exception {
        assumeMarkets();
        CompletableFuture<JobResult> run = run(
                twoScripts().recovery(RecoveryPolicy.defaults().spotAttempts(1).farewell(Script.of("sleep 600"))));
        fleet().time().await("the begin of both scripts", log.begun);
        takeTheFirstBack();
        JobResult result = fleet().time().await("the end of a job whose farewell hangs", run);
        assertReclaimedOnce(result);
        assertThat(markets(result)).containsExactly(Market.SPOT, Market.ON_DEMAND);
        fleet().awaitNothingLeft("a job whose farewell hangs");
    }

    @Test
    void aJobRunsOnDemandWhenSpotIsOutOfStock() throws Exception {
        assumeMarkets();
        stockOutOfSpot();
        JobResult result = fleet().time()
                .await(
                        "the end of a job that only on-demand machines are left for",
                        run(Job.builder(setup().spec()).script(Script.of("true"))));
        assertThat(result.success()).isTrue();
        assertThat(markets(result)).containsExactly(Market.ON_DEMAND);
    }

    @Test
    void aReplacementIsHadOnDemandWhenSpotHasRunOutMeanwhile() throws Exception {
        assumeMarkets();
        CompletableFuture<JobResult> run = run(twoScripts());
        fleet().time().await("the begin of both scripts", log.begun);
        stockOutOfSpot();
        takeTheFirstBack();
        JobResult result = fleet().time().await("the end of a job whose machine was taken back", run);
        assertReclaimedOnce(result);
        assertThat(markets(result)).containsExactly(Market.SPOT, Market.ON_DEMAND);
        fleet().awaitNothingLeft("a job that has moved to a machine on demand");
    }

    @Test
    void noticeDuringAnUploadEndsIt() throws Exception {
        assumeMarkets();
        CompletableFuture<Void> uploading = new CompletableFuture<>();
        AtomicBoolean first = new AtomicBoolean(true);
        Predicate<Path> comesFirst = path -> {
            if (first.getAndSet(false)) {
                // The upload that hangs must not stop the time.
                patience(Duration.ofMillis(20));
            }
            return true;
        };
        Predicate<Path> hangsOnce = path -> {
            if (uploading.complete(null)) {
                patience(Duration.ofSeconds(20));
                try {
                    boolean never = new CountDownLatch(1).await(60, TimeUnit.SECONDS);
                    assertThat(never).isFalse();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return true;
        };
        Files.writeString(mode(), "go");
        CompletableFuture<JobResult> run = run(Job.builder(setup().spec())
                .upload(folder, "first", comesFirst)
                .upload(folder, "in", hangsOnce)
                .script(Script.of("cat in/mode")));
        fleet().time().await("the begin of an upload", uploading);
        takeTheFirstBack();
        assertReclaimedOnce(fleet().time().await("the end of a job that was noticed during its upload", run));
        assertThat(log).hasToString("attempt 2\ngo");
    }

    @Test
    void aJobThatNothingHasStockForSaysWhatWasTried() throws Exception {
        rig().offers().forEach(offer -> setup().stockOut(offer));
        Job.Builder job = Job.builder(setup().spec()).script(Script.of("true"));
        assertThatThrownBy(
                        () -> fleet().time().await("the end of a job that nothing has stock for", run(job)),
                        "a job that nothing has stock for must end with a CapacityException: see that launch translates it")
                .isInstanceOfSatisfying(
                        JobException.class, e -> assertThat(ends(e.attempts())).containsExactly(End.NO_MACHINE))
                .hasCauseInstanceOf(CapacityException.class);
    }
}
