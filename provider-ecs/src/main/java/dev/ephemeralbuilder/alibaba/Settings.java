package dev.ephemeralbuilder.alibaba;

import static java.util.Objects.requireNonNull;

import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Checks of settings that name the setting in what they throw. */
final class Settings {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[::1]");

    private Settings() {}

    static <T> T required(@Nullable T value, String setting) {
        if (value == null) {
            throw new IllegalStateException(setting + " is required");
        }
        return value;
    }

    /** A name that becomes part of a host name. */
    static String name(String value, String setting) {
        if (!NAME.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    setting + " must be lower-case letters, digits and hyphens, was " + value);
        }
        return value;
    }

    static Duration positive(Duration value, String setting) {
        if (value.isZero() || value.isNegative()) {
            throw new IllegalArgumentException(setting + " must be positive, was " + value);
        }
        return value;
    }

    static URI endpoint(URI value, String setting) {
        String scheme = scheme(value, setting);
        boolean secure = scheme.equals("https");
        boolean loopback = LOOPBACK.matcher(requireNonNull(value.getHost()).toLowerCase(Locale.ROOT))
                .matches();
        if (!secure && !(scheme.equals("http") && loopback)) {
            throw new IllegalArgumentException(setting + " must be https, or http on a loopback address, was " + scheme
                    + " on " + value.getHost());
        }
        return value;
    }

    static InetSocketAddress proxy(URI value, String setting) {
        if (!scheme(value, setting).equals("http") || value.getPort() < 0) {
            throw new IllegalArgumentException(setting + " must be http://host:port");
        }
        // Not resolved here: the client does that for each connection.
        return InetSocketAddress.createUnresolved(requireNonNull(value.getHost()), value.getPort());
    }

    private static String scheme(URI value, String setting) {
        // The value itself stays out of messages: its user part may be a password.
        if (value.getScheme() == null || value.getHost() == null || value.getRawUserInfo() != null) {
            throw new IllegalArgumentException(setting + " must be scheme://host[:port], without a user");
        }
        if (value.getRawQuery() != null || value.getRawFragment() != null) {
            throw new IllegalArgumentException(setting + " must have no query and no fragment");
        }
        return value.getScheme();
    }
}
