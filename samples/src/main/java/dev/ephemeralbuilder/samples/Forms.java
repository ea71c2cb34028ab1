package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.samples.product.Product;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.tomlj.TomlArray;
import org.tomlj.TomlTable;

/** What the values of settings look like in a file. Each refuses what does not look like it. */
final class Forms {
    static final Pattern WORD = Pattern.compile("\\S+");

    private Forms() {}

    static Setting<String> text(String table, String key, String expected, Pattern form) {
        return new Setting<>(table, key, expected, raw -> {
            if (raw instanceof String s && form.matcher(s).matches()) {
                return s;
            }
            throw new Setting.Unfit(show(raw));
        });
    }

    static Setting<List<String>> texts(String table, String key, String expected) {
        return new Setting<>(table, key, expected, raw -> {
            if (!(raw instanceof TomlArray array) || array.isEmpty()) {
                throw new Setting.Unfit(show(raw));
            }
            List<String> values = new ArrayList<>();
            for (Object element : array.toList()) {
                if (!(element instanceof String s) || s.isBlank()) {
                    throw new Setting.Unfit("a list with " + show(element));
                }
                values.add(s);
            }
            return List.copyOf(values);
        });
    }

    static Map<String, String> textsByName(Object raw) throws Setting.Unfit {
        if (!(raw instanceof TomlTable table) || table.isEmpty()) {
            throw new Setting.Unfit(show(raw));
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (Map.Entry<String, Object> entry : table.entrySet()) {
            if (!(entry.getValue() instanceof String s) || s.isBlank()) {
                throw new Setting.Unfit(show(entry.getValue()) + " for " + entry.getKey(), entry.getKey());
            }
            values.put(entry.getKey(), s);
        }
        return values;
    }

    static boolean flag(Object raw) throws Setting.Unfit {
        if (raw instanceof Boolean b) {
            return b;
        }
        throw new Setting.Unfit(show(raw));
    }

    static int integer(Object raw, int least, int most) throws Setting.Unfit {
        if (raw instanceof Long n && n >= least && n <= most) {
            return n.intValue();
        }
        throw new Setting.Unfit(show(raw));
    }

    static BigDecimal positiveNumber(Object raw) throws Setting.Unfit {
        BigDecimal value;
        if (raw instanceof Long n) {
            value = BigDecimal.valueOf(n);
        } else if (raw instanceof Double n && Double.isFinite(n)) {
            value = BigDecimal.valueOf(n);
        } else {
            throw new Setting.Unfit(show(raw));
        }
        if (value.signum() <= 0) {
            throw new Setting.Unfit(show(raw));
        }
        return value;
    }

    static Money price(Object raw) throws Setting.Unfit {
        String text = raw instanceof String s ? s : positiveNumber(raw).toPlainString();
        try {
            return Texts.parsePrice(text);
        } catch (IllegalArgumentException malformed) {
            throw new Setting.Unfit(show(raw));
        }
    }

    static Duration duration(Object raw) throws Setting.Unfit {
        if (raw instanceof String s) {
            try {
                return Texts.parseDuration(s);
            } catch (IllegalArgumentException malformed) {
                throw new Setting.Unfit(show(raw));
            }
        }
        throw new Setting.Unfit(show(raw));
    }

    /** The address of a product's API. */
    static Setting<URI> endpoint(String table, String key, Product product) {
        String expected = "an address such as \"https://" + product.id() + ".cn-hangzhou.aliyuncs.com\"";
        return new Setting<>(table, key, expected, Forms::uri);
    }

    private static URI uri(Object raw) throws Setting.Unfit {
        URI uri = httpUri(raw, show(raw));
        if (uri.getUserInfo() != null) {
            throw new Setting.Unfit("an address with a user name in it");
        }
        return uri;
    }

    /** A proxy's address may hold a password, so what was found is never shown. */
    static URI proxyUri(Object raw) throws Setting.Unfit {
        URI uri = httpUri(raw, "something else");
        if (uri.getPort() < 0) {
            throw new Setting.Unfit("an address without a port");
        }
        return uri;
    }

    private static URI httpUri(Object raw, String was) throws Setting.Unfit {
        if (!(raw instanceof String s)) {
            throw new Setting.Unfit(was);
        }
        try {
            URI uri = new URI(s);
            boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            if (http && uri.getHost() != null) {
                return uri;
            }
        } catch (URISyntaxException malformed) {
            throw new Setting.Unfit(was);
        }
        throw new Setting.Unfit(was);
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
