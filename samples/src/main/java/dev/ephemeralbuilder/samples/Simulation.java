package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.ecs.EcsProvider;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.io.IOException;

/** A simulated cloud in this JVM whose machines can use the caller's Maven set-up. */
final class Simulation implements AutoCloseable {
    static final String DEFAULT_REGION = "cn-hangzhou";

    private final AlibabaCloudSimulator simulator;
    private final EcsProvider provider;

    private Simulation(AlibabaCloudSimulator simulator, EcsProvider provider) {
        this.simulator = simulator;
        this.provider = provider;
    }

    /** Starts the cloud and says what its machines are given. */
    static Simulation start(Caller caller, Settings settings, Console console) throws IOException {
        MavenLinks maven = new MavenLinks(caller.environment(), caller.home(), caller.folder());
        AlibabaCloudSimulator simulator = AlibabaCloudSimulator.builder()
                .region(settings.get(Setting.ECS.region).orElse(DEFAULT_REGION))
                .machineEnvironment(maven.environment())
                .onMachineStart(maven::link)
                .start();
        console.line("simulated cloud at " + simulator.endpoint() + ", region " + simulator.region()
                + "; machines are processes of this host, no sandbox");
        console.line("linked into the machine's home: " + maven.describe());
        return new Simulation(simulator, Providers.simulated(simulator, settings));
    }

    /** Returns the provider that reaches this cloud; who uses it closes it. */
    EcsProvider provider() {
        return provider;
    }

    /** Returns an image that this cloud has. */
    String machineImage() {
        return simulator.machineImage();
    }

    /** Ends the cloud with all of its machines. */
    @Override
    public void close() {
        simulator.close();
    }
}
