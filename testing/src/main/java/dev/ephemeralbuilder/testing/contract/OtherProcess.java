package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/**
 * A program in a process of its own on this host, with the class path of this one, to be killed: for what becomes of
 * machines whose controller has no chance to tidy up. It gets its settings on its standard input, which then ends, and says
 * on its standard output how far it is, a word at the beginning of a line.
 *
 * <p>Needs a system with signals. Not safe for use by many threads.
 */
public final class OtherProcess implements AutoCloseable {
    /** 128 + 9: the exit value of a process that was ended by SIGKILL. */
    private static final int KILLED = 137;

    private final Process process;
    private final BufferedReader output;

    /**
     * Starts a program.
     *
     * @param program the class with the main method
     * @param settings what it reads by {@link Properties#load(java.io.InputStream)}
     * @param errors a file for what it says to its standard error
     * @throws IOException if it cannot be started
     */
    public OtherProcess(Class<?> program, Properties settings, Path errors) throws IOException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx128m",
                        "-cp",
                        classPath,
                        program.getName())
                .redirectError(errors.toFile())
                .start();
        output = process.inputReader(StandardCharsets.UTF_8);
        try (OutputStream in = process.getOutputStream()) {
            settings.store(in, null);
        }
    }

    /**
     * Returns what a program needs to know to reach a simulator in this process: {@code endpoint}, {@code region}, {@code
     * keyId}, {@code keySecret}, {@code securityGroup}, {@code zone}, {@code vSwitch}, {@code image}, {@code sshPort},
     * {@code now}, which is the simulator's time, and {@code store}.
     *
     * @param store a folder for the state that both share
     */
    public static Properties settings(AlibabaCloudSimulator simulator, Path store) {
        Map.Entry<String, String> zone =
                simulator.vSwitches().entrySet().iterator().next();
        Properties settings = new Properties();
        settings.setProperty("endpoint", simulator.endpoint().toString());
        settings.setProperty("region", simulator.region());
        settings.setProperty("keyId", simulator.accessKeyId());
        settings.setProperty("keySecret", simulator.accessKeySecret());
        settings.setProperty("securityGroup", simulator.securityGroup());
        settings.setProperty("zone", zone.getKey());
        settings.setProperty("vSwitch", zone.getValue());
        settings.setProperty("image", simulator.machineImage());
        settings.setProperty("sshPort", Integer.toString(simulator.sshPort()));
        settings.setProperty("now", simulator.clock().now().toString());
        settings.setProperty("store", store.toString());
        return settings;
    }

    /** Returns its process id. */
    public long pid() {
        return process.pid();
    }

    /**
     * Waits for a line that begins with a word, and returns what is behind the word. Lines before it are passed over.
     * Blocks for as long as the process lives and says nothing of the kind.
     *
     * @throws AssertionError if the process ends before
     * @throws IOException if its output cannot be read
     */
    public String await(String word) throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith(word)) {
                return line.substring(word.length()).strip();
            }
        }
        throw new AssertionError("the other process ended before it said " + word);
    }

    /**
     * Ends it by SIGKILL and waits until it has ended.
     *
     * @throws AssertionError if it does not end within 20 seconds, or had ended by itself
     * @throws InterruptedException if this thread is interrupted while it waits
     */
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(KILLED);
    }

    /** Ends it, if it has not ended, and does not wait for that. */
    @Override
    public void close() {
        process.destroyForcibly();
    }
}
