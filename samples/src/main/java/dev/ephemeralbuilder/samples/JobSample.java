package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.JobException;
import dev.ephemeralbuilder.JobResult;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.RecoveryPolicy;
import dev.ephemeralbuilder.Script;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;

/** A build that survives the loss of its machine. */
final class JobSample {
    private JobSample() {}

    // docs begin: job
    static int build(BuildFleet fleet, MachineSpec spec, Path checkout, Path jars, OutputStream log)
            throws InterruptedException {
        Job job = Job.builder(spec)
                .request(AcquireRequest.builder()
                        .expectedDuration(Duration.ofMinutes(12))
                        .build())
                .upload(checkout, ".")
                .script(Script.of("./mvnw -B verify").timeout(Duration.ofMinutes(30)))
                .download("target/*.jar", jars)
                .recovery(RecoveryPolicy.defaults().farewell(Script.of("./save-cache.sh")))
                .deadline(Duration.ofHours(1))
                .build();
        try {
            JobResult result = fleet.run(job, LogSink.to(log));
            result.attempts().forEach(attempt -> System.err.println(attempt.end() + ": " + attempt.reason()));
            return result.exitCode();
        } catch (JobException e) {
            System.err.println(e.getMessage());
            return e.retryable() ? 75 : 1;
        }
    }
    // docs end: job
}
