package dev.ephemeralbuilder.spi;

import static java.util.Objects.requireNonNull;

import java.security.KeyPair;

/**
 * What proves both sides of a shell to each other. {@link #toString} shows no key.
 *
 * @param client the client's key pair, ECDSA on P-256
 * @param hostKeyFingerprint SHA-256 fingerprint of the host key, Base64 without padding, as in OpenSSH's
 *     {@code SHA256:…} without the prefix
 */
public record ShellKeys(KeyPair client, String hostKeyFingerprint) {
    /** Checks the parts. */
    public ShellKeys {
        requireNonNull(client, "client");
        requireNonNull(hostKeyFingerprint, "hostKeyFingerprint");
    }

    @Override
    public String toString() {
        return "ShellKeys[host=" + hostKeyFingerprint + "]";
    }
}
