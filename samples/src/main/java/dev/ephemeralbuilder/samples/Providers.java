package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.alibaba.AlibabaCredentials;
import dev.ephemeralbuilder.ecs.EcsProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;

/** Makes providers from settings. */
final class Providers {
    private Providers() {}

    /**
     * Returns a provider of the real cloud, with credentials from the SDK's default chain.
     *
     * @throws CommandException if a setting is missing
     */
    static EcsProvider cloud(Settings settings) {
        EcsProvider.Builder provider = EcsProvider.builder()
                .region(settings.require(Setting.ECS.region))
                .securityGroup(settings.require(Setting.ECS.securityGroup))
                .vSwitches(settings.require(Setting.ECS.vSwitches))
                .credentials(AlibabaCredentials.sdkDefaults());
        settings.get(Setting.ECS.endpoint).ifPresent(provider::endpoint);
        settings.get(Setting.ECS.vpcEndpoint).ifPresent(provider::vpcEndpoint);
        settings.get(Setting.ECS.proxy).ifPresent(provider::proxy);
        settings.get(Setting.ECS.resourceGroup).ifPresent(provider::resourceGroup);
        settings.get(Setting.ECS.loginUser).ifPresent(provider::user);
        settings.get(Setting.ECS.systemDisk).ifPresent(provider::systemDiskCategory);
        settings.get(Setting.ECS.sshPort).ifPresent(provider::sshPort);
        settings.get(Setting.ECS.address)
                .map(a -> a.equals("public") ? EcsProvider.AddressChoice.PUBLIC : EcsProvider.AddressChoice.PRIVATE)
                .ifPresent(provider::addressChoice);
        return choice(provider, settings).build();
    }

    /** Returns a provider of a simulated cloud; of the settings only the choice of types counts. */
    static EcsProvider simulated(AlibabaCloudSimulator simulator, Settings settings) {
        EcsProvider.Builder provider = EcsProvider.builder()
                .region(simulator.region())
                .endpoint(simulator.endpoint())
                .credentials(AlibabaCredentials.fixed(simulator.accessKeyId(), simulator.accessKeySecret()))
                .securityGroup(simulator.securityGroup())
                .vSwitches(simulator.vSwitches())
                .addressResolver(machine -> address(simulator, machine));
        return choice(provider, settings).build();
    }

    private static EcsProvider.Builder choice(EcsProvider.Builder provider, Settings settings) {
        settings.get(Setting.ECS.families).map(Set::copyOf).ifPresent(provider::families);
        settings.get(Setting.ECS.types).map(Set::copyOf).ifPresent(provider::types);
        return provider;
    }

    /** On hosts with one loopback address the simulator's machines differ by their port. */
    private static InetSocketAddress address(AlibabaCloudSimulator simulator, Machine machine) {
        return simulator.machines().stream()
                .filter(m -> m.id().equals(machine.id()) && m.sshPort() != 0)
                .map(m -> new InetSocketAddress(m.address(), m.sshPort()))
                .findFirst()
                // Nobody listens there: the machine is gone, or not open yet.
                .orElseGet(() -> new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));
    }
}
