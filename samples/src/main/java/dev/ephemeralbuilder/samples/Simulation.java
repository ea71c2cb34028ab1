package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.samples.product.ProviderChoice;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.Faults;
import java.io.IOException;
import java.util.List;

/** A simulated cloud in this JVM whose machines can use the caller's Maven set-up. */
final class Simulation implements AutoCloseable {
    static final String DEFAULT_REGION = "cn-hangzhou";

    /** An image for containers: any will do, since their commands run on this host. */
    static final String CONTAINER_IMAGE = "registry.example.com/build:21";

    /**
     * The families that machines are of where container groups are wanted and the settings name none: groups of no family
     * have no spot market, and with the same families for both neither product is the cheaper one.
     */
    static final List<String> FAMILIES = List.of("ecs.c7", "ecs.g7");

    private final AlibabaCloudSimulator simulator;
    private final List<CloudProvider> providers;

    private Simulation(AlibabaCloudSimulator simulator, List<CloudProvider> providers) {
        this.simulator = simulator;
        this.providers = providers;
    }

    /** Starts the cloud and says what its machines are given. */
    static Simulation start(Caller caller, Settings settings, ProviderChoice choice, Console console)
            throws IOException {
        MavenLinks maven = new MavenLinks(caller.environment(), caller.home(), caller.folder());
        AlibabaCloudSimulator simulator = AlibabaCloudSimulator.builder()
                .region(settings.get(Setting.ECS.region).orElse(DEFAULT_REGION))
                .machineEnvironment(maven.environment())
                .onMachineStart(maven::link)
                .start();
        console.line("simulated cloud at " + simulator.endpoint() + ", region " + simulator.region()
                + "; machines are processes of this host, no sandbox");
        console.line("linked into the machine's home: " + maven.describe());
        return new Simulation(simulator, Providers.simulated(simulator, settings, choice));
    }

    /** Returns the providers that reach this cloud; who uses them closes them. */
    List<CloudProvider> providers() {
        return providers;
    }

    /** Returns the faults of this cloud. */
    Faults faults() {
        return simulator.faults();
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
