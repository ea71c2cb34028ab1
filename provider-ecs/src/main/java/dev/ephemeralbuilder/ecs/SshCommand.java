package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.alibaba.ChannelOutput;
import java.util.Map;
import org.apache.sshd.client.channel.ChannelExec;

/**
 * The library's channel of one command, whose two outputs are made one where they come from. SSH keeps no order between
 * them, and what the login shell itself says to its errors, before the command begins, could so come in the middle of
 * the command's output. Only such words still come as errors, and they are dropped.
 *
 * <p>The output goes past the library's own stream, which can lose the end: a read that begins at the very moment at
 * which the channel closes may never complete there. It also moves what waits at each read.
 */
final class SshCommand extends ChannelExec {
    private static final String ONE_STREAM = "exec 2>&1; ";

    private final ChannelOutput output = new ChannelOutput(bytes -> ChannelRoom.make(this, bytes));

    SshCommand(String command) {
        super(ONE_STREAM + command, null, Map.of());
        setStreaming(Streaming.Async);
    }

    ChannelOutput output() {
        return output;
    }

    @Override
    protected void doWriteData(byte[] data, int off, long len) {
        output.put(data, off, Math.toIntExact(len));
    }

    @Override
    protected void doWriteExtendedData(byte[] data, int off, long len) {
        ChannelRoom.make(this, len);
    }
}
