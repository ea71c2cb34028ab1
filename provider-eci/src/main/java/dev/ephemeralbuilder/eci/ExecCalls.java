package dev.ephemeralbuilder.eci;

import java.net.URI;
import java.util.List;

/** ExecContainerCommand on one container. */
interface ExecCalls {
    /**
     * Asks for a command to be run, with its input open. Blocks for one call.
     *
     * @param command at most 20 items of at most 256 characters (eci-openapi, section 4)
     * @return where to connect within 30 seconds; a secret
     * @throws dev.ephemeralbuilder.BuilderException if the cloud refuses or does not answer
     * @throws InterruptedException if interrupted
     */
    URI exec(List<String> command) throws InterruptedException;
}
