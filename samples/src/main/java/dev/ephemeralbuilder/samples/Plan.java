package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Script;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one run is to do; everything in it has been checked as far as it can be without a machine.
 *
 * @param spec the machine
 * @param request what goes with it
 * @param sources what is copied to it
 * @param script what runs on it
 * @param downloads what comes back
 * @param keep whether the machine of a failed script is left; null if it is not
 */
record Plan(
        MachineSpec spec,
        AcquireRequest request,
        List<Source> sources,
        Script script,
        List<Download> downloads,
        @Nullable Keep keep) {
    /**
     * Something that is copied to the machine.
     *
     * @param upload from where to where
     * @param files which files of a folder; null for a file
     */
    record Source(Upload upload, @Nullable SourceFiles files) {}

    /**
     * What becomes of the machine of a failed script.
     *
     * @param time how long it is left
     * @param options what other commands on it must be called with, each with a blank in front
     */
    record Keep(Duration time, String options) {}

    Plan {
        sources = List.copyOf(sources);
        downloads = List.copyOf(downloads);
    }

    /** Returns this plan on a machine that is made of one of these images. */
    Plan on(Images images) {
        return new Plan(images.in(spec), request, sources, script, downloads, keep);
    }
}
