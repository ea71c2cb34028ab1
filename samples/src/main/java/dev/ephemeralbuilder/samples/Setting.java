package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.Money;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tomlj.TomlArray;
import org.tomlj.TomlTable;

/**
 * A setting that {@code ephemeral.toml} may hold.
 *
 * @param table the table that it stands in
 * @param key its key
 * @param expected what its value must be, to go on after "expected"
 * @param parser turns what the file holds into the value
 */
record Setting<T>(String table, String key, String expected, Parser<T> parser) {
    /** Turns what a file holds into a value. */
    @FunctionalInterface
    interface Parser<T> {
        /**
         * Returns the value.
         *
         * @throws Unfit if the file holds something else
         */
        T parse(Object raw) throws Unfit;
    }

    /** What a file holds is not what was expected. */
    static final class Unfit extends Exception {
        private static final long serialVersionUID = 1L;

        private final @Nullable String entry;

        Unfit(String was) {
            this(was, null);
        }

        /** The mistake is in one entry of a table. */
        Unfit(String was, @Nullable String entry) {
            super(was);
            this.entry = entry;
        }

        Optional<String> entry() {
            return Optional.ofNullable(entry);
        }
    }

    private static final int MAX_PORT = 65_535;
    private static final Pattern OWNER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

    static final Setting<String> OWNER_NAME = text(
            "fleet",
            "owner",
            "a name for your machines of 1 to 63 characters A-Z a-z 0-9 . _ -, such as \"ci-hangzhou\"",
            OWNER);

    static final Setting<String> REGION =
            text("ecs", "region", "a region, such as \"cn-hangzhou\"", Pattern.compile("[a-z]+(-[a-z0-9]+)+"));
    static final Setting<String> MACHINE_IMAGE =
            text("ecs", "machine-image", "the id of an image, such as \"m-bp1...\"", Pattern.compile("\\S+"));
    static final Setting<String> SECURITY_GROUP =
            text("ecs", "security-group", "the id of a security group, such as \"sg-bp1...\"", Pattern.compile("\\S+"));
    static final Setting<List<String>> FAMILIES =
            texts("ecs", "families", "a list of instance families, such as [\"ecs.c7\", \"ecs.g7\"]");
    static final Setting<List<String>> TYPES =
            texts("ecs", "types", "a list of instance types, such as [\"ecs.c7.xlarge\"]");
    static final Setting<String> LOGIN_USER = text(
            "ecs",
            "login-user",
            "the name of the user to make on each machine, such as \"builder\", not root",
            Pattern.compile("(?!root$)[a-z_][a-z0-9_-]{0,31}"));
    static final Setting<String> ADDRESS =
            text("ecs", "address", "\"private\" or \"public\"", Pattern.compile("private|public"));
    static final Setting<URI> ENDPOINT = new Setting<>(
            "ecs", "endpoint", "an address such as \"https://ecs.cn-hangzhou.aliyuncs.com\"", Setting::uri);
    static final Setting<Boolean> VPC_ENDPOINT = new Setting<>("ecs", "vpc-endpoint", "true or false", Setting::flag);
    static final Setting<URI> PROXY =
            new Setting<>("ecs", "proxy", "an address such as \"http://proxy.example.com:3128\"", Setting::proxyUri);
    static final Setting<String> RESOURCE_GROUP =
            text("ecs", "resource-group", "the id of a resource group, such as \"rg-...\"", Pattern.compile("\\S+"));
    static final Setting<String> SYSTEM_DISK =
            text("ecs", "system-disk", "a disk category, such as \"cloud_essd\"", Pattern.compile("[a-z_]+"));
    static final Setting<Integer> SSH_PORT =
            new Setting<>("ecs", "ssh-port", "a port from 1 to 65535", raw -> integer(raw, 1, MAX_PORT));
    static final Setting<Map<String, String>> VSWITCHES = new Setting<>(
            "ecs",
            "vswitches",
            "a vSwitch for each zone that may be used, such as \"cn-hangzhou-j\" = \"vsw-bp1...\"",
            Setting::textsByName);

    static final Setting<BigDecimal> VCPUS = new Setting<>(
            "defaults", "vcpus", "a number of virtual CPUs above zero, such as 4", Setting::positiveNumber);
    static final Setting<BigDecimal> MEMORY_GIB =
            new Setting<>("defaults", "memory-gib", "a number of GiB above zero, such as 8", Setting::positiveNumber);
    static final Setting<Integer> DISK_GIB = new Setting<>(
            "defaults", "disk-gib", "a whole number of GiB from 20 to 2048", raw -> integer(raw, 20, 2048));
    static final Setting<Money> MAX_PRICE = new Setting<>("defaults", "max-price", Texts.PRICE_FORM, raw -> price(raw));
    static final Setting<Duration> MAX_LIFETIME =
            new Setting<>("defaults", "max-lifetime", Texts.DURATION_FORM, raw -> duration(raw));

    /** Every setting, in the order in which a file shows them. */
    static final List<Setting<?>> ALL = List.of(
            OWNER_NAME,
            REGION,
            MACHINE_IMAGE,
            SECURITY_GROUP,
            FAMILIES,
            TYPES,
            LOGIN_USER,
            ADDRESS,
            ENDPOINT,
            VPC_ENDPOINT,
            PROXY,
            RESOURCE_GROUP,
            SYSTEM_DISK,
            SSH_PORT,
            VSWITCHES,
            VCPUS,
            MEMORY_GIB,
            DISK_GIB,
            MAX_PRICE,
            MAX_LIFETIME);

    /** Returns the setting as messages name it. */
    String label() {
        return "[" + table + "] " + key;
    }

    private static Setting<String> text(String table, String key, String expected, Pattern form) {
        return new Setting<>(table, key, expected, raw -> {
            if (raw instanceof String s && form.matcher(s).matches()) {
                return s;
            }
            throw new Unfit(show(raw));
        });
    }

    private static Setting<List<String>> texts(String table, String key, String expected) {
        return new Setting<>(table, key, expected, raw -> {
            if (!(raw instanceof TomlArray array) || array.isEmpty()) {
                throw new Unfit(show(raw));
            }
            List<String> values = new ArrayList<>();
            for (Object element : array.toList()) {
                if (!(element instanceof String s) || s.isBlank()) {
                    throw new Unfit("a list with " + show(element));
                }
                values.add(s);
            }
            return List.copyOf(values);
        });
    }

    private static Map<String, String> textsByName(Object raw) throws Unfit {
        if (!(raw instanceof TomlTable table) || table.isEmpty()) {
            throw new Unfit(show(raw));
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (Map.Entry<String, Object> entry : table.entrySet()) {
            if (!(entry.getValue() instanceof String s) || s.isBlank()) {
                throw new Unfit(show(entry.getValue()) + " for " + entry.getKey(), entry.getKey());
            }
            values.put(entry.getKey(), s);
        }
        return values;
    }

    private static boolean flag(Object raw) throws Unfit {
        if (raw instanceof Boolean b) {
            return b;
        }
        throw new Unfit(show(raw));
    }

    private static int integer(Object raw, int least, int most) throws Unfit {
        if (raw instanceof Long n && n >= least && n <= most) {
            return n.intValue();
        }
        throw new Unfit(show(raw));
    }

    private static BigDecimal positiveNumber(Object raw) throws Unfit {
        BigDecimal value;
        if (raw instanceof Long n) {
            value = BigDecimal.valueOf(n);
        } else if (raw instanceof Double n && Double.isFinite(n)) {
            value = BigDecimal.valueOf(n);
        } else {
            throw new Unfit(show(raw));
        }
        if (value.signum() <= 0) {
            throw new Unfit(show(raw));
        }
        return value;
    }

    private static Money price(Object raw) throws Unfit {
        String text = raw instanceof String s ? s : positiveNumber(raw).toPlainString();
        try {
            return Texts.parsePrice(text);
        } catch (IllegalArgumentException malformed) {
            throw new Unfit(show(raw));
        }
    }

    private static Duration duration(Object raw) throws Unfit {
        if (raw instanceof String s) {
            try {
                return Texts.parseDuration(s);
            } catch (IllegalArgumentException malformed) {
                throw new Unfit(show(raw));
            }
        }
        throw new Unfit(show(raw));
    }

    private static URI uri(Object raw) throws Unfit {
        URI uri = httpUri(raw, show(raw));
        if (uri.getUserInfo() != null) {
            throw new Unfit("an address with a user name in it");
        }
        return uri;
    }

    /** A proxy's address may hold a password, so what was found is never shown. */
    private static URI proxyUri(Object raw) throws Unfit {
        URI uri = httpUri(raw, "something else");
        if (uri.getPort() < 0) {
            throw new Unfit("an address without a port");
        }
        return uri;
    }

    private static URI httpUri(Object raw, String was) throws Unfit {
        if (!(raw instanceof String s)) {
            throw new Unfit(was);
        }
        try {
            URI uri = new URI(s);
            boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            if (http && uri.getHost() != null) {
                return uri;
            }
        } catch (URISyntaxException malformed) {
            throw new Unfit(was);
        }
        throw new Unfit(was);
    }

    private static String show(Object raw) {
        if (raw instanceof String s) {
            return "\"" + s + "\"";
        }
        if (raw instanceof TomlArray array) {
            return array.isEmpty() ? "an empty list" : "a list";
        }
        if (raw instanceof TomlTable table) {
            return table.isEmpty() ? "an empty table" : "a table";
        }
        return raw.toString();
    }
}
