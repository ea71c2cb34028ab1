package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.ConfigurationException;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.Base64;

/**
 * The user data of a machine: a cloud-init document that gives it the host key that we expect, one login user, and the
 * one key that may log in (ssh-and-testing, section 3).
 */
final class CloudConfig {
    /** The cloud's limit, before Base64 (ecs-openapi, 1.2). */
    static final int MAX_BYTES = 32 * 1024;

    private CloudConfig() {}

    /**
     * Returns the document in Base64, always the same for the same keys: the create call must be repeatable.
     *
     * @throws ConfigurationException if it is too long or a key cannot be written in OpenSSH's form
     */
    static String userData(String user, KeyPair hostKey, PublicKey clientKey) {
        byte[] document = document(user, hostKey, clientKey).getBytes(StandardCharsets.UTF_8);
        if (document.length > MAX_BYTES) {
            throw new ConfigurationException(
                    "the user data has " + document.length + " bytes, the cloud takes " + MAX_BYTES,
                    "UserDataTooLong",
                    null,
                    null);
        }
        return Base64.getEncoder().encodeToString(document);
    }

    private static String document(String user, KeyPair hostKey, PublicKey clientKey) {
        try {
            return """
                    #cloud-config
                    ssh_deletekeys: true
                    ssh_keys:
                      ecdsa_private: |
                    %s
                      ecdsa_public: %s
                    ssh_pwauth: false
                    no_ssh_fingerprints: true
                    ssh:
                      emit_keys_to_console: false
                    users:
                      - name: %s
                        shell: /bin/bash
                        lock_passwd: true
                        sudo: "ALL=(ALL) NOPASSWD:ALL"
                        ssh_authorized_keys:
                          - %s
                    """.formatted(
                            OpenSshKeys.privateText(hostKey).indent(4).stripTrailing(),
                            OpenSshKeys.publicLine(hostKey.getPublic()),
                            user,
                            OpenSshKeys.publicLine(clientKey));
        } catch (InvalidKeyException e) {
            throw new ConfigurationException(
                    "host key and client key must be ECDSA on P-256", "KeyUnusable", null, null);
        }
    }
}
