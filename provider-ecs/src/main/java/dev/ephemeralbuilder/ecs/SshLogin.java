package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.alibaba.ChannelOutput;
import java.util.Map;
import org.apache.sshd.client.channel.ChannelShell;
import org.apache.sshd.common.channel.PtyChannelConfiguration;

/** The library's channel of a login shell on a terminal. Its output goes the way of {@link SshCommand}'s. */
final class SshLogin extends ChannelShell {
    private static final String TERMINAL = "xterm-256color";

    private final ChannelOutput output = new ChannelOutput(bytes -> ChannelRoom.make(this, bytes));

    SshLogin(TerminalSize size) {
        super(terminal(size), Map.of());
        setUsePty(true);
        setStreaming(Streaming.Async);
    }

    /** Without modes, which leaves them to the machine. */
    private static PtyChannelConfiguration terminal(TerminalSize size) {
        PtyChannelConfiguration terminal = new PtyChannelConfiguration();
        terminal.setPtyType(TERMINAL);
        terminal.setPtyColumns(size.columns());
        terminal.setPtyLines(size.rows());
        terminal.setPtyWidth(0);
        terminal.setPtyHeight(0);
        terminal.setPtyModes(Map.of());
        return terminal;
    }

    ChannelOutput output() {
        return output;
    }

    @Override
    protected void doWriteData(byte[] data, int off, long len) {
        output.put(data, off, Math.toIntExact(len));
    }

    /** A terminal has one output; some servers send banners so. */
    @Override
    protected void doWriteExtendedData(byte[] data, int off, long len) {
        output.put(data, off, Math.toIntExact(len));
    }
}
