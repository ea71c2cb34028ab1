package dev.ephemeralbuilder.samples;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The script's environment from {@code --env} and {@code --env-file}. No message shows a value. */
final class EnvironmentOptions {
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    private EnvironmentOptions() {}

    /**
     * Returns the variables; those of options win over those of files.
     *
     * @param options each {@code K=V}, or {@code K} for the caller's own value
     * @param files each with a {@code K=V} or {@code K} per line, blank lines and lines that begin with #
     * @throws CommandException if one is malformed or cannot be read
     */
    static Map<String, String> read(List<String> options, List<Path> files, Map<String, String> caller) {
        Map<String, String> variables = new LinkedHashMap<>();
        for (Path file : files) {
            List<String> lines = lines(file);
            for (int i = 0; i < lines.size(); i++) {
                String line = lines.get(i);
                if (!line.isBlank() && !line.startsWith("#")) {
                    put(line, file + ":" + (i + 1), caller, variables);
                }
            }
        }
        options.forEach(option -> put(option, "--env", caller, variables));
        return variables;
    }

    private static void put(String text, String where, Map<String, String> caller, Map<String, String> variables) {
        int equals = text.indexOf('=');
        String name = equals < 0 ? text : text.substring(0, equals);
        if (!NAME.matcher(name).matches()) {
            throw CommandException.usage(
                    where + ": expected NAME=VALUE, with a name of letters, digits and _ that begins with no digit");
        }
        if (equals >= 0) {
            variables.put(name, text.substring(equals + 1));
            return;
        }
        String inherited = caller.get(name);
        if (inherited == null) {
            throw CommandException.usage(where + ": " + name + " has no value here; write " + name + "=VALUE");
        }
        variables.put(name, inherited);
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (NoSuchFileException absent) {
            throw CommandException.usage("--env-file: there is no file " + file);
        } catch (CharacterCodingException malformed) {
            throw CommandException.usage("--env-file: " + file + " is not UTF-8 text");
        } catch (IOException e) {
            throw CommandException.usage("--env-file: " + file + " cannot be read (" + e + ")");
        }
    }
}
