package dev.ephemeralbuilder.testing.simulator;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.time.Duration;
import java.util.EnumSet;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.channel.ChannelExec;
import org.apache.sshd.client.channel.ClientChannelEvent;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.apache.sshd.core.CoreModuleProperties;
import org.jspecify.annotations.Nullable;

/** Keys and user data of one machine, and a real SSH client for it. */
final class SshKit implements AutoCloseable {
    static final String USER = "builder";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    final KeyPair hostKey = MachineRuntime.newHostKey();
    final KeyPair clientKey = MachineRuntime.newHostKey();
    final AtomicReference<PublicKey> seenHostKey = new AtomicReference<>();
    private final SshClient client = SshClient.setUpDefaultClient();

    SshKit() {
        client.setServerKeyVerifier((session, address, key) -> {
            seenHostKey.set(key);
            return true;
        });
        CoreModuleProperties.TCP_NODELAY.set(client, true);
        client.start();
    }

    String userData() throws IOException, GeneralSecurityException {
        ByteArrayOutputStream key = new ByteArrayOutputStream();
        OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(hostKey, "", null, key);
        return """
                #cloud-config
                ssh_deletekeys: true
                ssh_keys:
                  ecdsa_private: |
                %s
                  ecdsa_public: %s
                ssh_pwauth: false
                users:
                  - name: %s
                    ssh_authorized_keys:
                      - %s
                """.formatted(
                        key.toString(UTF_8).strip().indent(4).stripTrailing(),
                        PublicKeyEntry.toString(hostKey.getPublic()),
                        USER,
                        PublicKeyEntry.toString(clientKey.getPublic()));
    }

    ClientSession connect(SimulatedMachine machine) throws IOException {
        return connect(machine, USER, clientKey);
    }

    ClientSession connect(SimulatedMachine machine, String user, KeyPair key) throws IOException {
        ClientSession session = client.connect(user, machine.address(), machine.sshPort())
                .verify(PATIENCE)
                .getSession();
        try {
            session.addPublicKeyIdentity(key);
            session.auth().verify(PATIENCE);
            return session;
        } catch (IOException | RuntimeException e) {
            session.close(true);
            throw e;
        }
    }

    /** What came of a command; the output in ISO-8859-1, so that every byte is a character. */
    record Result(@Nullable Integer status, String raw, String err) {
        byte[] out() {
            return raw.getBytes(ISO_8859_1);
        }

        String text() {
            return new String(out(), UTF_8);
        }
    }

    static Result run(ClientSession session, String command) throws IOException {
        return run(session, command, InputStream.nullInputStream());
    }

    static Result run(ClientSession session, String command, InputStream in) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        try (ChannelExec channel = session.createExecChannel(command)) {
            channel.setIn(in);
            channel.setOut(out);
            channel.setErr(err);
            channel.open().verify(PATIENCE);
            channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), PATIENCE);
            return new Result(channel.getExitStatus(), out.toString(ISO_8859_1), err.toString(UTF_8));
        }
    }

    @Override
    public void close() {
        client.stop();
    }
}
