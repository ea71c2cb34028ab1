package dev.ephemeralbuilder.samples.bench;

import com.aliyuncs.exceptions.ClientException;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.time.Duration;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntConsumer;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.channel.ChannelExec;
import org.apache.sshd.client.channel.ClientChannelEvent;
import org.apache.sshd.client.keyverifier.AcceptAllServerKeyVerifier;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.apache.sshd.core.CoreModuleProperties;

/** Instances, with {@link PlainApi} and one SSH connection for the script. */
final class PlainMachines implements PlainWay {
    private static final String USER = "builder";
    private static final Duration BETWEEN_CONNECTS = Duration.ofSeconds(5);
    private static final int MOST_CONNECTS = 60;
    private static final Duration SSH = Duration.ofSeconds(20);

    private final PlainApi api;
    private final Ticker ticker;
    private final int sshPort;
    private final KeyPair clientKey = Keys.ecdsa();
    private final String userData = userData(Keys.ecdsa(), clientKey);
    private final Map<String, String> addresses = new ConcurrentHashMap<>();
    private final SshClient ssh = SshClient.setUpDefaultClient();

    PlainMachines(CloudFacts facts, PlainPlace place, Ticker ticker) {
        this.api = new PlainApi(facts, place, ticker);
        this.ticker = ticker;
        this.sshPort = facts.sshPort();
        ssh.setServerKeyVerifier(AcceptAllServerKeyVerifier.INSTANCE);
        CoreModuleProperties.TCP_NODELAY.set(ssh, true);
        ssh.start();
    }

    @Override
    public String create(String request) throws ClientException {
        return api.run(request, userData);
    }

    @Override
    public boolean awaitRunning(String id) throws ClientException, InterruptedException {
        Optional<String> address = api.awaitAddress(id);
        address.ifPresent(there -> addresses.put(id, there));
        return address.isPresent();
    }

    @Override
    public Ran script(String id, BuildLog script, IntConsumer seen) throws IOException, InterruptedException {
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        try (ClientSession session = connect(addresses.getOrDefault(id, ""));
                ChannelExec channel = session.createExecChannel(script.script())) {
            channel.setOut(new OutputStream() {
                @Override
                public void write(int b) {
                    write(new byte[] {(byte) b}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int offset, int length) {
                    log.write(bytes, offset, length);
                    seen.accept(length);
                }
            });
            channel.open().verify(SSH);
            channel.waitFor(
                    EnumSet.of(ClientChannelEvent.CLOSED), script.length().plus(SLACK));
            return new Ran(channel.getExitStatus(), log.toString(StandardCharsets.UTF_8));
        }
    }

    @Override
    public void delete(String id) throws ClientException {
        addresses.remove(id);
        api.delete(id);
    }

    private ClientSession connect(String address) throws IOException, InterruptedException {
        for (int tries = 1; ; tries++) {
            try {
                return login(address);
            } catch (IOException e) {
                if (tries == MOST_CONNECTS) {
                    throw e;
                }
                Pause.on(ticker, BETWEEN_CONNECTS);
            }
        }
    }

    private ClientSession login(String address) throws IOException {
        ClientSession session = ssh.connect(USER, address, sshPort).verify(SSH).getSession();
        try {
            session.addPublicKeyIdentity(clientKey);
            session.auth().verify(SSH);
            return session;
        } catch (IOException | RuntimeException e) {
            session.close(true);
            throw e;
        }
    }

    private static String userData(KeyPair hostKey, KeyPair clientKey) {
        ByteArrayOutputStream key = new ByteArrayOutputStream();
        try {
            OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(hostKey, "", null, key);
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("a new key can be written", e);
        }
        String document = """
                #cloud-config
                ssh_keys:
                  ecdsa_private: |
                %s
                users:
                  - name: %s
                    ssh_authorized_keys:
                      - %s
                """.formatted(
                        key.toString(StandardCharsets.UTF_8).strip().indent(4).stripTrailing(),
                        USER,
                        PublicKeyEntry.toString(clientKey.getPublic()));
        return Base64.getEncoder().encodeToString(document.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        ssh.stop();
        api.close();
    }
}
