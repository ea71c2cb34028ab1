package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.TerminalChannel;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.time.Duration;
import org.apache.sshd.client.channel.AbstractClientChannel;
import org.apache.sshd.client.future.OpenFuture;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.channel.exception.SshChannelOpenException;
import org.apache.sshd.common.session.ConnectionService;

/** A connection by SSH; each command is a channel of its own. */
final class SshShell implements Shell {
    static final int MAX_COMMAND = 1000;

    private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(10);

    private final String id;
    private final ClientSession session;

    SshShell(String id, ClientSession session) {
        this.id = id;
        this.session = session;
    }

    @Override
    public Channel open(String command) throws InterruptedException {
        if (command.isEmpty()
                || command.length() > MAX_COMMAND
                || !StandardCharsets.US_ASCII.newEncoder().canEncode(command)) {
            throw new IllegalArgumentException("command must be 1 to " + MAX_COMMAND + " ASCII characters");
        }
        SshCommand started = new SshCommand(command);
        open(started);
        return new SshChannel(id, started, started.output());
    }

    @Override
    public TerminalChannel openTerminal(TerminalSize size) throws InterruptedException {
        SshLogin login = new SshLogin(size);
        open(login);
        return new SshTerminal(id, login);
    }

    /** Opens a channel, or closes it and throws. */
    private void open(AbstractClientChannel started) throws InterruptedException {
        boolean registered = false;
        boolean asked = false;
        boolean done = false;
        try {
            session.getService(ConnectionService.class).registerChannel(started);
            registered = true;
            OpenFuture opening = started.open();
            asked = true;
            opening.verify(OPEN_TIMEOUT);
            done = true;
        } catch (IOException | IllegalStateException e) {
            if (e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException)) {
                Thread.interrupted();
                throw new InterruptedException("interrupted while starting a command on " + id);
            }
            throw translate(asked, e);
        } finally {
            if (!done && registered) {
                started.close(false);
            }
        }
    }

    @Override
    public boolean replaceHostKey(KeyPair newKey) throws InterruptedException {
        new HostKeyReplacement(id, session.getServerKey(), newKey).over(this);
        return true;
    }

    private ProviderException translate(boolean asked, Exception e) {
        if (e instanceof SshChannelOpenException || e.getCause() instanceof SshChannelOpenException) {
            return new ProviderException(
                    id + " takes no more channels on this connection", Effect.NONE, true, "ChannelRefused", null, null);
        }
        return new ProviderException(
                "the connection to " + id + " is lost or does not answer",
                asked ? Effect.UNKNOWN : Effect.NONE,
                true,
                "ConnectionLost",
                null,
                null);
    }

    @Override
    public boolean isOpen() {
        return session.isOpen() && session.isAuthenticated();
    }

    @Override
    public void close() {
        session.close(true);
    }

    @Override
    public String toString() {
        return "SshShell[" + id + "]";
    }
}
