package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.samples.product.Product;
import java.util.List;
import java.util.regex.Pattern;

/** The settings of the table {@code [ecs]}. Immutable. */
final class EcsSettings extends ProductSettings {
    private static final int MAX_PORT = 65_535;

    final Setting<String> machineImage =
            Forms.text("ecs", "machine-image", "the id of an image, such as \"m-bp1...\"", Forms.WORD);
    final Setting<String> loginUser = Forms.text(
            "ecs",
            "login-user",
            "the name of the user to make on each machine, such as \"builder\", not root",
            Pattern.compile("(?!root$)[a-z_][a-z0-9_-]{0,31}"));
    final Setting<String> address =
            Forms.text("ecs", "address", "\"private\" or \"public\"", Pattern.compile("private|public"));
    final Setting<String> systemDisk =
            Forms.text("ecs", "system-disk", "a disk category, such as \"cloud_essd\"", Pattern.compile("[a-z_]+"));
    final Setting<Integer> sshPort =
            new Setting<>("ecs", "ssh-port", "a port from 1 to 65535", raw -> Forms.integer(raw, 1, MAX_PORT));

    EcsSettings() {
        super(Product.ECS, null);
    }

    @Override
    List<Setting<?>> all() {
        return List.of(
                region,
                machineImage,
                securityGroup,
                families,
                types,
                loginUser,
                address,
                endpoint,
                vpcEndpoint,
                proxy,
                resourceGroup,
                systemDisk,
                sshPort,
                vSwitches);
    }
}
