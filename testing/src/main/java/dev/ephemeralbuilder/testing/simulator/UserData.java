package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.sshd.common.NamedResource;
import org.apache.sshd.common.config.keys.AuthorizedKeyEntry;
import org.apache.sshd.common.config.keys.PublicKeyEntryResolver;
import org.apache.sshd.common.util.security.SecurityUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What cloud-init would take from the user data of a machine, as far as SSH goes (ssh-and-testing, 3): host keys from
 * {@code ssh_keys}, users and their keys from {@code users}; keys at the top level belong to {@code root}, the default
 * user of Alibaba Cloud's images [unconfirmed].
 *
 * <p>Nothing else is obeyed: commands and files in user data are meant for root of a machine of its own, and here they
 * would reach the host. Holds keys; {@link #toString} shows none.
 */
final class UserData {
    private static final Logger log = LoggerFactory.getLogger(UserData.class);
    private static final YAMLMapper YAML = new YAMLMapper();

    private final List<KeyPair> hostKeys = new ArrayList<>();
    private final Map<String, List<PublicKey>> logins = new LinkedHashMap<>();

    private UserData() {}

    /** Reads user data; what is not cloud-config, or not well formed, gives a machine that nobody can enter. */
    static UserData parse(byte[] raw) {
        UserData data = new UserData();
        String text = new String(raw, StandardCharsets.UTF_8);
        if (!text.startsWith("#cloud-config")) {
            return data;
        }
        try {
            data.read(YAML.readTree(text));
        } catch (IOException e) {
            // The message of a parser may quote the text, and that holds a private key.
            log.debug("User data is no valid cloud-config ({})", e.getClass().getSimpleName());
        }
        return data;
    }

    private void read(JsonNode config) {
        JsonNode hostKeyTexts = config.path("ssh_keys");
        for (String kind : List.of("ecdsa", "rsa", "ed25519")) {
            String text = hostKeyTexts.path(kind + "_private").asText("");
            if (!text.isBlank()) {
                addHostKey(kind, text);
            }
        }
        addKeys("root", config.path("ssh_authorized_keys"));
        for (JsonNode user : config.path("users")) {
            addKeys(user.path("name").asText(""), user.path("ssh_authorized_keys"));
        }
    }

    private void addHostKey(String kind, String text) {
        try {
            SecurityUtils.loadKeyPairIdentities(
                            null,
                            NamedResource.ofName(kind),
                            new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)),
                            null)
                    .forEach(hostKeys::add);
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            log.debug(
                    "The {} host key of user data is unusable ({})",
                    kind,
                    e.getClass().getSimpleName());
        }
    }

    private void addKeys(String user, JsonNode lines) {
        if (user.isEmpty()) {
            return;
        }
        List<PublicKey> keys = logins.computeIfAbsent(user, name -> new ArrayList<>());
        for (JsonNode line : lines) {
            try {
                PublicKey key = AuthorizedKeyEntry.parseAuthorizedKeyEntry(line.asText())
                        .resolvePublicKey(null, PublicKeyEntryResolver.IGNORING);
                if (key != null) {
                    keys.add(key);
                }
            } catch (IOException | GeneralSecurityException | RuntimeException e) {
                log.debug(
                        "A client key of user data is unusable ({})",
                        e.getClass().getSimpleName());
            }
        }
    }

    /** Returns the host keys, empty if there is none. */
    List<KeyPair> hostKeys() {
        return hostKeys;
    }

    /** Returns the keys that may log in as a user. */
    List<PublicKey> keysOf(String user) {
        return logins.getOrDefault(user, List.of());
    }

    /** Returns the first user who can log in, or root. */
    String mainUser() {
        return logins.entrySet().stream()
                .filter(entry -> !entry.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse("root");
    }

    @Override
    public String toString() {
        return "UserData[" + hostKeys.size() + " host keys, users " + logins.keySet() + "]";
    }
}
