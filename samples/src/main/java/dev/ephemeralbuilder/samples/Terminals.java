package dev.ephemeralbuilder.samples;

import java.util.Map;
import java.util.Properties;

/** Decides whether a line may be rewritten. */
final class Terminals {
    /** Set by the launcher: Java cannot ask the system about standard error alone. */
    static final String PROPERTY = "ephemeral.terminal";

    private Terminals() {}

    /** Returns whether standard error is a terminal that can erase a line, and no CI system's log. */
    static boolean live(Map<String, String> environment, Properties properties) {
        String term = environment.getOrDefault("TERM", "");
        boolean ci = !environment.getOrDefault("CI", "").isEmpty();
        if (term.isEmpty() || term.equals("dumb") || ci) {
            return false;
        }
        return Boolean.parseBoolean(properties.getProperty(PROPERTY));
    }
}
