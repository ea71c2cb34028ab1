package dev.ephemeralbuilder.testing.simulator;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.sshd.common.NamedResource;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.apache.sshd.common.util.security.SecurityUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of one machine that stands for {@code /etc/ssh}: its host keys, in OpenSSH's names and forms. Commands find
 * it by {@value #VARIABLE}; the server looks at it for each new connection, so there is nothing to be reloaded. Safe for
 * use by many threads.
 */
final class HostKeyFolder {
    /** The variable that tells a command where the host keys of its machine are. */
    static final String VARIABLE = "EPHEMERAL_SSH_DIR";

    private static final Logger log = LoggerFactory.getLogger(HostKeyFolder.class);
    private static final String PREFIX = "ssh_host_";
    private static final String SUFFIX = "_key";

    private final Path folder;
    private Map<Path, String> texts = Map.of();
    private List<KeyPair> keys = List.of();

    HostKeyFolder(Path folder) {
        this.folder = folder;
    }

    Path path() {
        return folder;
    }

    /** Makes the folder, with these keys and no others. */
    void write(List<KeyPair> hostKeys) throws IOException {
        MachineRuntime.delete(folder);
        Files.createDirectories(folder, mode("rwx------"));
        for (KeyPair key : hostKeys) {
            Path file =
                    folder.resolve(PREFIX + kind(key.getPublic().getAlgorithm().toLowerCase(Locale.ROOT)) + SUFFIX);
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            try {
                OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(key, "", null, text);
            } catch (GeneralSecurityException e) {
                throw new IOException("a host key cannot be written", e);
            }
            Files.createFile(file, mode("rw-------"));
            Files.write(file, text.toByteArray());
            Files.writeString(
                    file.resolveSibling(file.getFileName() + ".pub"), PublicKeyEntry.toString(key.getPublic()) + "\n");
        }
        hostKeys();
    }

    private static String kind(String algorithm) {
        return switch (algorithm) {
            case "ec" -> "ecdsa";
            case "eddsa" -> "ed25519";
            default -> algorithm;
        };
    }

    private static FileAttribute<Set<PosixFilePermission>> mode(String mode) {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode));
    }

    /** Returns the keys that are in the folder; the last ones if they cannot be read. */
    synchronized List<KeyPair> hostKeys() {
        try {
            Map<Path, String> found = new TreeMap<>();
            try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, PREFIX + "*" + SUFFIX)) {
                for (Path file : files) {
                    found.put(file, Files.readString(file, StandardCharsets.US_ASCII));
                }
            }
            if (!found.equals(texts)) {
                List<KeyPair> read = new ArrayList<>();
                for (Map.Entry<Path, String> file : found.entrySet()) {
                    SecurityUtils.loadKeyPairIdentities(
                                    null,
                                    NamedResource.ofName(file.getKey().toString()),
                                    new ByteArrayInputStream(file.getValue().getBytes(StandardCharsets.US_ASCII)),
                                    null)
                            .forEach(read::add);
                }
                keys = List.copyOf(read);
                texts = found;
            }
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            // Without the cause: its message may quote the key.
            log.debug(
                    "The host keys in {} cannot be read ({})",
                    folder,
                    e.getClass().getSimpleName());
        }
        return keys;
    }
}
