package dev.ephemeralbuilder.testing.simulator;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads {@code Container.N} of a create call, within the limits of the API (eci-openapi, 3). [unconfirmed]: that a value
 * over its limit is answered with {@code InvalidParameter.ValueExceeded}, and what a container's name may look like.
 * Probes, life cycle handlers, ports and security contexts are accepted and have no effect.
 */
final class ContainerParameters {
    private static final int MAX_CONTAINERS = 20;
    private static final int MAX_COMMANDS = 20;
    private static final int MAX_COMMAND_LENGTH = 256;
    private static final int MAX_ARGS = 10;
    private static final int MAX_VARIABLES = 240;
    private static final int MAX_KEY = 128;
    private static final int MAX_VALUE = 256;
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

    private ContainerParameters() {}

    /**
     * Reads all containers.
     *
     * @param volumes names of the volumes that they may mount
     * @throws ApiError if one is not valid, or there is none
     */
    static List<ContainerSpec> read(Parameters p, Set<String> volumes) {
        if (p.get("InitContainer.1.Name") != null || p.get("InitContainer.1.Image") != null) {
            throw ApiError.of("InvalidParameter", "The simulator has no init containers.");
        }
        List<ContainerSpec> containers = new ArrayList<>();
        Set<String> names = new HashSet<>();
        while (has(p, "Container." + (containers.size() + 1))) {
            ContainerSpec container = container(p, "Container." + (containers.size() + 1), volumes);
            if (!names.add(container.name())) {
                throw ApiError.of("InvalidParameter.DuplicatedName", "Two containers have the same name.");
            }
            containers.add(container);
        }
        if (containers.isEmpty()) {
            throw ApiError.missing("Container.1.Name");
        }
        atMost(MAX_CONTAINERS, containers.size(), "Container");
        return containers;
    }

    private static boolean has(Parameters p, String prefix) {
        return p.all().keySet().stream().anyMatch(name -> name.startsWith(prefix + "."));
    }

    private static ContainerSpec container(Parameters p, String prefix, Set<String> volumes) {
        String name = p.require(prefix + ".Name");
        if (!NAME.matcher(name).matches()) {
            throw ApiError.invalid(prefix + ".Name");
        }
        List<String> command = p.listWithEmpty(prefix + ".Command");
        atMost(MAX_COMMANDS, command.size(), prefix + ".Command");
        command.forEach(item -> atMost(MAX_COMMAND_LENGTH, item.length(), prefix + ".Command"));
        List<String> args = p.listWithEmpty(prefix + ".Arg");
        atMost(MAX_ARGS, args.size(), prefix + ".Arg");
        ContainerOrder order = new ContainerOrder(
                name,
                p.require(prefix + ".Image"),
                command,
                args,
                environment(p, prefix + ".EnvironmentVar."),
                p.get(prefix + ".WorkingDir"),
                mounts(p, prefix + ".VolumeMount.", volumes));
        return new ContainerSpec(
                order,
                positive(p, prefix + ".Cpu"),
                positive(p, prefix + ".Memory"),
                p.flag(prefix + ".EnvironmentVarHide"),
                p.get(prefix + ".ImagePullPolicy", ""));
    }

    /** Returns a number that is 0 if it is not given. */
    static double positive(Parameters p, String name) {
        double value = p.number(name, 0);
        if (value < 0 || (value == 0 && p.get(name) != null)) {
            throw ApiError.of("InvalidParameter.CPU.Memory", "The specified CPU and Memory must be above 0.");
        }
        return value;
    }

    private static Map<String, String> environment(Parameters p, String prefix) {
        Map<String, String> environment = new LinkedHashMap<>();
        for (int i = 1; p.get(prefix + i + ".Key") != null; i++) {
            String key = p.require(prefix + i + ".Key");
            if (p.get(prefix + i + ".FieldRef.FieldPath") != null) {
                throw ApiError.of("InvalidParameter", "The simulator has no variables with a FieldRef.");
            }
            String value = p.all().getOrDefault(prefix + i + ".Value", "");
            atMost(MAX_KEY, key.length(), prefix + i + ".Key");
            atMost(MAX_VALUE, value.length(), prefix + i + ".Value");
            environment.put(key, value);
        }
        atMost(MAX_VARIABLES, environment.size(), prefix.substring(0, prefix.length() - 1));
        return environment;
    }

    private static List<ContainerOrder.Mount> mounts(Parameters p, String prefix, Set<String> volumes) {
        List<ContainerOrder.Mount> mounts = new ArrayList<>();
        for (int i = 1; has(p, prefix + i); i++) {
            String volume = p.require(prefix + i + ".Name");
            String path = p.require(prefix + i + ".MountPath");
            if (!volumes.contains(volume)) {
                throw ApiError.of("InvalidParameter.NotFound", "A mount names a volume that is not there.");
            }
            if (!path.startsWith("/")) {
                throw ApiError.invalid(prefix + i + ".MountPath");
            }
            mounts.add(new ContainerOrder.Mount(
                    volume, path, p.flag(prefix + i + ".ReadOnly"), p.get(prefix + i + ".SubPath")));
        }
        if (mounts.stream()
                        .map(ContainerOrder.Mount::path)
                        .collect(Collectors.toSet())
                        .size()
                < mounts.size()) {
            throw ApiError.of("InvalidParameter.DuplicatedName", "Two mounts have the same path.");
        }
        return mounts;
    }

    /** Refuses what is more than the API takes. */
    static void atMost(int most, int found, String name) {
        if (found > most) {
            throw ApiError.of(
                    "InvalidParameter.ValueExceeded",
                    "The specified parameter \"" + name + "\" exceeds its limit of " + most + ".");
        }
    }
}
