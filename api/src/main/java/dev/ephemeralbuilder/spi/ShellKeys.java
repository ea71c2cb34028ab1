package dev.ephemeralbuilder.spi;

import static java.util.Objects.requireNonNull;

import java.security.KeyPair;
import java.util.Set;
import java.util.TreeSet;

/**
 * What proves both sides of a shell to each other. {@link #toString} shows no key.
 *
 * @param client the client's key pair, ECDSA on P-256
 * @param hostKeyFingerprints SHA-256 fingerprints of the host keys that the machine may show, Base64 without padding,
 *     as in OpenSSH's {@code SHA256:…} without the prefix. One, but for the time in which the machine's host key is
 *     replaced: then the old one and the new one
 */
public record ShellKeys(KeyPair client, Set<String> hostKeyFingerprints) {
    /**
     * Checks the parts.
     *
     * @throws IllegalArgumentException if there is no fingerprint
     */
    public ShellKeys {
        requireNonNull(client, "client");
        hostKeyFingerprints = Set.copyOf(hostKeyFingerprints);
        if (hostKeyFingerprints.isEmpty()) {
            throw new IllegalArgumentException("a machine must be known by its host key");
        }
    }

    /** Creates the keys of a machine that shows one host key and no other. */
    public ShellKeys(KeyPair client, String hostKeyFingerprint) {
        this(client, Set.of(hostKeyFingerprint));
    }

    /** Returns whether a host key with this fingerprint is the machine's. */
    public boolean accept(String hostKeyFingerprint) {
        return hostKeyFingerprints.contains(hostKeyFingerprint);
    }

    @Override
    public String toString() {
        return "ShellKeys[host=" + String.join(" or ", new TreeSet<>(hostKeyFingerprints)) + "]";
    }
}
