package dev.ephemeralbuilder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.ephemeralbuilder.JobAttempt.End;
import dev.ephemeralbuilder.ScriptResult.Ending;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JobTest {
    private static final MachineSpec SPEC =
            MachineSpec.builder().machineImage("m-1").build();
    private static final ScriptResult DONE = new ScriptResult(0, Ending.EXITED, Duration.ofSeconds(3), 10, 0);
    private static final ScriptResult CANCELLED = new ScriptResult(0, Ending.CANCELLED, Duration.ofSeconds(1), 0, 0);
    private static final ScriptResult FAILED = new ScriptResult(7, Ending.EXITED, Duration.ofSeconds(2), 5, 0);

    @Test
    void needsAScript() {
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> Job.builder(SPEC).upload(Path.of("src"), "src").build())
                .withMessageContaining("needs a script");
        assertThatIllegalArgumentException().isThrownBy(() -> Job.builder(SPEC).together(List.of()));
    }

    @Test
    void keepsTheOrderOfItsSteps() {
        Job job = Job.builder(SPEC)
                .script(Script.of("one"))
                .together(List.of(Script.of("two"), Script.of("three")))
                .build();
        assertThat(job.steps()).extracting(List::size).containsExactly(1, 2);
    }

    @Test
    void showsNothingOfItsScripts() {
        Job job = Job.builder(SPEC).script(Script.of("echo hidden")).build();
        assertThat(job.toString()).doesNotContain("hidden");
        assertThat(RecoveryPolicy.defaults().farewell(Script.of("echo hidden")).toString())
                .doesNotContain("hidden");
    }

    @Test
    void refusesWhatCannotBeMeant() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RecoveryPolicy.defaults().spotAttempts(-1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RecoveryPolicy.defaults().onDemandAttempts(0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RecoveryPolicy.defaults().margin(Duration.ofSeconds(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> Job.builder(SPEC).deadline(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> Job.builder(SPEC).keepOnFailure(Duration.ZERO));
    }

    @Test
    void hasTheExitCodeOfTheFirstScriptThatFailed() {
        assertThat(result(List.of(DONE, DONE)).success()).isTrue();
        assertThat(result(List.of(DONE, DONE)).exitCode()).isZero();
        assertThat(result(List.of(DONE, FAILED)).success()).isFalse();
        assertThat(result(List.of(DONE, FAILED)).exitCode()).isEqualTo(7);
        assertThat(result(List.of(CANCELLED, FAILED)).exitCode()).isEqualTo(7);
    }

    @Test
    void isNoSuccessIfAScriptWasEndedAndGaveZero() {
        ScriptResult cut = new ScriptResult(0, Ending.TIMED_OUT, Duration.ofSeconds(9), 0, 0);
        for (ScriptResult ended : List.of(cut, CANCELLED)) {
            assertThat(result(List.of(DONE, ended)).success()).isFalse();
            assertThat(result(List.of(DONE, ended)).exitCode()).isEqualTo(1);
        }
    }

    @Test
    void mayBeTriedAgainIfItsCauseMay() {
        JobAttempt attempt = new JobAttempt(
                1,
                Optional.empty(),
                Optional.empty(),
                Instant.EPOCH,
                Optional.empty(),
                Instant.EPOCH.plusSeconds(4),
                End.NO_MACHINE,
                "no stock",
                Optional.empty());
        CapacityException noStock = new CapacityException(
                "none", CapacityException.Reason.NO_STOCK, "OperationDenied.NoStock", "R-1", null);
        JobException sold = new JobException("no machine", List.of(attempt), noStock);
        assertThat(sold.retryable()).isEqualTo(noStock.retryable());
        assertThat(sold.code()).contains("OperationDenied.NoStock");
        assertThat(sold.requestId()).contains("R-1");
        assertThat(sold.attempts()).containsExactly(attempt);
        assertThat(attempt.duration()).isEqualTo(Duration.ofSeconds(4));
        assertThat(new JobException("no file", List.of(attempt), new IOException("gone")).retryable())
                .isFalse();
    }

    private static JobResult result(List<ScriptResult> scripts) {
        return new JobResult("r-1", scripts, List.of(), List.of(), Optional.empty());
    }
}
