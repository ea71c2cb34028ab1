package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The namespaces of one machine. A first process makes them, sets them up and then waits: for the end of its input,
 * which is a pipe from this JVM. As process 1 it takes everything in them along when it ends.
 *
 * <p>Safe for use by many threads.
 */
final class Namespaces {
    private static final String SET_UP = script();
    private static final String SHELL = "/bin/sh";
    private static final String READY = "ready ";
    private static final long SET_UP_SECONDS = 20;
    private static final int SIGNAL_TRIES = 100;
    private static final long SIGNAL_PAUSE_MILLIS = 20;
    private static final long KILL_SECONDS = 10;

    private final NamespaceSupport support;
    private final String hostName;
    private final String address;
    private final @Nullable Namespaces shared;
    private final List<GroupVolumes.Place> mounts;
    // Also keeps its input open: a process nobody refers to may lose its pipes.
    private @Nullable Process holder;
    private long first;

    Namespaces(NamespaceSupport support, String hostName, String address) {
        this(support, hostName, address, null, List.of());
    }

    private Namespaces(
            NamespaceSupport support,
            String hostName,
            String address,
            @Nullable Namespaces shared,
            List<GroupVolumes.Place> mounts) {
        this.support = support;
        this.hostName = hostName;
        this.address = address;
        this.shared = shared;
        this.mounts = mounts;
    }

    /**
     * Returns namespaces that have network, host name and System V objects in common with these, which are held by
     * then, and else are on their own.
     *
     * @param mounts what is mounted in them, an outer one before those inside of it
     */
    Namespaces withMounts(List<GroupVolumes.Place> mounts) {
        return new Namespaces(support, hostName, address, this, List.copyOf(mounts));
    }

    /** Makes the namespaces if there are none yet. */
    void hold(Path home, Launcher launcher) throws IOException {
        var unused = firstProcess(home, launcher);
    }

    /** Starts a process of the machine on the host, outside of its namespaces. */
    @FunctionalInterface
    interface Launcher {
        Process launch(List<String> line) throws IOException;
    }

    /**
     * Returns the command line that runs a shell command in the namespaces, which are made if there are none yet.
     *
     * @param home the home folder, which is there; without links in its path
     * @param launcher starts the process that holds the namespaces
     * @throws IOException if they cannot be made, or ended
     */
    List<String> line(String command, Path home, Launcher launcher) throws IOException {
        return line(List.of("sh", "-c", command), home, home, launcher);
    }

    /**
     * Returns the command line that runs a program in the namespaces, which are made if there are none yet.
     *
     * @param folder its working directory
     */
    List<String> line(List<String> program, Path folder, Path home, Launcher launcher) throws IOException {
        List<String> line = support.enter(firstProcess(home, launcher));
        // In a session of its own inside as well: the program leads its group there, as after a login. Tools by their
        // path, because the program's environment need not have them on its own.
        line.addAll(List.of(SHELL, "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", folder.toString()));
        line.add(support.tool("setsid"));
        line.addAll(program);
        return line;
    }

    /** Sends a signal to the group of a command, given the process that entered the namespaces for it. */
    void signal(Process entered, String signal) throws IOException {
        signal(entered, signal, "-");
    }

    /** Sends SIGTERM to a program alone, given the process that entered the namespaces for it. */
    void terminate(Process entered) throws IOException {
        signal(entered, "TERM", "");
    }

    private static void signal(Process entered, String signal, String group) throws IOException {
        try {
            for (int tries = 0; tries < SIGNAL_TRIES && entered.isAlive(); tries++) {
                Optional<ProcessHandle> program = entered.children().findFirst();
                if (program.isPresent() && send(signal, group + program.get().pid())) {
                    return;
                }
                // It is on its way in and leads no group yet, or it has just ended.
                var unused = entered.waitFor(SIGNAL_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        if (entered.isAlive()) {
            throw new IOException("the command cannot be signalled");
        }
    }

    private static boolean send(String signal, String target) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("sh", "-c", "kill -s " + signal + " -- " + target)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        kill.getOutputStream().close();
        return kill.waitFor(KILL_SECONDS, TimeUnit.SECONDS) && kill.exitValue() == 0;
    }

    // The lock is about this: commands that come at once wait for one set of namespaces.
    private synchronized long firstProcess(Path home, Launcher launcher) throws IOException {
        Process present = holder;
        if (present == null) {
            List<String> line =
                    new ArrayList<>(shared == null ? support.unshare() : support.unshareBeside(shared.held()));
            line.addAll(List.of(SHELL, "-c", SET_UP, "sh", home.toString(), hostName, address));
            for (GroupVolumes.Place mount : mounts) {
                line.addAll(
                        List.of(mount.source().toString(), mount.path().toString(), mount.readOnly() ? "ro" : "rw"));
            }
            present = launcher.launch(line);
            first = awaitReady(present);
            holder = present;
        }
        if (!present.isAlive()) {
            throw new IOException("the namespaces of the machine have ended");
        }
        return first;
    }

    private synchronized long held() throws IOException {
        Process present = holder;
        if (present == null || !present.isAlive()) {
            throw new IOException("the namespaces of the group have ended");
        }
        return first;
    }

    private static long awaitReady(Process process) throws IOException {
        CompletableFuture<Void> inTime = new CompletableFuture<>();
        var unused = inTime.orTimeout(SET_UP_SECONDS, TimeUnit.SECONDS).exceptionally(late -> {
            process.destroyForcibly();
            return null;
        });
        try {
            // Every read here ends with the process, and that in time.
            String line = process.inputReader(StandardCharsets.UTF_8).readLine();
            if (line != null && line.startsWith(READY)) {
                return Long.parseLong(line.substring(READY.length()));
            }
            process.getOutputStream().close();
            String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            throw new IOException(errors.strip().replace("\n", ", "));
        } catch (IOException e) {
            process.destroyForcibly();
            throw inTime.isCompletedExceptionally()
                    ? new IOException("making them took more than " + SET_UP_SECONDS + " s", e)
                    : e;
        } finally {
            inTime.complete(null);
        }
    }

    private static String script() {
        try (InputStream in = Namespaces.class.getResourceAsStream("namespaces.sh")) {
            if (in == null) {
                throw new IllegalStateException("namespaces.sh is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
