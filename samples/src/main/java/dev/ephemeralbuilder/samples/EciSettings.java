package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.samples.product.Product;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The settings of the table {@code [eci]}. Immutable. */
final class EciSettings extends ProductSettings {
    final Setting<String> containerImage = Forms.text(
            "eci", "container-image", "the name of an image, such as \"registry.example.com/build:21\"", Forms.WORD);
    final Setting<URI> ecsEndpoint;
    final Setting<String> ramRole =
            Forms.text("eci", "ram-role", "the name of a RAM role, such as \"EciBuilds\"", Forms.WORD);
    final Setting<String> imageCache = Forms.text(
            "eci",
            "image-cache",
            "\"auto\", \"none\" or the id of an image cache, such as \"imc-bp1...\"",
            Pattern.compile("auto|none|imc-\\S+"));
    final Setting<Duration> maxPending = new Setting<>("eci", "max-pending", Texts.DURATION_FORM, Forms::duration);
    final Setting<Map<String, String>> rewrite = new Setting<>(
            "eci",
            "rewrite",
            "what the beginning of an image's name becomes, such as \"docker.io/\" = \"registry.example.com/mirror/\"",
            Forms::textsByName);
    final Setting<Map<String, Registry>> registries = new Setting<>(
            "eci",
            "registries",
            "for each registry's host a user and the name of the environment variable that holds the password, such as"
                    + " \"registry.example.com\" = { user = \"builder\", password-env = \"REGISTRY_PASSWORD\" }",
            Registry::byHost);

    /** @param ecs the settings that count for what is not said here, as far as both products have it */
    EciSettings(EcsSettings ecs) {
        super(Product.ECI, ecs);
        ecsEndpoint = Forms.endpoint("eci", "ecs-endpoint", Product.ECS).or(ecs.endpoint);
    }

    @Override
    List<Setting<?>> all() {
        return List.of(
                region,
                containerImage,
                securityGroup,
                families,
                types,
                endpoint,
                ecsEndpoint,
                vpcEndpoint,
                proxy,
                resourceGroup,
                ramRole,
                imageCache,
                maxPending,
                vSwitches,
                rewrite,
                registries);
    }
}
