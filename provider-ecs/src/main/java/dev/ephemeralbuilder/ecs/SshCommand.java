package dev.ephemeralbuilder.ecs;

import java.io.IOException;
import java.util.Map;
import org.apache.sshd.client.channel.ChannelExec;

/**
 * The library's channel of one command, whose two outputs are made one where they come from. SSH keeps no order between
 * them, and what the login shell itself says to its errors, before the command begins, could so come in the middle of
 * the command's output. Only such words still come as errors, and they are dropped.
 */
final class SshCommand extends ChannelExec {
    private static final String ONE_STREAM = "exec 2>&1; ";

    SshCommand(String command) {
        super(ONE_STREAM + command, null, Map.of());
    }

    @Override
    protected void doWriteExtendedData(byte[] data, int off, long len) throws IOException {
        if (!isClosing()) {
            getLocalWindow().release(len);
        }
    }
}
