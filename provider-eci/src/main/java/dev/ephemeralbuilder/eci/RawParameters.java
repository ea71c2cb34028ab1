package dev.ephemeralbuilder.eci;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Checks parameters of CreateContainerGroup that a user adds: what the library decides, or what a setting of its own says,
 * cannot be said a second time.
 */
final class RawParameters {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]+(\\.[A-Za-z0-9]+)*");

    /** What is decided here, in lower case. */
    private static final Set<String> DECIDED = Set.of(
            // the call itself
            "action",
            "version",
            "format",
            "regionid",
            "accesskeyid",
            "signature",
            "signaturemethod",
            "signatureversion",
            "signaturetype",
            "signaturenonce",
            "timestamp",
            "securitytoken",
            "dryrun",
            // by the launch
            "clienttoken",
            "containergroupname",
            "activedeadlineseconds",
            "restartpolicy",
            "cpu",
            "memory",
            "instancetype",
            "cpuarchitecture",
            "spotstrategy",
            "spotpricelimit",
            "spotduration",
            "strictspot",
            "zoneid",
            "vswitchid",
            "schedulestrategy",
            "ephemeralstorage",
            "autocreateeip",
            "eipbandwidth",
            // by other settings
            "securitygroupid",
            "resourcegroupid",
            "ramrolename",
            "automatchimagecache",
            "imagesnapshotid",
            "maxpendingminute",
            // the container and the volume that are the library's
            "container.1.name",
            "container.1.image",
            "container.1.environmentvarhide");

    private static final List<String> DECIDED_GROUPS = List.of(
            "tag.",
            "imageregistrycredential.",
            "acrregistryinfo.",
            "computecategory.",
            "container.1.command.",
            "container.1.arg.",
            "container.1.environmentvar.",
            "container.1.volumemount.1.",
            "volume.1.");

    private RawParameters() {}

    /** Throws an {@link IllegalArgumentException} that names the setting and the parameter, but no value. */
    static void check(Map<String, String> parameters, String setting) {
        for (String name : parameters.keySet()) {
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException(
                        setting + " must have names such as Container.1.WorkingDir, was " + name);
            }
            String lower = name.toLowerCase(Locale.ROOT);
            if (DECIDED.contains(lower) || DECIDED_GROUPS.stream().anyMatch(lower::startsWith)) {
                throw new IllegalArgumentException(
                        setting + " must not contain what the library or another setting decides: " + name);
            }
        }
    }
}
