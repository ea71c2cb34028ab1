package dev.ephemeralbuilder.testing.simulator;

/**
 * One container of a create call.
 *
 * @param order what is run; without a command it is the image's own entry point that runs
 * @param vcpus what the container may use, 0 if the call does not say
 * @param memoryGib likewise
 * @param hidesEnvironment whether describe calls leave its variables out
 * @param pullPolicy such as {@code IfNotPresent}, or empty
 */
record ContainerSpec(
        ContainerOrder order, double vcpus, double memoryGib, boolean hidesEnvironment, String pullPolicy) {
    String name() {
        return order.name();
    }
}
