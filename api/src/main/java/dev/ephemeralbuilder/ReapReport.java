package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a fleet found when it looked for {@linkplain BuilderSummary#orphan orphans} of its owner, and what it did: every
 * machine that a provider showed is in it, with the reason why it was deleted or left. A provider that could not be
 * asked is in it with its failure. Immutable.
 *
 * @param dryRun whether nothing was to be deleted
 * @param parts one for each provider of the fleet, in the fleet's order
 */
public record ReapReport(boolean dryRun, List<Part> parts) {
    /** Why a machine was deleted or left. */
    public enum Reason {
        /** It is marked as one that nobody wants any more, or this fleet is giving it back already. An orphan. */
        RELEASED("marked as released", true),
        /** Its lease has passed, in the cloud's time and by more than the margin. An orphan. */
        LEASE_PASSED("its lease has passed", true),
        /** Its lease has not passed, or not by more than the margin. */
        LEASE_RUNS("its lease runs", false),
        /** This fleet holds it. */
        IN_USE("in use by this fleet", false),
        /** It has ended by itself, or was gone at the second look. */
        ENDED("has ended by itself", false),
        /** It has no lease that can be read: nobody can tell whether it is wanted. */
        NO_LEASE("has no lease that can be read, so nobody can tell whether it is wanted", false),
        /** Its tags are of a version that this library does not know, or not of this owner. */
        UNKNOWN_SCHEMA("its tags are of a version that this library does not know", false),
        /** It was an orphan at the first look, and its lease had changed at the second. */
        RENEWED("its lease was changed meanwhile", false),
        /** It seems to be an orphan, but this host's clock has jumped against the cloud's. To be asked again. */
        CLOCK_JUMPED("seems to be an orphan, but this host's clock has jumped; it is looked at again next time", true),
        /** It was an orphan at the first look, and could not be looked at or deleted after that. To be asked again. */
        NOT_ASKED("seems to be an orphan, but the cloud or the store could not be asked", true);

        private final String text;
        private final boolean shouldGo;

        Reason(String text, boolean shouldGo) {
            this.text = text;
            this.shouldGo = shouldGo;
        }

        /** Returns whether a machine of which this is said should go. */
        public boolean shouldGo() {
            return shouldGo;
        }

        /** Returns a half sentence for people. */
        @Override
        public String toString() {
            return text;
        }
    }

    /** What became of a machine. */
    public enum Fate {
        /** It was deleted, and its absence was observed. */
        DELETED,
        /** Its deletion is under way: it was not seen gone within five minutes. It goes on while the fleet lives. */
        DELETING,
        /** It was left as it is. */
        LEFT
    }

    /**
     * One machine.
     *
     * @param machine what was seen of it at the first look
     * @param reason why
     * @param fate what became of it; in a dry run all are left
     */
    public record Finding(BuilderSummary machine, Reason reason, Fate fate) {
        /** Checks the parts. */
        public Finding {
            requireNonNull(machine, "machine");
            requireNonNull(reason, "reason");
            requireNonNull(fate, "fate");
        }

        /** Returns whether the machine is one that should go and is not seen gone. */
        public boolean isLeftOver() {
            return reason.shouldGo() && fate != Fate.DELETED;
        }
    }

    /**
     * What one provider showed.
     *
     * @param provider the name of the provider
     * @param region its region
     * @param findings the machines, oldest first; empty if the provider could not be asked for its list
     * @param failure why the provider, or the state store, could not be asked for all that was needed; null if it could
     */
    public record Part(
            String provider,
            String region,
            List<Finding> findings,
            @Nullable BuilderException failure) {
        /** Copies the list. */
        public Part {
            requireNonNull(provider, "provider");
            requireNonNull(region, "region");
            findings = List.copyOf(findings);
        }
    }

    /** Copies the list. */
    public ReapReport {
        parts = List.copyOf(parts);
    }

    /** Returns the machines that were deleted and seen gone. */
    public List<Finding> deleted() {
        return findings(finding -> finding.fate() == Fate.DELETED);
    }

    /** Returns the machines that were left as they are. */
    public List<Finding> left() {
        return findings(finding -> finding.fate() == Fate.LEFT);
    }

    /** Returns the machines that should go and were not seen gone. */
    public List<Finding> leftOver() {
        return findings(Finding::isLeftOver);
    }

    /** Returns whether every provider could be asked for all that was needed. */
    public boolean complete() {
        return parts.stream().allMatch(part -> part.failure() == null);
    }

    private List<Finding> findings(Predicate<Finding> which) {
        Stream<Finding> all = parts.stream().flatMap(part -> part.findings().stream());
        return all.filter(which).toList();
    }
}
