package dev.ephemeralbuilder.eci;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The settings that every create call repeats. {@link #toString} shows no password.
 *
 * @param vSwitches the vSwitch of each zone
 * @param registries logins of registries
 * @param acrs instances of Container Registry that need none
 * @param eipBandwidthMbit the least bandwidth of a public address, 0 for none
 * @param raw parameters that the library knows nothing of
 */
record GroupSettings(
        Map<String, String> vSwitches,
        String securityGroup,
        @Nullable String resourceGroup,
        @Nullable String ramRole,
        List<Registry> registries,
        List<Acr> acrs,
        boolean imageCacheMatch,
        @Nullable String imageCache,
        ImageRules imageRules,
        int eipBandwidthMbit,
        int maxPendingMinutes,
        Map<String, String> raw) {
    GroupSettings {
        vSwitches = Map.copyOf(vSwitches);
        registries = List.copyOf(registries);
        acrs = List.copyOf(acrs);
        raw = new TreeMap<>(raw);
    }

    /** A login; {@link #toString} shows the server only. */
    record Registry(String server, String user, String password) {
        @Override
        public String toString() {
            return "Registry[" + server + "]";
        }
    }

    /** An instance of Container Registry whose images need no password. */
    record Acr(String instanceId, String region, List<String> domains) {
        Acr {
            domains = List.copyOf(domains);
        }
    }

    @Override
    public String toString() {
        return "GroupSettings[" + new TreeMap<>(vSwitches) + "]";
    }
}
