package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.samples.product.Product;
import dev.ephemeralbuilder.samples.product.ProviderChoice;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option {@code --provider}. */
final class ProviderOption {
    @Option(
            names = "--provider",
            paramLabel = "PRODUCT",
            description = "ecs, eci, or any for both. Default: what the settings have a table of; ecs if of none.")
    private @Nullable ProviderChoice choice;

    /** Returns which products machines come from. */
    ProviderChoice in(Settings settings) {
        if (choice != null) {
            return choice;
        }
        if (settings.has(Product.ECI)) {
            return settings.has(Product.ECS) ? ProviderChoice.ANY : ProviderChoice.ECI;
        }
        return ProviderChoice.ECS;
    }
}
