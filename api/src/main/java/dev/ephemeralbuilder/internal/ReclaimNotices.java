package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is known of the reclaim of one machine, from two sources that need not agree: the cloud's description of it, and
 * the machine's own metadata. A notice stands while either source says so. The machine names the time, where the
 * description may only be dated by the look, so the machine's word on the time counts more; and since such a date moves
 * on with each look, a description is only taken for another notice if it names an earlier time.
 *
 * <p>Both sources tell the cloud's time, listeners are told the fleet's. Confined to the ticker, but for {@link
 * #standing} and the future of {@link #first}.
 */
final class ReclaimNotices {
    /**
     * A machine that still runs so long after it was to go was not taken back: the word of a description that lists past
     * events, as on ECI, is then no notice any more. How late the cloud may be is nowhere said.
     */
    static final Duration LATE = Duration.ofMinutes(2);

    /** Times may have a resolution of a second. */
    private static final Duration SAME = Duration.ofSeconds(1);

    /** Told on the ticker. */
    interface Listener {
        /** There is a notice, or the standing one has another deadline. */
        void noticed(ReclaimNotice notice);

        /** The notice that was told last does not stand any more, and the machine runs. */
        void withdrawn(ReclaimNotice notice);
    }

    private static final Logger log = LoggerFactory.getLogger(ReclaimNotices.class);

    private final CloudClock clock;
    private final List<Listener> listeners = new ArrayList<>();
    private final CompletableFuture<ReclaimNotice> first = new CompletableFuture<>();
    private @Nullable ReclaimNotice byCloud;
    private @Nullable ReclaimNotice byMachine;
    private @Nullable ReclaimNotice told;
    private volatile @Nullable ReclaimNotice standing;

    ReclaimNotices(CloudClock clock) {
        this.clock = clock;
    }

    /** Returns the first notice, once there is one: also when it was withdrawn since. */
    CompletableFuture<ReclaimNotice> first() {
        return first;
    }

    /** Returns the notice that stands, as it was told last. From any thread. */
    Optional<ReclaimNotice> standing() {
        return Optional.ofNullable(standing);
    }

    /** Tells of each change from now on, in the order in which listeners came. */
    void listen(Listener listener) {
        listeners.add(listener);
    }

    /** Takes what the cloud says of the machine. */
    void onLook(Machine machine) {
        Optional<ReclaimNotice> said = machine.reclaimNotice();
        if (machine.state() == MachineState.ENDED) {
            // Why it ended; a notice that came before says more.
            if (standing == null) {
                said.ifPresent(this::tell);
            }
            return;
        }
        boolean runs = machine.state() == MachineState.RUNNING;
        if (runs && byMachine != null && isOverdue(byMachine)) {
            byMachine = null;
        }
        Optional<ReclaimNotice> timely = said.filter(notice -> !(runs && isOverdue(notice)));
        if (timely.isPresent()) {
            if (byCloud == null || isEarlier(timely.get(), byCloud) || (runs && isOverdue(byCloud))) {
                byCloud = timely.get();
            }
        } else if (runs) {
            byCloud = null;
        }
        settle();
    }

    /** Takes what the machine says of itself: when it is to go, or null for not at all. */
    void onMachine(@Nullable ReclaimNotice said) {
        byMachine = said;
        settle();
    }

    /** Whether the machine says by itself that it is to go. */
    boolean isByMachine() {
        return byMachine != null;
    }

    private void settle() {
        ReclaimNotice best = byMachine != null ? byMachine : byCloud;
        ReclaimNotice before = standing;
        if (best == null) {
            if (before != null) {
                told = null;
                standing = null;
                tellAll(listener -> listener.withdrawn(before));
            }
        } else if (told == null
                || Duration.between(told.deadline(), best.deadline()).abs().compareTo(SAME) > 0) {
            tell(best);
        }
    }

    private void tell(ReclaimNotice notice) {
        told = notice;
        ReclaimNotice here = new ReclaimNotice(clock.toHost(notice.deadline()), notice.source());
        standing = here;
        first.complete(here);
        tellAll(listener -> listener.noticed(here));
    }

    /** One that fails must not keep the news from the others, nor looks at other machines from whoever waits for them. */
    private void tellAll(Consumer<Listener> news) {
        for (Listener listener : List.copyOf(listeners)) {
            try {
                news.accept(listener);
            } catch (RuntimeException e) {
                log.warn("A notice of reclaim could not be dealt with", e);
            }
        }
    }

    private static boolean isEarlier(ReclaimNotice notice, ReclaimNotice than) {
        return notice.deadline().plus(SAME).isBefore(than.deadline());
    }

    private boolean isOverdue(ReclaimNotice notice) {
        Instant surely = clock.atLeast();
        return notice.deadline().plus(LATE).isBefore(surely);
    }
}
