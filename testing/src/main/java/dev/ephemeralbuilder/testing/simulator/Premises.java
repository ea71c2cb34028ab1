package dev.ephemeralbuilder.testing.simulator;

import dev.ephemeralbuilder.spi.Ticker;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the products of one simulator share. It owns nothing: threads, ticker and folder are ended by
 * {@link AlibabaCloudSimulator}.
 *
 * @param lifecycle runs what happens to machines, by the cloud's clock, on one thread
 * @param machineThreads for what takes time on machines
 * @param processes knows the processes of this simulator's machines
 * @param root where machines have their folders
 * @param namespaces how machines are isolated, null if they are not
 * @param machineEnvironment what each process gets beside the simulator's own variables
 * @param hook prepares the home folder of each machine
 * @param bootMin how long a machine takes to run, at least
 * @param bootMax at most
 * @param endpoint of the API, once it is open
 */
record Premises(
        long seed,
        Region region,
        SimulatedClock clock,
        Ticker lifecycle,
        SpotMarket market,
        SimulatedAccount account,
        RateLimits limits,
        ThreadPoolExecutor machineThreads,
        MachineProcesses processes,
        Path root,
        Addresses addresses,
        @Nullable NamespaceSupport namespaces,
        Map<String, String> machineEnvironment,
        MachineHook hook,
        Duration bootMin,
        Duration bootMax,
        Supplier<URI> endpoint) {
    /** Returns the variables of a machine's processes. */
    Map<String, String> environment(String id) {
        Map<String, String> environment = new HashMap<>(machineEnvironment);
        environment.putAll(processes.environment());
        environment.putIfAbsent(Metadata.VARIABLE, endpoint.get() + Metadata.path(id));
        return environment;
    }

    /** Returns how long a machine takes to run. */
    Duration boot(String kind, long number) {
        return bootMin.plusNanos((long) (bootMax.minus(bootMin).toNanos() * Draw.unit(seed, kind, number)));
    }
}
