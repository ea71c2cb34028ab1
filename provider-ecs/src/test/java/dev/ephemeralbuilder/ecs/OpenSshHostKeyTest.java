package dev.ephemeralbuilder.ecs;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.InvalidKeyException;
import java.security.KeyPair;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A real OpenSSH server is given another host key over a connection to it. */
@Timeout(60)
@Tag("once")
class OpenSshHostKeyTest {
    private final OpenSshLogin owner = OpenSshLogin.available().get(0);
    private final KeyPair next = Fixtures.keys();
    private OpenSshServer server;
    private SshConnector connector;

    OpenSshHostKeyTest() {
        OpenSshLogin.assumeServer();
        start(owner);
    }

    private void start(OpenSshLogin login) {
        server = new OpenSshServer(login, Fixtures.HOST, Fixtures.CLIENT.getPublic());
        connector = new SshConnector(server.user());
    }

    @AfterEach
    void stop() {
        connector.close();
        server.close();
    }

    private Shell connect(KeyPair expected) throws InterruptedException, InvalidKeyException {
        ShellKeys keys = new ShellKeys(Fixtures.CLIENT, OpenSshKeys.fingerprint(expected.getPublic()));
        return connector.connect("i-1", server.address(), keys);
    }

    private void assertShown(KeyPair key, KeyPair notAnyMore) throws InterruptedException, InvalidKeyException {
        connect(key).close();
        assertThatThrownBy(() -> connect(notAnyMore).close())
                .isInstanceOfSatisfying(
                        ProviderException.class, e -> assertThat(e.code()).contains("HostKeyMismatch"));
    }

    private Set<String> files() throws IOException {
        try (Stream<Path> files = Files.list(server.hostKeys())) {
            Set<String> names = new TreeSet<>();
            files.forEach(file -> names.add(file.getFileName().toString()));
            return names;
        }
    }

    @Test
    void newConnectionsAreShownTheNewKeyAndNoOther() throws Exception {
        try (Shell shell = connect(Fixtures.HOST)) {
            assertThat(shell.replaceHostKey(next)).isTrue();
            assertShown(next, Fixtures.HOST);
        }
        assertThat(files()).containsExactly("ssh_host_ecdsa_key", "ssh_host_ecdsa_key.pub", "sshd.pid");
        Path key = server.hostKeys().resolve("ssh_host_ecdsa_key");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
                .isEqualTo("rw-------");
        assertThat(key).hasContent(OpenSshKeys.privateText(next));
    }

    @Test
    void theConnectionItCameOverGoesOn() throws Exception {
        try (Shell shell = connect(Fixtures.HOST);
                Channel before = shell.open("read line; echo \"$line\"")) {
            assertThat(shell.replaceHostKey(next)).isTrue();
            Channels.await(Channels.send(before, "still here\n".getBytes(US_ASCII)));
            assertThat(Channels.text(before)).isEqualTo("still here\n");
            assertThat(shell.isOpen()).isTrue();
        }
    }

    @Test
    void theOrderMayBeRepeatedOverAnOldAndOverANewConnection() throws Exception {
        try (Shell old = connect(Fixtures.HOST)) {
            assertThat(old.replaceHostKey(next)).isTrue();
            assertThat(old.replaceHostKey(next)).isTrue();
            try (Shell fresh = connect(next)) {
                assertThat(fresh.replaceHostKey(next)).isTrue();
            }
        }
        assertShown(next, Fixtures.HOST);
    }

    @Test
    void thePrivateKeyIsInNothingThatTheServerSays() throws Exception {
        try (Shell shell = connect(Fixtures.HOST)) {
            assertThat(shell.replaceHostKey(next)).isTrue();
            assertThat(shell.toString()).doesNotContain(secrets());
        }
        assertThat(server.log()).contains("Starting session: command").doesNotContain(secrets());
    }

    private List<String> secrets() throws InvalidKeyException {
        return OpenSshKeys.privateText(next).lines().skip(2).limit(3).toList();
    }

    @Test
    void theKeysOfAnotherServerAreNotTouched() throws Exception {
        Path known = server.hostKeys().resolve("ssh_host_ecdsa_key.pub");
        Files.writeString(known, OpenSshKeys.publicLine(Fixtures.keys().getPublic()) + "\n");
        Set<String> before = files();
        try (Shell shell = connect(Fixtures.HOST)) {
            assertThatThrownBy(() -> shell.replaceHostKey(next))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("folder of host keys");
        }
        assertThat(files()).isEqualTo(before);
        assertShown(Fixtures.HOST, next);
    }

    @Test
    void aUserWithoutTheRightsIsToldWhatItTakes() throws Exception {
        assumeTrue(OpenSshLogin.available().contains(OpenSshLogin.BUILDER), "there is one user here");
        stop();
        start(OpenSshLogin.BUILDER);
        try (Shell shell = connect(Fixtures.HOST)) {
            assertThatThrownBy(() -> shell.replaceHostKey(next))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("i-1")
                    .hasMessageContaining("sudo");
        }
        assertShown(Fixtures.HOST, next);
    }

    @Test
    void aServerThatCannotBeToldIsAnError() throws Exception {
        try (Shell shell = connect(Fixtures.HOST)) {
            // The server writes the file before it takes its first connection, and not again.
            Files.writeString(server.hostKeys().resolve("sshd.pid"), "none\n");
            assertThatThrownBy(() -> shell.replaceHostKey(next))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("read its keys again");
        }
    }

    @Test
    void aConnectionThatIsLostLeavesItOpenWhichKeyIsShown() throws Exception {
        try (Shell shell = connect(Fixtures.HOST)) {
            server.cutAll();
            assertThatThrownBy(() -> shell.replaceHostKey(next))
                    .isInstanceOfSatisfying(
                            ProviderException.class,
                            e -> assertThat(e.retryable()).isTrue());
        }
        assertShown(Fixtures.HOST, next);
    }
}
