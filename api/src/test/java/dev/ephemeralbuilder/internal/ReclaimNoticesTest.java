package dev.ephemeralbuilder.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReclaimNoticesTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration PERIOD = Duration.ofMinutes(5);

    private final HandTicker ticker = new HandTicker(START);
    private final CloudClock clock = new CloudClock(ticker);
    private final ReclaimNotices notices = new ReclaimNotices(clock);
    private final List<String> told = new ArrayList<>();

    @BeforeEach
    void listen() {
        clock.learn(START);
        notices.listen(new ReclaimNotices.Listener() {
            @Override
            public void noticed(ReclaimNotice notice) {
                told.add(notice.source() + " " + after(notice));
            }

            @Override
            public void withdrawn(ReclaimNotice notice) {
                told.add("withdrawn " + after(notice));
            }
        });
    }

    private static long after(ReclaimNotice notice) {
        return Duration.between(START, notice.deadline()).toSeconds();
    }

    private void look(@Nullable Instant deadline) {
        look(MachineState.RUNNING, deadline);
    }

    private void look(MachineState state, @Nullable Instant deadline) {
        notices.onLook(Machine.builder()
                .id("i-1")
                .region("r")
                .zone("z")
                .type("t")
                .market(Market.SPOT)
                .state(state)
                .createdAt(START)
                .reclaimNotice(deadline == null ? null : new ReclaimNotice(deadline, "cloud"))
                .build());
    }

    private void machineSays(@Nullable Instant deadline) {
        notices.onMachine(deadline == null ? null : new ReclaimNotice(deadline, "machine"));
    }

    @Test
    void aDeadlineThatIsDatedByEachLookIsToldOnce() {
        look(ticker.now().plus(PERIOD));
        ticker.advance(Duration.ofSeconds(30));
        look(ticker.now().plus(PERIOD));
        ticker.advance(Duration.ofSeconds(30));
        look(ticker.now().plus(PERIOD));
        assertThat(told).containsExactly("cloud 300");
        assertThat(notices.first()).isCompletedWithValueMatching(notice -> after(notice) == 300);
    }

    @Test
    void anEarlierDeadlineIsToldAndTheFirstNoticeStaysTheFirst() {
        look(START.plus(PERIOD));
        look(START.plusSeconds(60));
        assertThat(told).containsExactly("cloud 300", "cloud 60");
        assertThat(notices.first().join().deadline()).isEqualTo(START.plus(PERIOD));
        assertThat(notices.standing()).map(ReclaimNotice::deadline).contains(START.plusSeconds(60));
    }

    @Test
    void theMachineNamesTheTimeOfWhatTheCloudHasDated() {
        look(START.plus(PERIOD));
        machineSays(START.plusSeconds(280));
        look(START.plusSeconds(330));
        assertThat(told).containsExactly("cloud 300", "machine 280");
    }

    @Test
    void theCloudsWordOnWhatTheMachineHasSaidIsNoOtherNotice() {
        machineSays(START.plusSeconds(280));
        look(START.plus(PERIOD));
        machineSays(START.plusSeconds(280));
        assertThat(told).containsExactly("machine 280");
    }

    @Test
    void theMachineMayBeGivenMoreTime() {
        machineSays(START.plusSeconds(280));
        machineSays(START.plusSeconds(600));
        assertThat(told).containsExactly("machine 280", "machine 600");
    }

    @Test
    void aNoticeThatNobodyGivesAnyMoreIsWithdrawn() {
        look(START.plus(PERIOD));
        machineSays(START.plusSeconds(280));
        look(null);
        assertThat(notices.standing()).isPresent();
        machineSays(null);
        assertThat(told).containsExactly("cloud 300", "machine 280", "withdrawn 280");
        assertThat(notices.standing()).isEmpty();
    }

    @Test
    void aWithdrawnNoticeMayComeAgain() {
        look(START.plus(PERIOD));
        look(null);
        look(START.plus(PERIOD));
        assertThat(told).containsExactly("cloud 300", "withdrawn 300", "cloud 300");
    }

    @Test
    void aMachineThatStopsIsNoFalseAlarm() {
        look(START.plus(PERIOD));
        look(MachineState.STOPPING, null);
        assertThat(told).containsExactly("cloud 300");
    }

    @Test
    void anEventOfThePastIsAFalseAlarmOfAMachineThatStillRuns() {
        look(START.plus(PERIOD));
        ticker.advance(PERIOD.plus(ReclaimNotices.LATE));
        look(START.plus(PERIOD));
        assertThat(told).containsExactly("cloud 300");
        ticker.advance(Duration.ofSeconds(30));
        look(START.plus(PERIOD));
        assertThat(told).containsExactly("cloud 300", "withdrawn 300");
    }

    @Test
    void aMachineThatTheCloudStillMarksAfterTheDeadlineIsGivenAnotherOne() {
        look(ticker.now().plus(PERIOD));
        ticker.advance(Duration.ofMinutes(8));
        look(ticker.now().plus(PERIOD));
        assertThat(told).containsExactly("cloud 300", "cloud 780");
    }

    @Test
    void whatTheMachineSaidLapsesWithItsTime() {
        machineSays(START.plusSeconds(60));
        ticker.advance(Duration.ofMinutes(4));
        look(null);
        assertThat(told).containsExactly("machine 60", "withdrawn 60");
    }

    @Test
    void theCloudsTimeIsToldAsOurs() {
        ticker.advance(Duration.ofMinutes(10));
        clock.restart();
        clock.learn(START.plus(Duration.ofHours(1)));
        clock.restart();
        machineSays(START.plus(Duration.ofHours(1)).plusSeconds(120));
        assertThat(told).containsExactly("machine 720");
        assertThat(notices.standing())
                .map(ReclaimNotice::deadline)
                .contains(ticker.now().plusSeconds(120));
    }

    @Test
    void whyAMachineEndedIsANoticeOnlyIfNoneCameBefore() {
        look(MachineState.ENDED, START.plusSeconds(1));
        look(MachineState.ENDED, START.plusSeconds(90));
        assertThat(told).containsExactly("cloud 1");
    }
}
