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
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.channel.ChannelExec;
import org.apache.sshd.client.channel.ClientChannelEvent;
import org.apache.sshd.client.keyverifier.AcceptAllServerKeyVerifier;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.apache.sshd.core.CoreModuleProperties;

/**
 * What most teams write: a create call, a look every five seconds, the script over one SSH connection, and the deletion in
 * a {@code finally}. What goes wrong is an exception, and the job is run again from the start; a deletion that fails is
 * logged.
 */
final class PlainLoop implements Contestant {
    private static final String USER = "builder";
    private static final Duration BETWEEN_CONNECTS = Duration.ofSeconds(5);
    private static final int MOST_CONNECTS = 24;
    private static final Duration SSH = Duration.ofSeconds(20);
    private static final Duration SCRIPT = Duration.ofMinutes(2);

    private final PlainApi api;
    private final Ticker ticker;
    private final int sshPort;
    private final Mischief mischief;
    private final KeyPair clientKey = Keys.ecdsa();
    private final String userData = userData(Keys.ecdsa(), clientKey);
    private final AtomicInteger failedDeletions = new AtomicInteger();
    private final SshClient ssh = SshClient.setUpDefaultClient();

    PlainLoop(CloudFacts facts, Ticker ticker, Mischief mischief) {
        this.api = new PlainApi(facts, ticker);
        this.ticker = ticker;
        this.sshPort = facts.sshPort();
        this.mischief = mischief;
        ssh.setServerKeyVerifier(AcceptAllServerKeyVerifier.INSTANCE);
        CoreModuleProperties.TCP_NODELAY.set(ssh, true);
        ssh.start();
    }

    @Override
    public Result run(String attempt, Consumer<String> uses) throws InterruptedException {
        try {
            String id = api.run(attempt, userData);
            try {
                Optional<String> address = api.awaitAddress(id);
                if (address.isEmpty()) {
                    return failed("not running in time");
                }
                uses.accept(id);
                return script(attempt, id, address.get());
            } finally {
                delete(id);
            }
        } catch (ClientException e) {
            return failed(e.getErrCode() == null ? "an answer without a code" : e.getErrCode());
        } catch (IOException | RuntimeException e) {
            return failed(e.getClass().getSimpleName());
        }
    }

    /** A job is not run again for a deletion that failed; somebody reads the log some day. */
    private void delete(String id) {
        try {
            api.delete(id);
        } catch (ClientException | RuntimeException e) {
            failedDeletions.incrementAndGet();
        }
    }

    private static Result failed(String reason) {
        return new Result(End.FAILED_AGAIN, reason, "", BuildLog.Difference.NONE);
    }

    private Result script(String attempt, String id, String address) throws IOException, InterruptedException {
        byte[] expected = BuildLog.expected(attempt);
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        Mischief.Watch watch = mischief.watch(attempt, id, expected.length);
        Integer status;
        try (ClientSession session = connect(address);
                ChannelExec channel = session.createExecChannel(BuildLog.script(attempt))) {
            channel.setOut(new OutputStream() {
                @Override
                public void write(int b) {
                    write(new byte[] {(byte) b}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int offset, int length) {
                    log.write(bytes, offset, length);
                    watch.seen(length);
                }
            });
            channel.open().verify(SSH);
            channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), SCRIPT);
            status = channel.getExitStatus();
        }
        byte[] came = log.toByteArray();
        BuildLog.Difference difference =
                watch.lostMachine() ? BuildLog.compareBeginning(expected, came) : BuildLog.compare(expected, came);
        return status == null
                ? new Result(End.FAILED_AGAIN, "connection lost", "", difference)
                : new Result(End.DONE, "", "", difference);
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
        System.err.println("ephemeral: plainLoop: " + failedDeletions.get() + " deletions failed");
        ssh.stop();
        api.close();
    }
}
