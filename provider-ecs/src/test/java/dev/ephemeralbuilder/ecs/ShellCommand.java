package dev.ephemeralbuilder.ecs;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.sshd.server.Environment;
import org.apache.sshd.server.ExitCallback;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.command.Command;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Runs one command in a real process, with a thread for each of its streams; kills it when the channel closes. */
final class ShellCommand implements Command {
    private final String command;
    private @Nullable InputStream in;
    private @Nullable OutputStream out;
    private @Nullable OutputStream err;
    private @Nullable ExitCallback exit;
    private @Nullable Process process;

    ShellCommand(String command) {
        this.command = command;
    }

    @Override
    public void setInputStream(InputStream in) {
        this.in = in;
    }

    @Override
    public void setOutputStream(OutputStream out) {
        this.out = out;
    }

    @Override
    public void setErrorStream(OutputStream err) {
        this.err = err;
    }

    @Override
    public void setExitCallback(ExitCallback exit) {
        this.exit = exit;
    }

    @Override
    public void start(ChannelSession channel, Environment env) throws IOException {
        Process p = new ProcessBuilder("/bin/sh", "-c", command).start();
        process = p;
        InputStream input = Objects.requireNonNull(in);
        OutputStream output = Objects.requireNonNull(out);
        OutputStream errors = Objects.requireNonNull(err);
        ExitCallback callback = Objects.requireNonNull(exit);
        pump(input, p.getOutputStream(), true, () -> {});
        AtomicInteger open = new AtomicInteger(2);
        Runnable outputEnds = () -> {
            if (open.decrementAndGet() == 0) {
                callback.onExit(p.onExit().join().exitValue());
            }
        };
        pump(p.getInputStream(), output, false, outputEnds);
        pump(p.getErrorStream(), errors, false, outputEnds);
    }

    /** Copies until either side is gone, which is how the streams of a killed process end. */
    private static void pump(InputStream from, OutputStream to, boolean close, Runnable then) {
        Thread thread = new Thread(
                () -> {
                    byte[] buffer = new byte[32 * 1024];
                    try {
                        for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
                            to.write(buffer, 0, n);
                            to.flush();
                        }
                        if (close) {
                            to.close();
                        }
                    } catch (IOException e) {
                        LoggerFactory.getLogger(ShellCommand.class).debug("A stream ended", e);
                    }
                    then.run();
                },
                "ephemeral-test-pump");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void destroy(ChannelSession channel) {
        Process p = process;
        if (p != null) {
            p.destroyForcibly();
        }
    }
}
