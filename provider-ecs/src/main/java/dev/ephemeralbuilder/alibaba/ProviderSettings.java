package dev.ephemeralbuilder.alibaba;

import dev.ephemeralbuilder.spi.ProviderLimits;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a {@link ProviderBuilder} was given. Immutable. {@link #toString} shows no credentials. */
public final class ProviderSettings {
    private final String region;
    private final String securityGroup;
    private final Map<String, String> vSwitches;
    private final TypeFilter namedTypes;
    private final @Nullable String resourceGroup;
    private final String account;
    private final ProviderLimits limits;
    private final Map<String, ErrorKind> errors;
    private final List<Consumer<OpenApiClient.Builder>> access;

    ProviderSettings(
            String region,
            String securityGroup,
            Map<String, String> vSwitches,
            TypeFilter namedTypes,
            @Nullable String resourceGroup,
            String account,
            ProviderLimits limits,
            Map<String, ErrorKind> errors,
            List<Consumer<OpenApiClient.Builder>> access) {
        this.region = region;
        this.securityGroup = securityGroup;
        this.vSwitches = Map.copyOf(vSwitches);
        this.namedTypes = namedTypes;
        this.resourceGroup = resourceGroup;
        this.account = account;
        this.limits = limits;
        this.errors = Map.copyOf(errors);
        this.access = List.copyOf(access);
    }

    /** Returns the region. */
    public String region() {
        return region;
    }

    /** Returns the id of the security group. */
    public String securityGroup() {
        return securityGroup;
    }

    /** Returns the id of the vSwitch of each zone; at least one; unmodifiable. */
    public Map<String, String> vSwitches() {
        return vSwitches;
    }

    /** Returns which instance types were named. */
    public TypeFilter namedTypes() {
        return namedTypes;
    }

    /** Returns the id of the resource group, or null for the account's own default. */
    public @Nullable String resourceGroup() {
        return resourceGroup;
    }

    /** Returns the name of the account. */
    public String account() {
        return account;
    }

    /** Returns the limits. */
    public ProviderLimits limits() {
        return limits;
    }

    /** Returns the error codes that go before the built-in table; unmodifiable. */
    public Map<String, ErrorKind> errors() {
        return errors;
    }

    /** Begins a client with what was set, but without error codes. */
    public OpenApiClient.Builder newClient() {
        OpenApiClient.Builder client = OpenApiClient.builder();
        access.forEach(setting -> setting.accept(client));
        return client;
    }

    @Override
    public String toString() {
        return "ProviderSettings[" + region + ", zones " + vSwitches.keySet() + "]";
    }
}
