package dev.ephemeralbuilder.testing.simulator;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ECS half of a simulator: instances, their images and events, and the operations on them. */
final class EcsProduct {
    private static final Logger log = LoggerFactory.getLogger(EcsProduct.class);

    private final Premises premises;
    private final SshFront ssh;
    private final SystemEvents events;
    private final Images images;
    private final Instances instances;

    /**
     * @param imageTime how long an image is Creating at least
     * @param ssh the SSH server of all machines
     */
    EcsProduct(Premises premises, Duration imageTime, SshFront ssh) {
        this.premises = premises;
        this.ssh = ssh;
        events = new SystemEvents(premises.seed());
        images = new Images(premises.seed(), premises.root(), premises.machineThreads(), imageTime);
        instances = new Instances(
                premises,
                this::runtime,
                new Admission(premises.account(), premises.limits(), premises.market()),
                new PriceWatch(premises.market()),
                events);
    }

    void register(Gateway.Operations operations) {
        Region region = premises.region();
        SpotMarket market = premises.market();
        new InstanceOperations(region, market, images, instances).register(operations);
        new ImageOperations(region, images, instances).register(operations);
        new NetworkOperations(region, instances).register(operations);
        new EventOperations(events, premises.clock()::now).register(operations);
        new MarketOperations(region, market, premises.clock()::now).register(operations);
    }

    Instances instances() {
        return instances;
    }

    Metadata metadata() {
        return new Metadata(premises.region(), instances);
    }

    /** Returns the instances that are not gone yet, oldest first. */
    List<SimulatedMachine> machines() {
        return instances.select(
                instance -> true,
                instance -> new SimulatedMachine(
                        instance.id,
                        instance.state.status(),
                        instance.runtime.address(),
                        premises.addresses().areOwn() ? ssh.port() : instance.runtime.port(),
                        instance.request.type.name(),
                        instance.request.zone,
                        instance.runtime.processes().home(),
                        instance.tags));
    }

    /** Returns the processes of all machines that there are. */
    List<LocalMachine> processes() {
        return instances.select(instance -> true, instance -> instance.runtime.processes());
    }

    private MachineRuntime runtime(String id, long number, RunRequest request) {
        return new MachineRuntime(
                id,
                premises.addresses().ofInstance(number),
                premises.root().resolve(id),
                request.userData,
                request.source,
                premises.environment(id),
                namespaces(id, number, request),
                premises.hook(),
                ssh);
    }

    private @Nullable Namespaces namespaces(String id, long number, RunRequest request) {
        NamespaceSupport support = premises.namespaces();
        if (support != null) {
            return support.forMachine(
                    Instance.hostName(id, request), premises.addresses().ofInstance(number));
        }
        if (!request.hostName.isEmpty()) {
            log.warn("{} keeps the name of this host: a host name of its own takes Isolation.NAMESPACES", id);
        }
        return null;
    }
}
