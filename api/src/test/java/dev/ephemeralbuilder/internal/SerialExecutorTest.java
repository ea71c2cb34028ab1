package dev.ephemeralbuilder.internal;

import static org.assertj.core.api.Assertions.assertThatCode;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What holds in every order of the steps of several threads. */
@Timeout(120)
class SerialExecutorTest {
    /** Tasks that only come out right one at a time, on whichever thread is free. */
    public static class Tasks {
        private final SerialExecutor executor = new SerialExecutor(Runnable::run);
        private int begun;
        private int ended;
        private int beside;
        private int given;

        @Operation
        public void execute() {
            synchronized (this) {
                given++;
            }
            executor.execute(() -> {
                if (begun != ended) {
                    beside++;
                }
                begun++;
                ended++;
            });
        }

        @Validate
        public void eachHasRunOnceAndAlone() {
            if (begun != given || ended != given || beside > 0) {
                throw new IllegalStateException(
                        "given " + given + ", begun " + begun + ", ended " + ended + ", beside others " + beside);
            }
        }
    }

    @Test
    void eachTaskRunsOnceAndNoneBesideAnother() {
        ModelCheckingOptions options = new ModelCheckingOptions()
                .iterations(4)
                .invocationsPerIteration(60)
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(1)
                .actorsAfter(1);
        assertThatCode(() -> options.check(Tasks.class)).doesNotThrowAnyException();
    }
}
