package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.LogStream;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.selection.RankedOffer;
import dev.ephemeralbuilder.selection.SelectionPolicy;
import dev.ephemeralbuilder.selection.SelectionRequest;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.Set;

/** A program that runs a job and is killed meanwhile; the test runs the same job again. */
final class JobProcess {
    /** Spot machines that the cloud may take back at once. */
    private static final SelectionPolicy UNPROTECTED = new SelectionPolicy() {
        @Override
        public List<RankedOffer> rank(SelectionRequest request) {
            return SelectionPolicy.cheapestFirst().rank(request);
        }

        @Override
        public Set<Duration> protections() {
            return Set.of(Duration.ZERO);
        }
    };

    private JobProcess() {}

    static BuildFleet.Builder fleet(Properties settings) {
        return SharedMachines.fleet(settings).selectionPolicy(UNPROTECTED);
    }

    /** Returns the job of both, which waits for ever in the first process. */
    static Job job(Properties settings, boolean waits) {
        return Job.builder(SharedMachines.spec(settings))
                .request(AcquireRequest.builder().requestId("job-9").build())
                .script(Script.of(waits ? "echo begun; sleep 300" : "echo again")
                        .grace(Duration.ZERO))
                .build();
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        Properties settings = new Properties();
        settings.load(System.in);
        PrintStream out = System.out;
        BuildFleet fleet = fleet(settings)
                .listener(event -> {
                    if (event instanceof BuilderEvent.Launched launched) {
                        out.println("launched " + launched.machineId());
                        out.flush();
                    }
                })
                .build();
        LogSink telling = new LogSink() {
            @Override
            public void write(LogStream stream, byte[] bytes, int length) {
                out.print(new String(bytes, 0, length, StandardCharsets.UTF_8));
                out.flush();
            }
        };
        fleet.run(job(settings, true), telling);
        throw new IllegalStateException("nobody killed this process");
    }
}
