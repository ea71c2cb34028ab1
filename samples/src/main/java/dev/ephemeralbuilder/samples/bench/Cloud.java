package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.alibaba.AlibabaCredentials;
import dev.ephemeralbuilder.ecs.EcsProvider;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.net.URI;
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

    private final CloudPlan plan;
    private final Path machines;
    private final Child process;
    private final CloudFacts facts;

    /** The answer to {@link #ACCEPTED}. */
    record Accepted(Map<String, Long> microsByMachine) {}

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

    /** Returns a new provider of this cloud. */
    EcsProvider provider() {
        return provider(facts);
    }

    static EcsProvider provider(CloudFacts facts) {
        return providerBuilder(facts).build();
    }

    /** Begins a provider of this cloud. */
    EcsProvider.Builder providerBuilder() {
        return providerBuilder(facts);
    }

    private static EcsProvider.Builder providerBuilder(CloudFacts facts) {
        return EcsProvider.builder()
                .region(facts.region())
                .endpoint(URI.create(facts.endpoint()))
                .credentials(AlibabaCredentials.fixed(facts.accessKeyId(), facts.accessKeySecret()))
                .securityGroup(facts.securityGroup())
                .vSwitches(facts.vSwitches())
                .sshPort(facts.sshPort());
    }

    /** Returns the machine that every benchmark asks for. */
    MachineSpec spec() {
        return spec(facts);
    }

    static MachineSpec spec(CloudFacts facts) {
        return MachineSpec.builder()
                .vcpus(4)
                .memoryGib(8)
                .machineImage(facts.machineImage())
                .build();
    }

    /** Returns a new fleet of this cloud, which is closed without much waiting: the cloud ends its machines too. */
    BuildFleet fleet(Ticker ticker) {
        return BuildFleet.builder()
                .owner("bench")
                .provider(provider())
                .ticker(ticker)
                .closeTimeout(Duration.ofSeconds(10))
                .build();
    }

    CallCounts calls() throws IOException, InterruptedException {
        return Json.read(process.ask(CALLS), CallCounts.class);
    }

    /** Returns every machine that there ever was, oldest first. */
    List<Census.Life> machines() throws IOException, InterruptedException {
        return List.of(Json.read(process.ask(MACHINES), Census.Life[].class));
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
