package dev.ephemeralbuilder.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TestTickerTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final TestTicker ticker = TestTicker.create();
    private final List<String> ran = new ArrayList<>();
    private final ExecutorService pool = Executors.newCachedThreadPool();

    @AfterEach
    void stopPool() {
        pool.shutdownNow();
    }

    @Test
    void standsStillUntilItIsMoved() {
        assertThat(ticker.now()).isEqualTo(START);
        ticker.advance(Duration.ofSeconds(90));
        assertThat(ticker.now()).isEqualTo(START.plusSeconds(90));
    }

    @Test
    void startsWhereItIsTold() {
        Instant start = Instant.parse("2024-10-09T12:00:00Z");
        assertThat(TestTicker.startingAt(start).now()).isEqualTo(start);
    }

    @Test
    void runsTasksInTheOrderOfTheirTimesAndThenOfTheirArrival() {
        later(20, "c");
        later(10, "a");
        later(20, "d");
        later(10, "b");
        ticker.advance(Duration.ofSeconds(20));
        assertThat(ran).containsExactly("a@10", "b@10", "c@20", "d@20");
    }

    @Test
    void leavesWhatIsNotDue() {
        later(10, "a");
        later(11, "b");
        ticker.advance(Duration.ofSeconds(10));
        assertThat(ran).containsExactly("a@10");
        assertThat(ticker.pending()).isEqualTo(1);
    }

    @Test
    void runsWhatTasksScheduleWhenItGetsDueInTheSameMove() {
        ticker.schedule(Duration.ofSeconds(1), () -> later(2, "inner"));
        ticker.advance(Duration.ofSeconds(5));
        assertThat(ran).containsExactly("inner@3");
        assertThat(ticker.now()).isEqualTo(START.plusSeconds(5));
    }

    @Test
    void runsTasksOnTheThreadThatMovesTheTime() {
        List<Thread> threads = new ArrayList<>();
        ticker.execute(() -> threads.add(Thread.currentThread()));
        assertThat(threads).isEmpty();
        ticker.runDue();
        assertThat(threads).containsExactly(Thread.currentThread());
    }

    @Test
    void treatsANegativeDelayAsNow() {
        later(-5, "past");
        ticker.runDue();
        assertThat(ran).containsExactly("past@0");
    }

    @Test
    void dropsACancelledTask() {
        Ticker.Scheduled task = later(1, "never");
        task.cancel();
        ticker.advance(Duration.ofSeconds(2));
        assertThat(ran).isEmpty();
        assertThat(ticker.pending()).isZero();
    }

    @Test
    void runsTheOtherTasksBeforeItReportsTheOnesThatFailed() {
        ticker.execute(() -> {
            throw new IllegalStateException("first");
        });
        ticker.execute(() -> {
            throw new IllegalStateException("second");
        });
        later(1, "other");
        assertThatThrownBy(() -> ticker.advance(Duration.ofSeconds(1)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("2 task(s) failed")
                .hasRootCauseMessage("first")
                .satisfies(e -> assertThat(e.getSuppressed())
                        .singleElement()
                        .hasToString(new IllegalStateException("second").toString()));
        assertThat(ran).containsExactly("other@1");
        assertThat(ticker.now()).isEqualTo(START.plusSeconds(1));
    }

    @Test
    void refusesToBeMovedByATask() {
        ticker.execute(() -> ticker.advance(Duration.ofSeconds(1)));
        assertThatThrownBy(ticker::runDue).hasRootCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesToGoBack() {
        assertThatThrownBy(() -> ticker.advance(Duration.ofSeconds(-1))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void findsTasksThatCallForEachOtherWithoutEnd() {
        ticker.execute(new Runnable() {
            @Override
            public void run() {
                ticker.execute(this);
            }
        });
        assertThatThrownBy(ticker::runDue).isInstanceOf(AssertionError.class).hasMessageContaining("without end");
    }

    @Test
    void acceptsNothingOnceClosed() {
        later(1, "dropped");
        ticker.close();
        ticker.advance(Duration.ofSeconds(1));
        assertThat(ran).isEmpty();
        assertThatThrownBy(() -> ticker.execute(() -> {})).isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void advancesOnlyAsFarAsTheStageNeeds() {
        CompletableFuture<String> stage = new CompletableFuture<>();
        ticker.schedule(Duration.ofMinutes(3), () -> stage.complete("done"));
        later(600, "later");
        assertThat(ticker.advanceUntil(stage, Duration.ofHours(1))).isEqualTo("done");
        assertThat(ticker.now()).isEqualTo(START.plus(Duration.ofMinutes(3)));
        assertThat(ran).isEmpty();
    }

    @Test
    void returnsAtOnceWhenTheStageIsComplete() {
        later(1, "a");
        assertThat(ticker.advanceUntil(CompletableFuture.completedFuture(7), Duration.ZERO))
                .isEqualTo(7);
        assertThat(ticker.now()).isEqualTo(START);
    }

    @Test
    void throwsWhatTheStageFailedWith() {
        CompletableFuture<String> stage = new CompletableFuture<>();
        ticker.execute(() -> stage.completeExceptionally(new IllegalStateException("broken")));
        assertThatThrownBy(() -> ticker.advanceUntil(stage, Duration.ofHours(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("broken");
    }

    @Test
    void saysWhatIsPendingWhenTheTimeIsOver() {
        later(30, "in time");
        later(300, "too late");
        assertThatThrownBy(() -> ticker.advanceUntil(new CompletableFuture<>(), Duration.ofMinutes(1)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("not complete after PT1M")
                .hasMessageContaining("1 task(s) pending, the next at 2026-01-01T00:05:00Z");
        assertThat(ran).containsExactly("in time@30");
        assertThat(ticker.now()).isEqualTo(START.plusSeconds(60));
    }

    @Test
    void reportsAFailedTaskWhileItWaitsForAStage() {
        ticker.schedule(Duration.ofSeconds(1), () -> {
            throw new IllegalStateException("broken");
        });
        assertThatThrownBy(() -> ticker.advanceUntil(new CompletableFuture<>(), Duration.ofMinutes(1)))
                .isInstanceOf(AssertionError.class)
                .hasRootCauseMessage("broken");
    }

    @Test
    void waitsForOtherThreadsWhenNothingElseIsLeft() {
        CompletableFuture<String> stage = new CompletableFuture<>();
        CountDownLatch begun = new CountDownLatch(1);
        ticker.execute(begun::countDown);
        Future<?> work = pool.submit(() -> {
            begun.await();
            ticker.execute(() -> stage.complete("from elsewhere"));
            return null;
        });
        assertThat(ticker.advanceUntil(stage, Duration.ZERO)).isEqualTo("from elsewhere");
        assertThat(work).succeedsWithin(Duration.ofSeconds(30));
    }

    @Test
    void letsNoTimePassWhileAHoldIsOpen() throws Exception {
        CompletableFuture<Instant> stage = new CompletableFuture<>();
        ticker.schedule(
                Duration.ofMinutes(5), () -> stage.completeExceptionally(new IllegalStateException("too late")));
        TestTicker.Hold hold = ticker.hold(Duration.ofSeconds(30));
        CountDownLatch waiting = new CountDownLatch(1);
        ticker.execute(waiting::countDown);
        Future<?> work = pool.submit(() -> {
            waiting.await();
            hold.close();
            ticker.execute(() -> stage.complete(ticker.now()));
            return null;
        });
        assertThat(ticker.advanceUntil(stage, Duration.ofHours(1))).isEqualTo(START);
        work.get(30, TimeUnit.SECONDS);
    }

    @Test
    void movesOnWhenPatienceWithAHoldIsAtItsEnd() {
        CompletableFuture<String> stage = new CompletableFuture<>();
        ticker.schedule(Duration.ofMinutes(5), () -> stage.complete("timed out"));
        TestTicker.Hold hold = ticker.hold(Duration.ofMillis(1));
        assertThat(ticker.advanceUntil(stage, Duration.ofHours(1))).isEqualTo("timed out");
        hold.close();
    }

    @Test
    void failsOnInterruptionAndKeepsTheFlag() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> ticker.advanceUntil(new CompletableFuture<>(), Duration.ofMinutes(1)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("interrupted");
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void movesWhileBlockingCodeWaits() throws Exception {
        Instant end = ticker.advanceWhile(
                () -> {
                    CountDownLatch later = new CountDownLatch(1);
                    ticker.schedule(Duration.ofMinutes(5), later::countDown);
                    assertThat(later.await(30, TimeUnit.SECONDS)).isTrue();
                    return ticker.now();
                },
                Duration.ofMinutes(10));
        assertThat(end).isEqualTo(START.plus(Duration.ofMinutes(5)));
    }

    @Test
    void passesOnWhatBlockingCodeThrows() {
        IOException failure = new IOException("of the code");
        assertThatThrownBy(() -> ticker.advanceWhile(
                        () -> {
                            throw failure;
                        },
                        Duration.ofMinutes(1)))
                .isSameAs(failure);
    }

    @Test
    void interruptsBlockingCodeThatTakesTooLong() throws InterruptedException {
        CountDownLatch never = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        assertThatThrownBy(() -> ticker.advanceWhile(
                        () -> {
                            ticker.schedule(Duration.ofMinutes(2), () -> {});
                            try {
                                return never.await(30, TimeUnit.SECONDS);
                            } catch (InterruptedException e) {
                                interrupted.countDown();
                                throw e;
                            }
                        },
                        Duration.ofMinutes(1)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("not complete after PT1M");
        assertThat(interrupted.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void losesNoTaskOfManyThreadsAndRunsOneAtATime() throws Exception {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger count = new AtomicInteger();
        CompletableFuture<Void> all = new CompletableFuture<>();
        int threads = 8;
        int each = 500;
        List<Future<?>> work = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            work.add(pool.submit(() -> {
                for (int i = 0; i < each; i++) {
                    ticker.schedule(Duration.ofMillis(i), () -> {
                        assertThat(inside.incrementAndGet()).isEqualTo(1);
                        inside.decrementAndGet();
                        if (count.incrementAndGet() == threads * each) {
                            all.complete(null);
                        }
                    });
                }
            }));
        }
        ticker.advanceUntil(all, Duration.ofHours(1));
        for (Future<?> w : work) {
            w.get(30, TimeUnit.SECONDS);
        }
        assertThat(count).hasValue(threads * each);
    }

    private Ticker.Scheduled later(long seconds, String name) {
        return ticker.schedule(
                Duration.ofSeconds(seconds),
                () -> ran.add(name + "@" + Duration.between(START, ticker.now()).toSeconds()));
    }
}
