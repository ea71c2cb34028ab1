package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.spi.Ticker;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;

/**
 * Who called the command, and from where.
 *
 * @param out where the build's own output goes, and nothing else
 * @param err where everything goes that the command itself has to say
 * @param live whether {@code err} is a terminal on which a line may be rewritten
 * @param environment the environment variables
 * @param home the home folder as Java sees it, which is where Maven keeps its settings and repository
 * @param folder the current folder
 * @param ticker clock and scheduler
 */
record Caller(
        OutputStream out,
        PrintStream err,
        boolean live,
        Map<String, String> environment,
        Path home,
        Path folder,
        Ticker ticker) {
    Caller {
        environment = Map.copyOf(environment);
    }
}
