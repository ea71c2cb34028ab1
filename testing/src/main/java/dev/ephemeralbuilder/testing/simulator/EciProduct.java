package dev.ephemeralbuilder.testing.simulator;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The ECI half of a simulator: container groups, images and their caches, and the operations on them. */
final class EciProduct {
    private final Premises premises;
    private final SimulatedImages images = new SimulatedImages();
    private final ImageCaches caches;
    private final GroupAdmission admission;
    private final ExecFront exec;
    private final Groups groups;

    /**
     * @param exec the server of the commands that run in containers
     */
    EciProduct(Premises premises, ExecFront exec) {
        this.exec = exec;
        this.premises = premises;
        caches = new ImageCaches(premises.seed());
        admission = new GroupAdmission(premises);
        groups = new Groups(premises, admission, new PriceWatch(premises.market()), images, caches, this::runtime);
    }

    void register(Gateway.Operations operations) {
        new GroupOperations(premises.region(), groups).register(operations);
        new GroupTagOperations(groups).register(operations);
        new ContainerOperations(groups, exec).register(operations);
        new ImageCacheOperations(premises.region(), groups, caches).register(operations);
        new GroupMarketOperations(
                        premises,
                        admission,
                        groups,
                        () -> caches.select(cache -> true, groups.now()).size())
                .register(operations);
    }

    Groups groups() {
        return groups;
    }

    SimulatedImages images() {
        return images;
    }

    /** Whether there is a group with this id, be it a record. */
    boolean has(String id) {
        return groups.find(id) != null;
    }

    /** Returns the groups that have or will have a machine, oldest first, as machines. */
    List<SimulatedMachine> machines() {
        return groups.select(
                group -> group.status().isAlive(),
                group -> new SimulatedMachine(
                        group.id,
                        group.status().text(),
                        group.runtime.address(),
                        0,
                        group.place.kind(),
                        group.place.zone(),
                        premises.root().resolve(group.id),
                        group.tags));
    }

    private GroupRuntime runtime(
            String id,
            long number,
            List<ContainerOrder> containers,
            GroupRequest request,
            GroupRuntime.Listener listener) {
        String address = premises.addresses().ofGroup(number);
        NamespaceSupport support = premises.namespaces();
        @Nullable Namespaces namespaces = support == null ? null : support.forMachine(request.hostName, address);
        return new GroupRuntime(
                id,
                address,
                premises.root().resolve(id),
                containers,
                request.volumes.stream().map(VolumeSpec::order).toList(),
                premises.environment(id),
                namespaces,
                premises.clock()::now,
                listener);
    }
}
