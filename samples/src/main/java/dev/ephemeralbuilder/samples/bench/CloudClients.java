package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.alibaba.AlibabaCredentials;
import dev.ephemeralbuilder.alibaba.ProviderBuilder;
import dev.ephemeralbuilder.eci.EciProvider;
import dev.ephemeralbuilder.ecs.EcsProvider;
import dev.ephemeralbuilder.samples.product.Product;
import dev.ephemeralbuilder.samples.product.ProviderChoice;
import dev.ephemeralbuilder.spi.CloudProvider;
import java.net.URI;
import java.util.Set;

/** The library's way to the simulated cloud in another process, product by product. */
final class CloudClients {
    /** The simulated cloud has every image. */
    static final String CONTAINER_IMAGE = "registry.example.com/bench/build:1";

    private static final Set<String> FAMILIES = Set.of("ecs.c6", "ecs.c7", "ecs.g7");

    private CloudClients() {}

    /** Begins a fleet of machines of these products. */
    static BuildFleet.Builder fleet(CloudFacts facts, ProviderChoice choice) {
        BuildFleet.Builder fleet = BuildFleet.builder();
        choice.products().forEach(product -> fleet.provider(provider(facts, product, choice)));
        return fleet;
    }

    private static CloudProvider provider(CloudFacts facts, Product product, ProviderChoice choice) {
        return switch (product) {
            // Of all families instances would always be the cheaper ones.
            case ECS ->
                ecs(facts)
                        .families(choice.has(Product.ECI) ? FAMILIES : Set.of())
                        .build();
            case ECI -> eci(facts).build();
        };
    }

    /** Begins a provider of instances. */
    static EcsProvider.Builder ecs(CloudFacts facts) {
        return reach(EcsProvider.builder(), facts).sshPort(facts.sshPort());
    }

    private static EciProvider.Builder eci(CloudFacts facts) {
        return reach(EciProvider.builder(), facts).families(FAMILIES);
    }

    private static <B extends ProviderBuilder<B>> B reach(B provider, CloudFacts facts) {
        return provider.region(facts.region())
                .endpoint(URI.create(facts.endpoint()))
                .credentials(AlibabaCredentials.fixed(facts.accessKeyId(), facts.accessKeySecret()))
                .securityGroup(facts.securityGroup())
                .vSwitches(facts.vSwitches());
    }

    /** Returns the machine that every benchmark asks for, of any of these products. */
    static MachineSpec spec(CloudFacts facts, ProviderChoice choice) {
        MachineSpec.Builder spec = MachineSpec.builder().vcpus(4).memoryGib(8);
        if (choice.has(Product.ECS)) {
            spec.machineImage(facts.machineImage());
        }
        if (choice.has(Product.ECI)) {
            spec.containerImage(CONTAINER_IMAGE);
        }
        return spec.build();
    }
}
