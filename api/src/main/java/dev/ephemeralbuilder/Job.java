package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is done on one machine, so that it can be done again on another one when the first is taken back: files
 * in, scripts, files out. Immutable.
 *
 * <p>An attempt on a new machine begins from the start. So a job must not do what may not be done twice, such as a
 * deployment, unless it makes sure of that itself.
 */
public final class Job {
    private final MachineSpec spec;
    private final AcquireRequest request;
    private final List<Upload> uploads;
    private final List<List<Script>> steps;
    private final List<Download> downloads;
    private final RecoveryPolicy recovery;
    private final @Nullable Duration deadline;
    private final @Nullable Duration keepOnFailure;

    /**
     * Files that go to the machine before the first script, as by {@link EphemeralBuilder#upload(Path, String, Predicate)}.
     *
     * @param source an existing file or folder; read again for each attempt
     * @param target the path on the machine, absolute or under the workspace
     * @param filter is asked with the path relative to {@code source}
     */
    public record Upload(Path source, String target, Predicate<Path> filter) {
        /** Checks the parts. */
        public Upload {
            requireNonNull(source, "source");
            requireNonNull(target, "target");
            requireNonNull(filter, "filter");
        }
    }

    /**
     * Files that come back after the last script, also after one that failed. Nothing comes back from an attempt that
     * another one follows.
     *
     * @param pattern a path on the machine, or a shell pattern, absolute or under the workspace; one that matches nothing
     *     brings nothing
     * @param target the folder here that each match is copied into; made if missing
     * @param names is asked with each match, in the form of the pattern, for the path of its copy below the target; an empty
     *     path is the last name of the match
     */
    public record Download(String pattern, Path target, Function<String, Path> names) {
        /** Checks the parts. */
        public Download {
            requireNonNull(pattern, "pattern");
            requireNonNull(target, "target");
            requireNonNull(names, "names");
        }
    }

    private Job(Builder b) {
        if (b.steps.isEmpty()) {
            throw new IllegalArgumentException("a job needs a script");
        }
        this.spec = b.spec;
        this.request = b.request;
        this.uploads = List.copyOf(b.uploads);
        this.steps = List.copyOf(b.steps);
        this.downloads = List.copyOf(b.downloads);
        this.recovery = b.recovery;
        this.deadline = b.deadline;
        this.keepOnFailure = b.keepOnFailure;
        steps.forEach(step -> step.forEach(Script::checkSize));
        recovery.farewell().ifPresent(Script::checkSize);
    }

    /** Returns a builder of a job on a machine of this spec. */
    public static Builder builder(MachineSpec spec) {
        return new Builder(requireNonNull(spec, "spec"));
    }

    /** Returns what the job needs from its machine. */
    public MachineSpec spec() {
        return spec;
    }

    /** Returns what goes with the acquire of each attempt. */
    public AcquireRequest request() {
        return request;
    }

    /** Returns the files that go to the machine; unmodifiable. */
    public List<Upload> uploads() {
        return uploads;
    }

    /** Returns the steps, one after the other; the scripts of one run side by side. Unmodifiable. */
    public List<List<Script>> steps() {
        return steps;
    }

    /** Returns the files that come back; unmodifiable. */
    public List<Download> downloads() {
        return downloads;
    }

    /** Returns what becomes of it when its machine is taken back or lost. */
    public RecoveryPolicy recovery() {
        return recovery;
    }

    /** Returns how long the job may take with all its attempts, if that is limited. */
    public Optional<Duration> deadline() {
        return Optional.ofNullable(deadline);
    }

    /** Returns for how long the machine of a failed script is kept, if it is. */
    public Optional<Duration> keepOnFailure() {
        return Optional.ofNullable(keepOnFailure);
    }

    @Override
    public String toString() {
        return "Job[" + spec + ", " + steps.size() + " steps]";
    }

    /** Builds {@link Job}s. Not safe for use by many threads. */
    public static final class Builder {
        private final MachineSpec spec;
        private AcquireRequest request = AcquireRequest.defaults();
        private final List<Upload> uploads = new ArrayList<>();
        private final List<List<Script>> steps = new ArrayList<>();
        private final List<Download> downloads = new ArrayList<>();
        private RecoveryPolicy recovery = RecoveryPolicy.defaults();
        private @Nullable Duration deadline;
        private @Nullable Duration keepOnFailure;

        private Builder(MachineSpec spec) {
            this.spec = spec;
        }

        /**
         * Sets what goes with the acquire of each attempt. With a {@linkplain AcquireRequest#requestId request id} the job
         * has it, and each attempt after the first one derived from it, since a request id stands for one machine. Its
         * {@linkplain AcquireRequest#expectedDuration expected duration} is that of all files and scripts together, on a
         * ready machine. Default: a request of defaults.
         */
        public Builder request(AcquireRequest request) {
            this.request = requireNonNull(request, "request");
            return this;
        }

        /** Adds a file, or a folder with all its content, that goes to the machine. */
        public Builder upload(Path source, String target) {
            return upload(source, target, path -> true);
        }

        /** Adds a part of a folder that goes to the machine; the filter must not change its mind between attempts. */
        public Builder upload(Path source, String target, Predicate<Path> filter) {
            uploads.add(new Upload(source, target, filter));
            return this;
        }

        /** Adds a script, which runs when all before it have succeeded. At least one is required. */
        public Builder script(Script script) {
            return together(List.of(script));
        }

        /**
         * Adds scripts that run side by side when all before them have succeeded. If one fails, the others are cancelled.
         *
         * @throws IllegalArgumentException if there are none
         */
        public Builder together(List<Script> scripts) {
            if (scripts.isEmpty()) {
                throw new IllegalArgumentException("a step needs a script");
            }
            steps.add(List.copyOf(scripts));
            return this;
        }

        /** Adds files that come back, each match under its own last name: of two with the same one, the latter stays. */
        public Builder download(String pattern, Path target) {
            return download(pattern, target, match -> Path.of(""));
        }

        /**
         * Adds files that come back, under names of the caller's.
         *
         * @param names is called once for each match of each attempt, just before it is copied, in their order and from a
         *     thread of the fleet's; a path that leads out of the target fails the job, as what it throws does
         */
        public Builder download(String pattern, Path target, Function<String, Path> names) {
            downloads.add(new Download(pattern, target, names));
            return this;
        }

        /** Sets what becomes of the job when its machine is taken back or lost. Default: the policy's defaults. */
        public Builder recovery(RecoveryPolicy recovery) {
            this.recovery = requireNonNull(recovery, "recovery");
            return this;
        }

        /**
         * Sets how long the job may take with all its attempts and waiting, from its start. Default: without limit, but for
         * those of its scripts and machines.
         *
         * @throws IllegalArgumentException if not positive
         */
        public Builder deadline(Duration deadline) {
            this.deadline = positive(deadline, "deadline");
            return this;
        }

        /**
         * Sets for how long the machine of a failed script is left, detached, for somebody to look at. It costs money all
         * the time. Default: it is given back at once.
         *
         * @throws IllegalArgumentException if not positive
         */
        public Builder keepOnFailure(Duration time) {
            this.keepOnFailure = positive(time, "keepOnFailure");
            return this;
        }

        /**
         * Builds the job.
         *
         * @throws IllegalArgumentException if there is no script, or one has more than {@link Script#MAX_BYTES}
         */
        public Job build() {
            return new Job(this);
        }

        private static Duration positive(Duration value, String name) {
            return Durations.positive(value, name);
        }
    }
}
