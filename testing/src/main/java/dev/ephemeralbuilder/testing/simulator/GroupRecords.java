package dev.ephemeralbuilder.testing.simulator;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is remembered of groups. The API shows one that has ended for an hour, and after that the latest hundred; one that
 * could not be scheduled for a day (eci-openapi, 1 and 4). Of those that it shows no more a bounded number is remembered.
 * Guarded by the {@link Groups}.
 */
final class GroupRecords {
    private static final Duration ENDED = Duration.ofHours(1);
    private static final Duration UNSCHEDULED = Duration.ofHours(24);
    private static final int LATEST = 100;

    private final Bygone<SimulatedGroup> gone = new Bygone<>();

    /** Returns how long the API shows a group that has ended in a state, at least. */
    static Duration kept(GroupStatus status) {
        return status == GroupStatus.SCHEDULE_FAILED ? UNSCHEDULED : ENDED;
    }

    /** Returns the groups that the API does not show any more. */
    static List<Group> tooOld(Collection<Group> groups, Instant now) {
        List<Group> past = groups.stream()
                .filter(group -> group.finished != null && !now.isBefore(group.finished.plus(kept(group.status()))))
                .toList();
        Stream<Group> unscheduled = past.stream().filter(group -> group.status() == GroupStatus.SCHEDULE_FAILED);
        long young = groups.stream().filter(group -> group.finished != null).count() - past.size();
        Stream<Group> ended = past.stream()
                .filter(group -> group.status() != GroupStatus.SCHEDULE_FAILED)
                .sorted(Comparator.comparing((Group group) -> group.finished == null ? now : group.finished)
                        .reversed())
                .skip(Math.max(0, LATEST - young));
        return Stream.concat(unscheduled, ended).toList();
    }

    /** Remembers a group that is gone. */
    void add(Group group, Instant now) {
        gone.add(group.number, group.snapshot(now));
    }

    /** Returns what is remembered and what there is, oldest first. */
    List<SimulatedGroup> with(Collection<Group> present, Instant now) {
        return gone.with(
                present.stream().collect(Collectors.toMap(group -> group.number, group -> group.snapshot(now))));
    }
}
