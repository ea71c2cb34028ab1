package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.samples.product.Product;
import dev.ephemeralbuilder.samples.product.ProviderChoice;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say what a machine is made of. */
final class ImageOptions {
    private static final String MACHINE = "--image";
    private static final String CONTAINER = "--container-image";

    @Option(
            names = MACHINE,
            paramLabel = "ID",
            description = "The image that an ECS machine boots from, such as m-bp1... Default: that of the settings.")
    private @Nullable String machine;

    @Option(
            names = CONTAINER,
            paramLabel = "NAME",
            description = "The image of an ECI container, such as maven:3-jdk-21. Default: that of the settings.")
    private @Nullable String container;

    /**
     * Checks that none is given for a product that is not wanted.
     *
     * @throws CommandException if one is
     */
    void check(ProviderChoice choice) {
        refuse(choice, Product.ECS, MACHINE, machine);
        refuse(choice, Product.ECI, CONTAINER, container);
    }

    /**
     * Returns an image for each of the products, from these options or the settings.
     *
     * @throws CommandException if there is none
     */
    Images in(ProviderChoice choice, Settings settings) {
        return new Images(
                choice.has(Product.ECS) ? one(MACHINE, machine, Setting.ECS.machineImage, settings) : null,
                choice.has(Product.ECI) ? one(CONTAINER, container, Setting.ECI.containerImage, settings) : null);
    }

    /** Returns the images of a simulated cloud, which has one of its own for machines and every one for containers. */
    Images simulated(ProviderChoice choice, Settings settings, String machineImage) {
        String containerImage = Optional.ofNullable(container)
                .or(() -> settings.get(Setting.ECI.containerImage))
                .orElse(Simulation.CONTAINER_IMAGE);
        return new Images(
                choice.has(Product.ECS) ? machineImage : null, choice.has(Product.ECI) ? containerImage : null);
    }

    private static String one(String option, @Nullable String given, Setting<String> setting, Settings settings) {
        return Optional.ofNullable(given)
                .or(() -> settings.get(setting))
                .orElseThrow(() -> settings.missing(setting, ", there or as " + option));
    }

    private static void refuse(ProviderChoice choice, Product product, String option, @Nullable String given) {
        if (given != null && !choice.has(product)) {
            throw CommandException.usage(
                    option + " is for " + product.id() + "; add --provider " + product.id() + " or --provider any");
        }
    }
}
