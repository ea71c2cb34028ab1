package dev.ephemeralbuilder.samples;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.tomlj.TomlTable;

/**
 * How to log in at a registry. The password itself has no place in a file.
 *
 * @param user the name of the user
 * @param passwordVariable the environment variable that holds the password
 */
record Registry(String user, String passwordVariable) {
    private static final String USER = "user";
    private static final String PASSWORD_ENV = "password-env";

    /** Reads the logins, by the registry's host. What was found is not shown: it may be a password. */
    static Map<String, Registry> byHost(Object raw) throws Setting.Unfit {
        if (!(raw instanceof TomlTable table) || table.isEmpty()) {
            throw new Setting.Unfit("something else");
        }
        Map<String, Registry> registries = new LinkedHashMap<>();
        for (Map.Entry<String, Object> entry : table.entrySet()) {
            registries.put(entry.getKey(), registry(entry.getKey(), entry.getValue()));
        }
        return registries;
    }

    private static Registry registry(String host, Object raw) throws Setting.Unfit {
        if (!(raw instanceof TomlTable table) || !table.keySet().equals(Set.of(USER, PASSWORD_ENV))) {
            throw new Setting.Unfit("something else for " + host, host);
        }
        if (table.get(USER) instanceof String user
                && !user.isBlank()
                && table.get(PASSWORD_ENV) instanceof String variable
                && variable.matches("[A-Za-z_][A-Za-z0-9_]*")) {
            return new Registry(user, variable);
        }
        throw new Setting.Unfit("something else for " + host, host);
    }

    /**
     * Returns the password.
     *
     * @throws CommandException if the variable is not there or is empty
     */
    String password(String host, Map<String, String> environment) {
        String password = environment.getOrDefault(passwordVariable, "");
        if (password.isEmpty()) {
            throw CommandException.usage("[eci.registries] " + host + ": the environment variable " + passwordVariable
                    + ", which is to hold the password of " + user + ", is not set");
        }
        return password;
    }
}
