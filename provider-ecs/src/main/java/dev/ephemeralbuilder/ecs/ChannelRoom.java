package dev.ephemeralbuilder.ecs;

import java.io.IOException;
import org.apache.sshd.common.channel.AbstractChannel;
import org.apache.sshd.common.util.threads.ThreadUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the machine that it may send more on a channel whose output goes past the library's own streams. */
final class ChannelRoom {
    private static final Logger log = LoggerFactory.getLogger(ChannelRoom.class);

    private ChannelRoom() {}

    static void make(AbstractChannel channel, long bytes) {
        try {
            // As one of its own threads: others the library holds up for as long as keys are being renewed.
            ThreadUtils.runAsInternal(channel.getLocalWindow(), window -> {
                window.release(bytes);
                return window;
            });
        } catch (IOException e) {
            // The connection is lost, which the end of the channel tells whoever reads.
            log.debug("The machine cannot be told that it may send more", e);
        }
    }
}
