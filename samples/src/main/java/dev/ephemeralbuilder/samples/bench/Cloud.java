package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A simulated cloud in a process of its own, as its clients see it. Safe for use by many threads. */
final class Cloud implements AutoCloseable {
    /** Asks for {@link CallCounts}. */
    static final String CALLS = "calls";

    /** Asks for {@link Census.Life lives}. */
    static final String MACHINES = "machines";

    /** Asks when each machine began to accept SSH. */
    static final String ACCEPTED = "accepted";

    /** Asks for {@link Bill bills}. */
    static final String BILLS = "bills";

    /** Asks which machines were taken back, and how. */
    static final String RECLAIMED = "reclaimed";

    private final CloudPlan plan;
    private final Path machines;
    private final Child process;
    private final CloudFacts facts;

    /** The answer to {@link #ACCEPTED}. */
    record Accepted(Map<String, Long> microsByMachine) {}

    /** The answer to {@link #RECLAIMED}. */
    record Reclaimed(Map<String, ReclaimPlan.Deed> byMachine) {}

    private Cloud(CloudPlan plan, Path machines, Child process, CloudFacts facts) {
        this.plan = plan;
        this.machines = machines;
        this.process = process;
        this.facts = facts;
    }

    /** Starts a cloud and waits until it serves. */
    static Cloud start(CloudPlan plan) throws IOException, InterruptedException {
        Path machines = Files.createTempDirectory("ephemeral-bench-machines");
        Child process =
                Child.java("cloud", List.of("-Xmx2g"), CloudProcess.class, Json.line(plan), machines.toString());
        try {
            return new Cloud(plan, machines, process, Json.read(process.read(), CloudFacts.class));
        } catch (IOException | InterruptedException | RuntimeException e) {
            process.close();
            Leftovers.end(machines);
            throw e;
        }
    }

    CloudFacts facts() {
        return facts;
    }

    /** Returns a new ticker on the cloud's clock; who asks for it closes it. */
    Ticker ticker(String threadName) {
        return new CloudTicker(threadName, facts, plan.scale());
    }

    /** Returns the machine that every benchmark asks for. */
    MachineSpec spec() {
        return CloudClients.spec(facts, plan.providers());
    }

    /** Returns a new fleet of this cloud, which is closed without much waiting: the cloud ends its machines too. */
    BuildFleet fleet(Ticker ticker) {
        return fleetOf("bench")
                .ticker(ticker)
                .closeTimeout(Duration.ofSeconds(10))
                .build();
    }

    /** Begins a fleet of this cloud. */
    BuildFleet.Builder fleetOf(String owner) {
        return CloudClients.fleet(facts, plan.providers()).owner(owner);
    }

    CallCounts calls() throws IOException, InterruptedException {
        return Json.read(process.ask(CALLS), CallCounts.class);
    }

    /** Returns every machine that there ever was, oldest first. */
    List<Census.Life> machines() throws IOException, InterruptedException {
        return List.of(Json.read(process.ask(MACHINES), Census.Life[].class));
    }

    /** Returns what every machine has cost until now. */
    List<Bill> bills() throws IOException, InterruptedException {
        return List.of(Json.read(process.ask(BILLS), Bill[].class));
    }

    /** Returns the machines that were taken back by plan, and how. */
    Map<String, ReclaimPlan.Deed> reclaimed() throws IOException, InterruptedException {
        return Json.read(process.ask(RECLAIMED), Reclaimed.class).byMachine();
    }

    /** Returns when each machine began to accept SSH, in microseconds of the wall clock since 1970. */
    Map<String, Long> acceptedAt() throws IOException, InterruptedException {
        return Json.read(process.ask(ACCEPTED), Accepted.class).microsByMachine();
    }

    /** Ends the cloud and all of its machines, also if it did not end them itself. */
    @Override
    public void close() throws IOException {
        process.close();
        Leftovers.end(machines);
    }
}
