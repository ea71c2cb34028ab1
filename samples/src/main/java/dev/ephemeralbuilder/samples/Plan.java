package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Script;
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
 */
record Plan(MachineSpec spec, AcquireRequest request, List<Source> sources, Script script, List<Download> downloads) {
    /**
     * Something that is copied to the machine.
     *
     * @param upload from where to where
     * @param files which files of a folder; null for a file
     */
    record Source(Upload upload, @Nullable SourceFiles files) {}

    Plan {
        sources = List.copyOf(sources);
        downloads = List.copyOf(downloads);
    }

    /** Returns this plan on a machine that is made of one of these images. */
    Plan on(Images images) {
        return new Plan(images.in(spec), request, sources, script, downloads);
    }
}
