package dev.ephemeralbuilder.samples.bench;

import com.aliyuncs.exceptions.ClientException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** How most teams use one product: the calls of {@link PlainLoop}. Safe for use by many threads. */
interface PlainWay extends AutoCloseable {
    /**
     * How a script ended.
     *
     * @param exitCode what was told of that; null if nothing was
     * @param output what it has written, as far as it came
     */
    record Ran(@Nullable Integer exitCode, String output) {
        byte[] bytes() {
            return output.getBytes(StandardCharsets.UTF_8);
        }
    }

    /**
     * Creates a machine and returns its id.
     *
     * @param request goes into the tag by which such teams find their machines
     */
    String create(String request) throws ClientException;

    /** Looks every five seconds until the machine runs; false if it never does. */
    boolean awaitRunning(String id) throws ClientException, InterruptedException;

    /** Beyond its own time, by the wall clock: what never ends is given up. */
    Duration SLACK = Duration.ofMinutes(2);

    /**
     * Runs a script over one connection, for its own time and {@link #SLACK} at most.
     *
     * @param seen is told how many bytes of output have come, each time
     */
    Ran script(String id, BuildLog script, IntConsumer seen) throws ClientException, IOException, InterruptedException;

    void delete(String id) throws ClientException;

    @Override
    void close();
}
