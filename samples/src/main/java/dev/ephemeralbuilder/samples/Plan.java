package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.RecoveryPolicy;
import dev.ephemeralbuilder.Script;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * What one run is to do; everything in it has been checked as far as it can be without a machine.
 *
 * @param spec the machine
 * @param request what goes with it
 * @param sources what is copied to it
 * @param script what runs on it
 * @param downloads what comes back
 * @param recovery what becomes of it when its machine is taken back
 * @param deadline how long it may take with all its machines; null if that is not limited
 * @param keep whether the machine of a failed script is left; null if it is not
 */
record Plan(
        MachineSpec spec,
        AcquireRequest request,
        List<Source> sources,
        Script script,
        List<Download> downloads,
        RecoveryPolicy recovery,
        @Nullable Duration deadline,
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
        return new Plan(images.in(spec), request, sources, script, downloads, recovery, deadline, keep);
    }

    /**
     * Returns the job that does it.
     *
     * @param places is asked with each match on the machine for the path of its copy
     */
    Job job(BiFunction<Download, String, Path> places) {
        Job.Builder job = Job.builder(spec).request(request).script(script).recovery(recovery);
        for (Source source : sources) {
            Upload upload = source.upload();
            SourceFiles files = source.files();
            if (files == null) {
                job.upload(upload.local(), upload.remote());
            } else {
                job.upload(upload.local(), upload.remote(), files::accepts);
            }
        }
        for (Download download : downloads) {
            Path folder = download.folder();
            job.download(download.pattern(), folder, match -> folder.relativize(places.apply(download, match)));
        }
        if (deadline != null) {
            job.deadline(deadline);
        }
        if (keep != null) {
            job.keepOnFailure(keep.time());
        }
        return job.build();
    }
}
