package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.samples.product.Product;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The settings that every product has, in the table of one of them. Immutable. */
abstract class ProductSettings {
    final Setting<String> region;
    final Setting<String> securityGroup;
    final Setting<Map<String, String>> vSwitches;
    final Setting<List<String>> families;
    final Setting<List<String>> types;
    final Setting<URI> endpoint;
    final Setting<Boolean> vpcEndpoint;
    final Setting<URI> proxy;
    final Setting<String> resourceGroup;
    private final Product product;

    /**
     * @param beside the settings whose values count where the network and the way to the API are not said in this table;
     *     null for none
     */
    ProductSettings(Product product, @Nullable ProductSettings beside) {
        String table = product.id();
        this.product = product;
        region = shared(
                beside,
                s -> s.region,
                Forms.text(
                        table, "region", "a region, such as \"cn-hangzhou\"", Pattern.compile("[a-z]+(-[a-z0-9]+)+")));
        securityGroup = shared(
                beside,
                s -> s.securityGroup,
                Forms.text(table, "security-group", "the id of a security group, such as \"sg-bp1...\"", Forms.WORD));
        vSwitches = shared(
                beside,
                s -> s.vSwitches,
                new Setting<>(
                        table,
                        "vswitches",
                        "a vSwitch for each zone that may be used, such as \"cn-hangzhou-j\" = \"vsw-bp1...\"",
                        Forms::textsByName));
        families = Forms.texts(table, "families", "a list of instance families, such as [\"ecs.c7\", \"ecs.g7\"]");
        types = Forms.texts(table, "types", "a list of instance types, such as [\"ecs.c7.xlarge\"]");
        endpoint = Forms.endpoint(table, "endpoint", product);
        vpcEndpoint =
                shared(beside, s -> s.vpcEndpoint, new Setting<>(table, "vpc-endpoint", "true or false", Forms::flag));
        proxy = shared(
                beside,
                s -> s.proxy,
                new Setting<>(table, "proxy", "an address such as \"http://proxy.example.com:3128\"", Forms::proxyUri));
        resourceGroup = shared(
                beside,
                s -> s.resourceGroup,
                Forms.text(table, "resource-group", "the id of a resource group, such as \"rg-...\"", Forms.WORD));
    }

    private static <T> Setting<T> shared(
            @Nullable ProductSettings beside, Function<ProductSettings, Setting<T>> same, Setting<T> own) {
        return beside == null ? own : own.or(same.apply(beside));
    }

    final Product product() {
        return product;
    }

    /** Returns all settings of the table, in the order in which a file shows them. */
    abstract List<Setting<?>> all();
}
