package dev.ephemeralbuilder.eci;

import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.alibaba.FormCall;
import dev.ephemeralbuilder.alibaba.SpotTerms;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.MachineTags;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Turns launches into calls of CreateContainerGroup (eci-openapi, section 3): a pure function of the launch and the
 * settings, so that a repetition says the same. What the API would not take is refused here.
 */
final class GroupOrders {
    /** What every group has for nothing, in GiB (eci-openapi, section 7). */
    static final int FREE_DISK_GIB = 30;

    /** The most that a group can have in all, in GiB. */
    static final int MAX_DISK_GIB = FREE_DISK_GIB + 5000;

    /** The fleet says the cap on the full minute and lets nothing live for less than this. */
    private static final Duration ROUNDING = Duration.ofMinutes(1);

    /** The shortest lifetime of a group; the fleet makes caps no shorter. */
    static final Duration LEAST_LIFETIME = Duration.ofMinutes(1);

    /** The fleet adds five minutes to that. */
    private static final Duration LEAST_CAP = LEAST_LIFETIME.plusMinutes(5);

    private static final int MAX_NAME = 128;
    private static final int MAX_TAGS = 20;
    private static final int MAX_TAG_KEY = 64;
    private static final int MAX_TAG_VALUE = 128;
    private static final int MAX_COMMAND_ITEMS = 20;
    private static final int MAX_ARGUMENTS = 10;
    private static final int MAX_ITEM = 256;
    private static final int MAX_VARIABLES = 240;
    private static final int MAX_VARIABLE_NAME = 128;
    private static final int MAX_VARIABLE_VALUE = 256;
    private static final int MAX_FILE = 32 * 1024;
    private static final int MAX_FILES = 60 * 1024;

    /** Readable and executable by all, as the API wants it: the decimal number of an octal mode. */
    private static final String MODE = Integer.toString(0555);

    private static final String VOLUME = "ephemeral-builder";

    private final GroupSettings settings;

    GroupOrders(GroupSettings settings) {
        this.settings = settings;
    }

    /** Returns the call; throws a {@link ConfigurationException} if the launch cannot be expressed. */
    FormCall order(Launch launch) {
        if (launch.count() > 1) {
            throw refused("one container group in one call, were " + launch.count());
        }
        Map<String, String> p = new LinkedHashMap<>(settings.raw());
        p.put("ClientToken", launch.token());
        p.put("ContainerGroupName", name(launch.token()));
        p.put("ActiveDeadlineSeconds", Long.toString(lifetime(launch).toSeconds()));
        p.put("RestartPolicy", "Never");
        p.put("MaxPendingMinute", Integer.toString(settings.maxPendingMinutes()));
        place(launch, p);
        size(launch, p);
        images(p);
        tags(tags(launch), p);
        p.put("Container.1.Image", settings.imageRules().apply(image(launch.spec())));
        ContainerCommand own = launch.containerCommand().orElse(null);
        if (own == null) {
            supervisor(launch.bootstrap(), p);
        } else {
            command(own, p);
        }
        return EciApi.create(p);
    }

    private static String image(MachineSpec spec) {
        return spec.containerImage().orElseThrow(() -> refused("the spec names no container image"));
    }

    private static String name(String token) {
        String name = ("ephemeral-" + token.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9-]", "-"));
        String cut = name.substring(0, Math.min(MAX_NAME, name.length()));
        return cut.replaceAll("-+$", "");
    }

    /**
     * A launch says no time at which it was written, so this is what its cap was made from, and a minute: the end does not
     * come before the cap. Whether the API counts from the create call or from the start of the group, which may be as much
     * later as it is Pending, is unconfirmed.
     */
    private static Duration lifetime(Launch launch) {
        Duration lifetime = launch.spec().maxLifetime();
        return (lifetime.compareTo(LEAST_CAP) < 0 ? LEAST_CAP : lifetime).plus(ROUNDING);
    }

    private void place(Launch launch, Map<String, String> p) {
        String zone = launch.offer().zone();
        String vSwitch = settings.vSwitches().get(zone);
        if (vSwitch == null) {
            throw refused("no vSwitch is set for zone " + zone);
        }
        p.put("ZoneId", zone);
        p.put("VSwitchId", vSwitch);
        p.put("SecurityGroupId", settings.securityGroup());
        if (settings.resourceGroup() != null) {
            p.put("ResourceGroupId", settings.resourceGroup());
        }
        if (settings.ramRole() != null) {
            p.put("RamRoleName", settings.ramRole());
        }
        int bandwidth = Math.max(launch.spec().publicBandwidthMbit(), settings.eipBandwidthMbit());
        if (bandwidth > 0) {
            p.put("AutoCreateEip", "true");
            p.put("EipBandwidth", Integer.toString(bandwidth));
        }
    }

    private static void size(Launch launch, Map<String, String> p) {
        MachineType type = launch.offer().type();
        if (type.gpus() > 0 || launch.spec().gpus() > 0) {
            throw refused(EciOffers.NO_GPUS);
        }
        if (EciSizes.isSize(type)) {
            p.put("Cpu", EciSizes.vcpus(type));
            p.put("Memory", EciSizes.gib(type));
        } else {
            p.put("InstanceType", type.id());
            if (type.architecture() == Architecture.ARM64) {
                p.put("CpuArchitecture", "ARM64");
            }
        }
        SpotTerms spot = SpotTerms.of(launch).orElse(null);
        if (spot == null) {
            p.put("SpotStrategy", "NoSpot");
        } else if (EciSizes.isSize(type)) {
            throw refused(type.id() + " is sold on demand only; spot groups are made of instance types");
        } else {
            p.put("SpotStrategy", "SpotWithPriceLimit");
            p.put("SpotPriceLimit", spot.priceLimit().toPlainString());
            p.put("SpotDuration", Integer.toString(spot.duration()));
        }
        int disk = launch.spec().diskGib();
        if (disk > MAX_DISK_GIB) {
            throw refused(EciOffers.TOO_MUCH_DISK);
        }
        if (disk > FREE_DISK_GIB) {
            p.put("EphemeralStorage", Integer.toString(disk - FREE_DISK_GIB));
        }
    }

    private void images(Map<String, String> p) {
        int n = 1;
        for (GroupSettings.Registry registry : settings.registries()) {
            String prefix = "ImageRegistryCredential." + n++ + ".";
            p.put(prefix + "Server", registry.server());
            p.put(prefix + "UserName", registry.user());
            p.put(prefix + "Password", registry.password());
        }
        n = 1;
        for (GroupSettings.Acr acr : settings.acrs()) {
            String prefix = "AcrRegistryInfo." + n++ + ".";
            p.put(prefix + "InstanceId", acr.instanceId());
            p.put(prefix + "RegionId", acr.region());
            int m = 1;
            for (String domain : acr.domains()) {
                p.put(prefix + "Domain." + m++, domain);
            }
        }
        p.put("AutoMatchImageCache", Boolean.toString(settings.imageCacheMatch()));
        if (settings.imageCache() != null) {
            p.put("ImageSnapshotId", settings.imageCache());
        }
    }

    /** The parameters say the cap nowhere else, and a launch with another cap must not pass as the same. */
    private static Map<String, String> tags(Launch launch) {
        Map<String, String> tags = launch.tags();
        tags.computeIfPresent(
                MachineTags.CAP, (key, cap) -> Long.toString(launch.cap().getEpochSecond()));
        return tags;
    }

    private static void tags(Map<String, String> tags, Map<String, String> p) {
        if (tags.size() > MAX_TAGS) {
            throw refused("a container group has at most " + MAX_TAGS + " tags, were " + tags.size()
                    + ": give the request fewer labels");
        }
        int n = 1;
        for (Map.Entry<String, String> tag : tags.entrySet()) {
            String key = tag.getKey();
            if (key.isEmpty() || key.length() > MAX_TAG_KEY || key.startsWith("aliyun") || key.startsWith("acs:")) {
                throw refused("the key of a tag has 1 to " + MAX_TAG_KEY
                        + " characters and does not begin with aliyun or acs:, was " + key);
            }
            if (tag.getValue().length() > MAX_TAG_VALUE) {
                throw refused("the value of a tag has at most " + MAX_TAG_VALUE + " characters, that of " + key
                        + " has " + tag.getValue().length());
            }
            p.put("Tag." + n + ".Key", key);
            p.put("Tag." + n + ".Value", tag.getValue());
            n++;
        }
    }

    /** The supervisor and what opens channels come as files, so that the image needs nothing but a shell. */
    private static void supervisor(String bootstrap, Map<String, String> p) {
        p.put("Container.1.Name", EciApi.SUPERVISED);
        p.put("Container.1.Command.1", "sh");
        p.put("Container.1.Command.2", ExecWrapper.FOLDER + "/supervisor.sh");
        p.put("Container.1.VolumeMount.1.Name", VOLUME);
        p.put("Container.1.VolumeMount.1.MountPath", ExecWrapper.FOLDER);
        p.put("Container.1.VolumeMount.1.ReadOnly", "true");
        p.put("Volume.1.Name", VOLUME);
        p.put("Volume.1.Type", "ConfigFileVolume");
        byte[] supervisor = bootstrap.getBytes(StandardCharsets.UTF_8);
        byte[] exec = ExecWrapper.script();
        if (supervisor.length + exec.length > MAX_FILES) {
            throw refused("the files of a container group have at most " + MAX_FILES + " bytes in all, were "
                    + (supervisor.length + exec.length));
        }
        file(1, "supervisor.sh", supervisor, p);
        file(2, "exec.sh", exec, p);
    }

    private static void file(int n, String path, byte[] content, Map<String, String> p) {
        if (content.length > MAX_FILE) {
            throw refused("a file of a container group has at most " + MAX_FILE + " bytes, " + path + " has "
                    + content.length);
        }
        String prefix = "Volume.1.ConfigFileVolume.ConfigFileToPath." + n + ".";
        p.put(prefix + "Path", path);
        p.put(prefix + "Content", Base64.getEncoder().encodeToString(content));
        p.put(prefix + "Mode", MODE);
    }

    private static void command(ContainerCommand own, Map<String, String> p) {
        p.put("Container.1.Name", EciApi.OWN_COMMAND);
        items("Command", own.command(), MAX_COMMAND_ITEMS, p);
        items("Arg", own.arguments(), MAX_ARGUMENTS, p);
        Map<String, String> variables = own.environment();
        if (variables.size() > MAX_VARIABLES) {
            throw refused("a container has at most " + MAX_VARIABLES + " variables, were " + variables.size());
        }
        int n = 1;
        for (Map.Entry<String, String> variable : variables.entrySet()) {
            String key = variable.getKey();
            if (key.isEmpty() || key.length() > MAX_VARIABLE_NAME) {
                throw refused("the name of a variable has 1 to " + MAX_VARIABLE_NAME + " characters, was " + key);
            }
            if (variable.getValue().length() > MAX_VARIABLE_VALUE) {
                throw refused("the value of a container's variable has at most " + MAX_VARIABLE_VALUE
                        + " characters, that of " + key + " has "
                        + variable.getValue().length() + "; a script can have longer ones");
            }
            p.put("Container.1.EnvironmentVar." + n + ".Key", key);
            p.put("Container.1.EnvironmentVar." + n + ".Value", variable.getValue());
            n++;
        }
        if (!variables.isEmpty()) {
            p.put("Container.1.EnvironmentVarHide", "true");
        }
    }

    private static void items(String list, List<String> items, int most, Map<String, String> p) {
        if (items.size() > most) {
            throw refused("a container's command has at most " + MAX_COMMAND_ITEMS + " words and " + MAX_ARGUMENTS
                    + " arguments, were " + items.size());
        }
        int n = 1;
        for (String item : items) {
            if (item.length() > MAX_ITEM) {
                throw refused("a word of a container's command has at most " + MAX_ITEM + " characters, number " + n
                        + " has " + item.length());
            }
            p.put("Container.1." + list + "." + n++, item);
        }
    }

    private static ConfigurationException refused(String why) {
        return new ConfigurationException(why, null, null, null);
    }
}
