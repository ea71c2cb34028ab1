package dev.ephemeralbuilder.samples;

import static java.util.stream.Collectors.toCollection;

import dev.ephemeralbuilder.samples.product.Product;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/**
 * What {@code ephemeral.toml} says, checked: whoever holds one holds values of the right kind. A mistake is one message
 * with file, line and key.
 */
final class Settings {
    /** The file that is read when none is named. */
    private static final String DEFAULT_FILE = "ephemeral.toml";

    static final String WHERE_CREDENTIALS_COME_FROM =
            "credentials come from ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, the aliyun CLI's"
                    + " profile, the machine's RAM role or OIDC";

    private static final Pattern SECRET =
            Pattern.compile("access[-_]?key|secret|password|passwd|token", Pattern.CASE_INSENSITIVE);
    private static final int FAR = 3;

    private final @Nullable Path file;
    private final Map<Setting<?>, Object> values;
    private final Map<String, Integer> tableLines;

    private Settings(@Nullable Path file, Map<Setting<?>, Object> values, Map<String, Integer> tableLines) {
        this.file = file;
        this.values = values;
        this.tableLines = tableLines;
    }

    /** Returns settings without any value. */
    static Settings none() {
        return new Settings(null, Map.of(), Map.of());
    }

    /**
     * Reads and checks a file.
     *
     * @throws CommandException if it cannot be read or holds a mistake
     */
    static Settings read(Path file) {
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException absent) {
            throw CommandException.usage("there is no file " + file + "; docs/first-run.md shows one, and \"ephemeral"
                    + " simulate --write-config\" writes one");
        } catch (CharacterCodingException malformed) {
            throw CommandException.usage(file + ": is not UTF-8 text");
        } catch (IOException e) {
            throw CommandException.usage(file + ": cannot be read (" + e + ")");
        }
        TomlParseResult toml = Toml.parse(text);
        if (toml.hasErrors()) {
            throw malformed(file, text, toml.errors().get(0));
        }
        return new Reader(file, toml).read();
    }

    /**
     * Reads and checks the file that is named, from the folder, or else the one that is there if none is.
     *
     * @throws CommandException if it cannot be read or holds a mistake, or if there is none of the name
     */
    static Settings in(Path folder, @Nullable Path named) {
        if (named != null) {
            return read(folder.resolve(named));
        }
        Path here = folder.resolve(DEFAULT_FILE);
        return Files.exists(here) ? read(here) : none();
    }

    /** Returns the value of a setting, if the file has one, or else that of the setting that counts in its place. */
    <T> Optional<T> get(Setting<T> setting) {
        return value(values, setting);
    }

    private static <T> Optional<T> value(Map<Setting<?>, Object> values, Setting<T> setting) {
        @SuppressWarnings("unchecked") // Only the setting's own parser puts a value there.
        T value = (T) values.get(setting);
        Setting<T> otherwise = setting.otherwise();
        return value == null && otherwise != null ? value(values, otherwise) : Optional.ofNullable(value);
    }

    /** Returns whether the file has the table of a product. */
    boolean has(Product product) {
        return tableLines.containsKey(product.id());
    }

    /**
     * Returns the value of a setting.
     *
     * @throws CommandException if the file has none
     */
    <T> T require(Setting<T> setting) {
        return get(setting).orElseThrow(() -> missing(setting, ""));
    }

    /** Returns the failure for a setting that is not there; {@code otherwise} says how else it may be given. */
    CommandException missing(Setting<?> setting, String otherwise) {
        Setting<?> other = setting.otherwise();
        String there = other == null ? "" : ", there or as " + other.label();
        String expected = ": expected " + setting.expected() + there + otherwise;
        if (file == null) {
            return CommandException.usage(setting.label() + " is missing and there is no " + DEFAULT_FILE + expected);
        }
        int line = tableLines.getOrDefault(setting.table(), 1);
        return CommandException.usage(file + ":" + line + ": " + setting.label() + " is missing" + expected);
    }

    private static CommandException malformed(Path file, String text, TomlParseError error) {
        int line = error.position().line();
        String source = text.lines().skip(line - 1L).findFirst().orElse("");
        // The parser's message quotes the line.
        String message = SECRET.matcher(source).find() ? secretMessage() : firstLine(error.getMessage());
        return CommandException.usage(file + ":" + at(error.position()) + ": malformed TOML: " + message);
    }

    private static String firstLine(@Nullable String text) {
        return text == null ? "cannot be understood" : text.lines().findFirst().orElse("");
    }

    private static String secretMessage() {
        return "secrets have no place in this file; " + WHERE_CREDENTIALS_COME_FROM;
    }

    private static String at(TomlPosition position) {
        return position.line() + ":" + position.column();
    }

    /** One pass over a file that collects values and mistakes. */
    private static final class Reader {
        private final Path file;
        private final TomlParseResult toml;
        private final Map<Setting<?>, Object> values = new HashMap<>();
        private final List<Mistake> mistakes = new ArrayList<>();

        private record Mistake(TomlPosition position, String message) {}

        Reader(Path file, TomlParseResult toml) {
            this.file = file;
            this.toml = toml;
        }

        Settings read() {
            Set<String> tables = Setting.ALL.stream().map(Setting::table).collect(toCollection(LinkedHashSet::new));
            Map<String, Integer> lines = new HashMap<>();
            for (Map.Entry<String, Object> entry : toml.entrySet()) {
                String name = entry.getKey();
                TomlPosition position = position(List.of(name));
                lines.put(name, position.line());
                String label = entry.getValue() instanceof TomlTable ? "[" + name + "]" : name;
                if (SECRET.matcher(name).find()) {
                    mistakes.add(new Mistake(position, name + ": " + secretMessage()));
                } else if (!tables.contains(name)) {
                    mistakes.add(new Mistake(position, unknown(name, label, tables, "table")));
                } else if (entry.getValue() instanceof TomlTable table) {
                    table(name, table);
                } else {
                    mistakes.add(new Mistake(position, name + " must be a table, written as [" + name + "]"));
                }
            }
            zonesAreOfTheRegion();
            mistakes.stream()
                    .min(Comparator.<Mistake>comparingInt(m -> m.position.line())
                            .thenComparingInt(m -> m.position.column()))
                    .ifPresent(first -> {
                        throw CommandException.usage(file + ":" + at(first.position) + ": " + first.message);
                    });
            return new Settings(file, values, lines);
        }

        private void table(String name, TomlTable table) {
            Set<String> known = new LinkedHashSet<>();
            for (Setting<?> setting : Setting.ALL) {
                if (setting.table().equals(name)) {
                    known.add(setting.key());
                    Object raw = table.get(List.of(setting.key()));
                    if (raw != null) {
                        take(setting, raw);
                    }
                }
            }
            for (String key : table.keySet()) {
                TomlPosition position = position(List.of(name, key));
                if (SECRET.matcher(key).find()) {
                    mistakes.add(new Mistake(position, "[" + name + "] " + key + ": " + secretMessage()));
                } else if (!known.contains(key)) {
                    mistakes.add(new Mistake(position, unknown(key, "[" + name + "] " + key, known, "key")));
                }
            }
        }

        private void take(Setting<?> setting, Object raw) {
            try {
                values.put(setting, setting.parser().parse(raw));
            } catch (Setting.Unfit unfit) {
                List<String> path = new ArrayList<>(List.of(setting.table(), setting.key()));
                unfit.entry().ifPresent(path::add);
                mistakes.add(new Mistake(
                        position(path),
                        setting.label() + ": expected " + setting.expected() + ", was " + unfit.getMessage()));
            }
        }

        private void zonesAreOfTheRegion() {
            for (Product product : Product.values()) {
                ProductSettings of = Setting.of(product);
                // What both have in common has been looked at where it stands.
                if (toml.contains(List.of(product.id()))) {
                    value(values, of.region)
                            .ifPresent(region ->
                                    value(values, of.vSwitches).ifPresent(all -> zones(of, region, all.keySet())));
                }
            }
        }

        private void zones(ProductSettings of, String region, Set<String> zones) {
            boolean own = values.containsKey(of.vSwitches);
            String table = of.product().id();
            for (String zone : zones) {
                if (!zone.startsWith(region)) {
                    mistakes.add(new Mistake(
                            position(own ? List.of(table, of.vSwitches.key(), zone) : List.of(table, of.region.key())),
                            "[" + table + ".vswitches] " + zone + ": expected a zone of region " + region));
                }
            }
        }

        private TomlPosition position(List<String> path) {
            TomlPosition position = toml.inputPositionOf(path);
            return position == null ? TomlPosition.positionAt(1, 1) : position;
        }

        private static String unknown(String name, String label, Set<String> known, String noun) {
            String wanted = plain(name);
            Optional<String> near = known.stream()
                    .filter(k -> distance(wanted, plain(k)) <= FAR)
                    .min(Comparator.comparingInt(k -> distance(wanted, plain(k))));
            String hint = near.map(k -> "; did you mean " + k + "?").orElse("; known are " + String.join(", ", known));
            return label + ": there is no such " + noun + hint;
        }

        private static String plain(String key) {
            return key.toLowerCase(Locale.ROOT).replaceAll("[-_.]", "");
        }

        /** Returns the edit distance. */
        private static int distance(String a, String b) {
            int[] row = new int[b.length() + 1];
            Arrays.setAll(row, i -> i);
            for (int i = 1; i <= a.length(); i++) {
                int diagonal = row[0];
                row[0] = i;
                for (int j = 1; j <= b.length(); j++) {
                    int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                    diagonal = row[j];
                    row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
                }
            }
            return row[b.length()];
        }
    }
}
