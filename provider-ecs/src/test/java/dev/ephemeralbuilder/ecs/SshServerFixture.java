package dev.ephemeralbuilder.ecs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.KeyPair;
import java.security.PublicKey;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.server.SshServer;

/** An SSH server that runs commands with the real shell of this machine. */
final class SshServerFixture implements AutoCloseable {
    private final SshServer server = SshServer.setUpDefaultServer();

    SshServerFixture(KeyPair hostKey, PublicKey allowed) {
        server.setHost("127.0.0.1");
        server.setPort(0);
        server.setKeyPairProvider(KeyPairProvider.wrap(hostKey));
        server.setPublickeyAuthenticator(
                (user, key, session) -> user.equals("builder") && KeyUtils.compareKeys(key, allowed));
        server.setCommandFactory((channel, command) -> new ShellCommand(command));
        CoreModuleProperties.TCP_NODELAY.set(server, true);
        try {
            server.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getPort());
    }

    /** Cuts all connections, as a machine that goes does. */
    void cutAll() {
        server.getActiveSessions().forEach(session -> session.close(true));
    }

    SshServer server() {
        return server;
    }

    @Override
    public void close() {
        try {
            server.stop(true);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
