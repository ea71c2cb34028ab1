package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.spi.TerminalChannel;
import java.io.IOException;
import org.apache.sshd.common.util.threads.ThreadUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A terminal over a channel; the machine's SSH server hangs it up with the channel. */
final class SshTerminal extends SshChannel implements TerminalChannel {
    private static final Logger log = LoggerFactory.getLogger(SshTerminal.class);

    private final SshLogin login;

    SshTerminal(String id, SshLogin login) {
        super(id, login, login.output());
        this.login = login;
    }

    @Override
    public void resize(TerminalSize size) {
        try {
            ThreadUtils.runAsInternal(login, channel -> {
                channel.sendWindowChange(size.columns(), size.rows());
                return channel;
            });
        } catch (IOException | IllegalStateException e) {
            // Whoever reads is told of the end.
            log.debug("A terminal that has ended takes no size", e);
        }
    }
}
