package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.samples.product.Product;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The settings of the table {@code [eci]}. Immutable. */
final class EciSettings extends ProductSettings {
    private static final Duration LEAST_PENDING = Duration.ofMinutes(10);
    private static final Duration MOST_PENDING = Duration.ofDays(1);

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
    final Setting<Duration> maxPending =
            new Setting<>("eci", "max-pending", "full minutes from 10m to 24h, such as \"15m\"", EciSettings::minutes);
    final Setting<Integer> eipMbit = new Setting<>(
            "eci",
            "eip-mbit",
            "the bandwidth in Mbit/s of a public address for each group, from 1 to 200",
            raw -> Forms.integer(raw, 1, 200));
    final Setting<List<String>> acrInstances =
            Forms.texts("eci", "acr-instances", "a list of instances of Container Registry, such as [\"cri-...\"]");
    final Setting<Map<String, String>> rewrite = new Setting<>(
            "eci",
            "rewrite",
            "what the beginning of an image's name becomes, both with a slash at the end, such as \"docker.io/\" ="
                    + " \"registry.example.com/mirror/\"",
            EciSettings::rules);
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

    private static Duration minutes(Object raw) throws Setting.Unfit {
        Duration time = Forms.duration(raw);
        if (time.toSecondsPart() != 0 || time.compareTo(LEAST_PENDING) < 0 || time.compareTo(MOST_PENDING) > 0) {
            throw new Setting.Unfit("\"" + raw + "\"");
        }
        return time;
    }

    private static Map<String, String> rules(Object raw) throws Setting.Unfit {
        Map<String, String> rules = Forms.textsByName(raw);
        for (Map.Entry<String, String> rule : rules.entrySet()) {
            if (!rule.getKey().endsWith("/") || !rule.getValue().endsWith("/")) {
                throw new Setting.Unfit("\"" + rule.getValue() + "\" for " + rule.getKey(), rule.getKey());
            }
        }
        return rules;
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
                eipMbit,
                acrInstances,
                vSwitches,
                rewrite,
                registries);
    }
}
