package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.alibaba.AlibabaCredentials;
import dev.ephemeralbuilder.alibaba.ProviderBuilder;
import dev.ephemeralbuilder.eci.EciProvider;
import dev.ephemeralbuilder.ecs.EcsProvider;
import dev.ephemeralbuilder.samples.product.Product;
import dev.ephemeralbuilder.samples.product.ProviderChoice;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Makes providers from settings. */
final class Providers {
    private Providers() {}

    /**
     * Returns providers of the real cloud, with credentials from the SDK's default chain; who uses them closes them.
     *
     * @param environment where the passwords of registries are
     * @throws CommandException if a setting is missing
     */
    static List<CloudProvider> cloud(Settings settings, ProviderChoice choice, Map<String, String> environment) {
        return each(choice, product -> switch (product) {
            case ECS -> ecs(settings);
            case ECI -> eci(settings, environment);
        });
    }

    /** Returns providers of a simulated cloud; of the settings only the choice of types counts. */
    static List<CloudProvider> simulated(AlibabaCloudSimulator simulator, Settings settings, ProviderChoice choice) {
        return each(choice, product -> switch (product) {
            case ECS -> ecs(simulator, Types.of(Setting.ECS, settings, choice.has(Product.ECI)));
            case ECI -> eci(simulator, Types.of(Setting.ECI, settings, true));
        });
    }

    /** If one cannot be made, the others are closed. */
    private static List<CloudProvider> each(ProviderChoice choice, Function<Product, CloudProvider> make) {
        List<CloudProvider> made = new ArrayList<>();
        try {
            choice.products().forEach(product -> made.add(make.apply(product)));
            return made;
        } catch (RuntimeException e) {
            made.forEach(CloudProvider::close);
            throw e;
        }
    }

    private static EcsProvider ecs(Settings settings) {
        EcsProvider.Builder provider = cloud(EcsProvider.builder(), Setting.ECS, settings);
        settings.get(Setting.ECS.loginUser).ifPresent(provider::user);
        settings.get(Setting.ECS.systemDisk).ifPresent(provider::systemDiskCategory);
        settings.get(Setting.ECS.sshPort).ifPresent(provider::sshPort);
        settings.get(Setting.ECS.address)
                .map(a -> a.equals("public") ? EcsProvider.AddressChoice.PUBLIC : EcsProvider.AddressChoice.PRIVATE)
                .ifPresent(provider::addressChoice);
        return provider.build();
    }

    private static EcsProvider ecs(AlibabaCloudSimulator simulator, Types types) {
        return simulated(EcsProvider.builder(), simulator, types)
                .addressResolver(machine -> address(simulator, machine))
                .build();
    }

    private static EciProvider eci(Settings settings, Map<String, String> environment) {
        EciSettings of = Setting.ECI;
        EciProvider.Builder provider = cloud(EciProvider.builder(), of, settings);
        settings.get(of.ecsEndpoint).ifPresent(provider::ecsEndpoint);
        settings.get(of.ramRole).ifPresent(provider::ramRole);
        settings.get(of.eipMbit).ifPresent(provider::eipBandwidthMbit);
        settings.get(of.maxPending).map(time -> (int) time.toMinutes()).ifPresent(provider::maxPendingMinutes);
        settings.get(of.imageCache).ifPresent(cache -> {
            switch (cache) {
                case "auto", "none" -> provider.imageCacheMatch(cache.equals("auto"));
                default -> provider.imageCache(cache);
            }
        });
        settings.get(of.rewrite).ifPresent(provider::imageRules);
        settings.get(of.acrInstances)
                .ifPresent(instances -> instances.forEach(instance -> provider.acrInstance(instance, Set.of())));
        settings.get(of.registries)
                .ifPresent(registries -> registries.forEach((host, registry) ->
                        provider.registryCredential(host, registry.user(), registry.password(host, environment))));
        return provider.build();
    }

    private static EciProvider eci(AlibabaCloudSimulator simulator, Types types) {
        return simulated(EciProvider.builder(), simulator, types).build();
    }

    /** Gives a provider what the settings of all products say. */
    private static <B extends ProviderBuilder<B>> B cloud(B provider, ProductSettings of, Settings settings) {
        provider.region(settings.require(of.region))
                .securityGroup(settings.require(of.securityGroup))
                .vSwitches(settings.require(of.vSwitches))
                .credentials(AlibabaCredentials.sdkDefaults());
        settings.get(of.endpoint).ifPresent(provider::endpoint);
        settings.get(of.vpcEndpoint).ifPresent(provider::vpcEndpoint);
        settings.get(of.proxy).ifPresent(provider::proxy);
        settings.get(of.resourceGroup).ifPresent(provider::resourceGroup);
        settings.get(of.families).map(Set::copyOf).ifPresent(provider::families);
        settings.get(of.types).map(Set::copyOf).ifPresent(provider::types);
        return provider;
    }

    private static <B extends ProviderBuilder<B>> B simulated(
            B provider, AlibabaCloudSimulator simulator, Types types) {
        return provider.region(simulator.region())
                .endpoint(simulator.endpoint())
                .credentials(AlibabaCredentials.fixed(simulator.accessKeyId(), simulator.accessKeySecret()))
                .securityGroup(simulator.securityGroup())
                .vSwitches(simulator.vSwitches())
                .families(types.families())
                .types(types.types());
    }

    /** Which types of machines a simulated cloud is asked for. */
    private record Types(Set<String> families, Set<String> types) {
        /** @param few whether a few families are taken where the settings name nothing; else all are */
        static Types of(ProductSettings of, Settings settings, boolean few) {
            Set<String> families = settings.get(of.families).map(Set::copyOf).orElse(Set.of());
            Set<String> types = settings.get(of.types).map(Set::copyOf).orElse(Set.of());
            boolean nothing = families.isEmpty() && types.isEmpty();
            return new Types(nothing && few ? Set.copyOf(Simulation.FAMILIES) : families, types);
        }
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
