package dev.ephemeralbuilder.alibaba;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.ProviderLimits;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The settings that the providers of all products have: who calls, how, and where machines may be. Not safe for use by
 * many threads. A setting that cannot be right is refused at once with an {@link IllegalArgumentException} that names it.
 *
 * @param <B> the provider's own builder
 */
public abstract class ProviderBuilder<B extends ProviderBuilder<B>> {
    private final List<Consumer<OpenApiClient.Builder>> access = new ArrayList<>();
    private final OpenApiClient.Builder checked = OpenApiClient.builder();
    private final ProviderLimits.Builder limits;
    private @Nullable String region;
    private @Nullable String securityGroup;
    private @Nullable String resourceGroup;
    private Map<String, String> vSwitches = Map.of();
    private Set<String> families = Set.of();
    private Set<String> types = Set.of();
    private Map<String, ErrorKind> errors = Map.of();
    private String account = "default";

    /**
     * Creates a builder with the documented defaults.
     *
     * @param limits the limits of the product
     */
    protected ProviderBuilder(ProviderLimits.Builder limits) {
        this.limits = limits;
    }

    /** Returns this. */
    protected abstract B self();

    /** Sets the region, such as {@code cn-shanghai}. Required. */
    public B region(String region) {
        this.region = region;
        return access(client -> client.region(region));
    }

    /** Sets where access keys come from. Default: {@link AlibabaCredentials#sdkDefaults}. */
    public B credentials(AlibabaCredentials credentials) {
        return access(client -> client.credentials(credentials));
    }

    /**
     * Sets a name for the account that the access keys belong to, since calls are limited by account. Default:
     * {@code default}. Only needed where fleets with one state store use several accounts.
     */
    public B account(String account) {
        this.account = notBlank(account, "account");
        return self();
    }

    /**
     * Sets how many calls of a kind are made in a minute at most. Default: what {@code limits()} of the provider says; the
     * limits of an account are shown in its Quota Center. Kinds that are one operation to the cloud count against one
     * limit: the lower of theirs should be set for all of them. Set less where others share the account.
     *
     * @throws IllegalArgumentException if less than 1
     */
    public B callsPerMinute(CloudAction action, int n) {
        limits.callsPerMinute(action, n);
        return self();
    }

    /**
     * Sets what error codes mean, before the built-in table. Default: none. For codes that the table does not know, or
     * that mean something else to you.
     */
    public B errors(Map<String, ErrorKind> errors) {
        this.errors = Map.copyOf(errors);
        return self();
    }

    /** Sets the id of the security group of the machines. Required. */
    public B securityGroup(String securityGroup) {
        this.securityGroup = notBlank(securityGroup, "securityGroup");
        return self();
    }

    /** Sets the vSwitch of each zone, by the id of the zone. Required, at least one; zones outside are not offered. */
    public B vSwitches(Map<String, String> vSwitches) {
        vSwitches.forEach((zone, vSwitch) -> {
            notBlank(zone, "vSwitches: a zone");
            notBlank(vSwitch, "vSwitches: the vSwitch of " + zone);
        });
        this.vSwitches = Map.copyOf(vSwitches);
        return self();
    }

    /**
     * Sets the families of instance types to offer, such as {@code ecs.c7}. Default: none. A type is offered if its family
     * or its id is named.
     */
    public B families(Set<String> families) {
        families.forEach(family -> notBlank(family, "families"));
        this.families = Set.copyOf(families);
        return self();
    }

    /** Sets the instance types to offer, such as {@code ecs.c7.xlarge}; see {@link #families}. Default: none. */
    public B types(Set<String> types) {
        types.forEach(type -> notBlank(type, "types"));
        this.types = Set.copyOf(types);
        return self();
    }

    /**
     * Sets the endpoint of the API instead of the region's own: {@code https://host[:port][/path]}, or {@code http://}
     * with a loopback address.
     */
    public B endpoint(URI endpoint) {
        return access(client -> client.endpoint(endpoint));
    }

    /** Sets whether to call the API at its endpoint inside VPCs. Default: no. */
    public B vpcEndpoint(boolean vpcEndpoint) {
        return access(client -> client.vpcEndpoint(vpcEndpoint));
    }

    /**
     * Sets the HTTP proxy for calls of the API, {@code http://host:port}. Default: as the JVM's system properties say.
     * Connections to machines do not use it.
     */
    public B proxy(URI proxy) {
        return access(client -> client.proxy(proxy));
    }

    /** Sets the resource group that machines are created in. Default: the account's own default. */
    public B resourceGroup(String resourceGroup) {
        this.resourceGroup = notBlank(resourceGroup, "resourceGroup");
        return self();
    }

    /** Sets how long one call of the API may take in all. Default: 15 seconds. */
    public B callTimeout(Duration callTimeout) {
        return access(client -> client.callTimeout(callTimeout));
    }

    /** Sets how long connecting to the API may take. Default: 5 seconds. */
    public B connectTimeout(Duration connectTimeout) {
        return access(client -> client.connectTimeout(connectTimeout));
    }

    /** What concerns the client is kept for as many clients as the provider has; the first one checks it. */
    private B access(Consumer<OpenApiClient.Builder> setting) {
        setting.accept(checked);
        access.add(setting);
        return self();
    }

    /**
     * Returns what was set.
     *
     * @throws IllegalStateException if a required setting is missing
     */
    protected final ProviderSettings settings() {
        if (vSwitches.isEmpty()) {
            throw new IllegalStateException("vSwitches is required: at least one zone");
        }
        return new ProviderSettings(
                Settings.required(region, "region"),
                Settings.required(securityGroup, "securityGroup"),
                vSwitches,
                new TypeFilter(families, types),
                resourceGroup,
                account,
                limits.build(),
                errors,
                access);
    }

    /**
     * Returns a text that must say something.
     *
     * @throws IllegalArgumentException if it is blank
     */
    protected static String notBlank(String value, String setting) {
        if (requireNonNull(value, setting).isBlank()) {
            throw new IllegalArgumentException(setting + " must not be blank");
        }
        return value;
    }
}
