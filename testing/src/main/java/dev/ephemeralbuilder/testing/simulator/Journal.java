package dev.ephemeralbuilder.testing.simulator;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The calls that a simulator answered until the moment of {@link AlibabaCloudSimulator#journal}, oldest first, also those
 * that it refused. Methods such as {@link #action} give a journal of fewer calls:
 *
 * <pre>{@code
 * assertThat(simulator.journal().action("RunInstances").succeeded().count()).isEqualTo(1);
 * }</pre>
 *
 * <p>A simulator remembers a bounded number of calls, see {@link AlibabaCloudSimulator.Builder#journalCapacity}, and
 * forgets the oldest first. Immutable.
 */
public final class Journal {
    private final List<JournalEntry> entries;
    private final long dropped;

    Journal(List<JournalEntry> entries, long dropped) {
        this.entries = entries;
        this.dropped = dropped;
    }

    /** Returns the calls, oldest first; unmodifiable. */
    public List<JournalEntry> entries() {
        return entries;
    }

    /** Returns how many calls these are. */
    public int count() {
        return entries.size();
    }

    /** Returns how many calls the simulator had forgotten, of all kinds, however few this journal holds. */
    public long dropped() {
        return dropped;
    }

    /** Returns how many calls of each action these are, sorted by action; without those that named none. */
    public Map<String, Long> countPerAction() {
        return entries.stream()
                .map(JournalEntry::action)
                .filter(action -> action != null)
                .collect(Collectors.groupingBy(Function.identity(), TreeMap::new, Collectors.counting()));
    }

    /** Returns the calls of an action, such as {@code RunInstances}. */
    public Journal action(String action) {
        requireNonNull(action, "action");
        return only(entry -> action.equals(entry.action()));
    }

    /** Returns the calls that were answered at this time of the cloud or later. */
    public Journal since(Instant time) {
        requireNonNull(time, "time");
        return only(entry -> !entry.time().isBefore(time));
    }

    /** Returns the calls that came after one, by {@link JournalEntry#number}; also right while a clock stands. */
    public Journal after(long number) {
        return only(entry -> entry.number() > number);
    }

    /** Returns the calls that the cloud carried out, be it that the answer was lost or spoilt. */
    public Journal succeeded() {
        return only(JournalEntry::succeeded);
    }

    /** Returns the calls that the cloud did not carry out. */
    public Journal failed() {
        return only(entry -> !entry.succeeded());
    }

    /** Returns the calls that failed with an error code, such as {@code OperationDenied.NoStock}. */
    public Journal code(String code) {
        requireNonNull(code, "code");
        return only(entry -> code.equals(entry.code()));
    }

    /** Returns the calls for which a fault was ordered, such as {@code loseAnswer}. */
    public Journal fault(String fault) {
        requireNonNull(fault, "fault");
        return only(entry -> entry.faults().contains(fault));
    }

    /** Returns the calls that meet a condition. */
    public Journal only(Predicate<? super JournalEntry> condition) {
        return new Journal(entries.stream().filter(condition).toList(), dropped);
    }

    @Override
    public String toString() {
        return "Journal[" + countPerAction() + ", " + dropped + " dropped]";
    }
}
