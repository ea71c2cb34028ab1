package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.JobException;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.LogStream;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.event.BuilderEvent.JobAttemptStarted;
import dev.ephemeralbuilder.event.BuilderEvent.Ready;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import dev.ephemeralbuilder.testing.TestTicker;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/**
 * A fleet on spot machines that may be taken back at once, and a sink that keeps what jobs say. Commands are long here, so
 * time does not wait for their end.
 */
final class JobRig implements AutoCloseable {
    static final Duration NOTICE = Duration.ofMinutes(5);
    private static final Duration FIRST_STEP = Duration.ofMillis(100);
    private static final Duration STEP = Duration.ofSeconds(2);
    private static final int FIRST_STEPS = 20;
    private static final int STEPS = 300;

    final FleetRig rig;
    final Log log = new Log();

    /** What a sink has heard, attempts as lines of their own. */
    static final class Log implements LogSink {
        private final StringBuilder text = new StringBuilder();

        @Override
        public synchronized void write(LogStream stream, byte[] bytes, int length) {
            text.append(new String(bytes, 0, length, StandardCharsets.UTF_8));
        }

        @Override
        public synchronized void onNewAttempt(int attempt, JobAttempt last) {
            text.append("--- ")
                    .append(attempt)
                    .append(" after ")
                    .append(last.end())
                    .append('\n');
        }

        @Override
        public synchronized String toString() {
            return text.toString();
        }
    }

    JobRig() {
        this(cloud -> cloud, fleet -> fleet, provider -> provider);
    }

    JobRig(
            UnaryOperator<InMemoryProvider.Builder> cloud,
            UnaryOperator<BuildFleet.Builder> fleet,
            UnaryOperator<CloudProvider> wrapper) {
        this.rig = new FleetRig(
                TestTicker.create(), cloud, f -> fleet.apply(f.selectionPolicy(LostTest.UNPROTECTED)), wrapper);
        rig.command = Duration.ofMillis(30);
    }

    static Job.Builder job() {
        return Job.builder(FleetRig.SPEC);
    }

    /** Returns a script that waits in its first attempt and ends at once in the next, when its file is there. */
    static String waitsTheFirstTime(Path file) {
        return "if [ -e '" + file + "' ]; then echo again; else touch '" + file + "'; echo begun; sleep 300; fi";
    }

    /** Returns a script that ends at once when it is cancelled. */
    static Script script(String text) {
        return Script.of(text).grace(Duration.ZERO);
    }

    CompletableFuture<JobResult> run(Job.Builder job) {
        return rig.fleet.runAsync(job.build(), log);
    }

    /** Lets time pass in small steps until something is so. */
    void until(String what, BooleanSupplier so) {
        for (int i = 0; i < STEPS; i++) {
            if (so.getAsBoolean()) {
                return;
            }
            rig.pass(i < FIRST_STEPS ? FIRST_STEP : STEP);
        }
        throw new AssertionError("time is over, and not " + what + "; the log is:\n" + log);
    }

    void untilSaid(String words) {
        until("said " + words, () -> log.toString().contains(words));
    }

    /** Lets the cloud give notice to a machine. */
    void notice(String machine) {
        rig.cloud.reclaim(machine, NOTICE);
    }

    /** Returns the machine of the newest builder. */
    String newest() {
        List<Ready> ready = rig.events(Ready.class);
        return ready.get(ready.size() - 1).machineId();
    }

    /** Returns when an attempt was begun. */
    Instant startOf(int attempt) {
        return rig.events(JobAttemptStarted.class).stream()
                .filter(event -> event.attempt() == attempt)
                .findFirst()
                .orElseThrow()
                .at();
    }

    JobResult await(CompletableFuture<JobResult> run) {
        return rig.await(run);
    }

    JobException awaitFailure(CompletableFuture<JobResult> run) {
        JobException failure = catchThrowableOfType(JobException.class, () -> rig.await(run));
        assertThat(failure).isNotNull();
        return failure;
    }

    static List<JobAttempt.End> ends(List<JobAttempt> attempts) {
        return attempts.stream().map(JobAttempt::end).toList();
    }

    void passUntilEmpty() {
        rig.passUntilEmpty(Duration.ofMinutes(10));
    }

    @Override
    public void close() {
        rig.close();
    }
}
