package dev.ephemeralbuilder.testing.simulator;

import static java.util.Objects.requireNonNull;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The processes of one pretended machine: real processes of this host with a folder and a small environment of their
 * own. Used by {@link AlibabaCloudSimulator} and by the provider in memory of {@code dev.ephemeralbuilder.testing}.
 *
 * <p>A command runs as {@code sh -c} in a session of its own (where the host has {@code setsid}), with the home folder
 * as working directory. Its environment is what is needed and no more: {@code PATH} and {@code JAVA_HOME} of this JVM,
 * {@code HOME}, {@code USER}, {@code LOGNAME}, {@code SHELL}, {@code LANG=C.UTF-8}, {@code TMPDIR} inside the home
 * folder, {@value #MACHINE_VARIABLE} with the machine's id, and a second variable by which {@link #kill} knows its own.
 *
 * <p>Nothing that a connection does ends a process; {@link #kill} ends all of them.
 *
 * <p>The machines of a simulator can have namespaces of their own as well, see {@link Isolation}; then a command's user
 * is root, and {@code TMPDIR} is {@code /tmp}.
 *
 * <p><b>This is no sandbox.</b> Commands run as the user of this JVM, see the host's files and network, and can leave
 * the machine's reach if they mean to. Run only what you would run on this host anyway.
 *
 * <p>Safe for use by many threads.
 */
public final class LocalMachine {
    /** The variable that tells a command which machine it runs on. */
    public static final String MACHINE_VARIABLE = "EPHEMERAL_MACHINE";

    private static final Logger log = LoggerFactory.getLogger(LocalMachine.class);

    private static final String KEY_VARIABLE = "EPHEMERAL_MACHINE_KEY";
    private static final Path OWN_TEMP = Path.of("/tmp");
    private static final int KILL_ROUNDS = 40;
    private static final long KILL_ROUND_MILLIS = 250;
    private static final Comparator<ProcessHandle> ELDEST_FIRST = Comparator.comparing(
                    (ProcessHandle process) -> process.info().startInstant().orElse(Instant.EPOCH))
            .thenComparingLong(ProcessHandle::pid);
    private static final Pattern SIGNAL_NAME = Pattern.compile("[A-Z][A-Z0-9]{1,9}");
    private static final List<String> SHELL =
            onHost("setsid").isPresent() ? List.of("setsid", "sh", "-c") : List.of("sh", "-c");

    private final Path home;
    private final String id;
    private final String user;
    private final Map<String, String> extraEnvironment;
    private final @Nullable Namespaces namespaces;
    // Ids may be the same in two simulators with one seed; this never is.
    private final String key = UUID.randomUUID().toString();
    private final Set<Process> running = ConcurrentHashMap.newKeySet();
    private volatile boolean used;
    private volatile boolean killed;

    /**
     * Creates a machine without processes. Touches no file yet.
     *
     * @param home the home folder, made by the first {@link #start} if it is not there; never deleted by this class
     * @param id the machine's id, as {@value #MACHINE_VARIABLE}
     * @param user the name of the user in the environment; processes run as the user of this JVM all the same
     * @param extraEnvironment variables that every process gets; they win over the ones above
     */
    public LocalMachine(Path home, String id, String user, Map<String, String> extraEnvironment) {
        this(home, id, user, extraEnvironment, null);
    }

    /** Creates a machine whose commands run in namespaces of their own, or beside those of the host with null. */
    LocalMachine(
            Path home, String id, String user, Map<String, String> extraEnvironment, @Nullable Namespaces namespaces) {
        this.home = home.toAbsolutePath();
        this.id = requireNonNull(id, "id");
        this.user = requireNonNull(user, "user");
        this.extraEnvironment = Map.copyOf(extraEnvironment);
        this.namespaces = namespaces;
    }

    /** Returns the machine's id. */
    public String id() {
        return id;
    }

    /** Returns the home folder, as an absolute path. */
    public Path home() {
        return home;
    }

    /**
     * Starts a command with {@code sh -c}. The caller must read both streams and close the input.
     *
     * @param command the command line for the shell
     * @param environment variables for this process alone
     * @return the process, whose id is also that of its group and session where the host has {@code setsid} and the
     *     machine is not isolated
     * @throws IOException if the machine was killed, or the process cannot be started
     */
    public Process start(String command, Map<String, String> environment) throws IOException {
        requireNonNull(command, "command");
        if (killed) {
            throw new IOException("machine " + id + " is gone");
        }
        Path temp = Files.createDirectories(home.resolve("tmp"));
        if (namespaces == null) {
            List<String> line = new ArrayList<>(SHELL);
            line.add(command);
            return launch(process(line, home, variables(environment, home, temp)));
        }
        Path real = home.toRealPath();
        List<String> line = namespaces.line(command, real, holder -> launchHolder(holder, real));
        return launch(process(line, home, variables(environment, real, OWN_TEMP)));
    }

    /**
     * Starts a program as it is, without a shell, in a session of its own; what it writes to either output comes as one
     * stream. The caller must read that and close the input.
     *
     * @param line the program and its arguments; one that is not there ends with 127 where the host has {@code setsid}
     * @param environment variables for this process alone
     * @param folder the working directory, which is there
     * @throws IOException if the machine was killed, or the process cannot be started
     */
    Process run(List<String> line, Map<String, String> environment, Path folder) throws IOException {
        if (killed) {
            throw new IOException("machine " + id + " is gone");
        }
        Path temp = Files.createDirectories(home.resolve("tmp"));
        ProcessBuilder builder;
        if (namespaces == null) {
            List<String> session = new ArrayList<>(SHELL.subList(0, SHELL.size() - 2));
            session.addAll(line);
            builder = process(session, folder, variables(environment, home, temp));
        } else {
            Path real = home.toRealPath();
            List<String> entered = namespaces.line(line, folder, real, holder -> launchHolder(holder, real));
            builder = process(entered, home, variables(environment, real, OWN_TEMP));
        }
        return launch(builder.redirectErrorStream(true));
    }

    private Process launchHolder(List<String> line, Path real) throws IOException {
        // The set-up takes programs that the machine's own commands may lack.
        return launch(process(line, home, variables(Map.of("PATH", hostPath()), real, OWN_TEMP)));
    }

    /** Makes the machine's namespaces, if they are not there yet; they stay until {@link #kill}. */
    void hold() throws IOException {
        if (namespaces == null || killed) {
            throw new IOException("machine " + id + " is gone or has no namespaces");
        }
        Files.createDirectories(home.resolve("tmp"));
        Path real = home.toRealPath();
        namespaces.hold(real, holder -> launchHolder(holder, real));
    }

    /** Returns where this host has its programs, as in the variable {@code PATH}. */
    static String hostPath() {
        return System.getenv().getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin");
    }

    /** Returns where this host has a program; empty if it lacks it. */
    static Optional<Path> onHost(String program) {
        return Arrays.stream(hostPath().split(File.pathSeparator, -1))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, program).toAbsolutePath())
                .filter(Files::isExecutable)
                .findFirst();
    }

    private Map<String, String> variables(Map<String, String> environment, Path folder, Path temp) {
        Map<String, String> variables = new HashMap<>();
        variables.put("PATH", hostPath());
        String javaHome = System.getenv("JAVA_HOME");
        if (javaHome != null) {
            variables.put("JAVA_HOME", javaHome);
        }
        variables.put("HOME", folder.toString());
        variables.put("USER", user);
        variables.put("LOGNAME", user);
        variables.put("SHELL", "/bin/sh");
        variables.put("LANG", "C.UTF-8");
        variables.put("TMPDIR", temp.toString());
        variables.putAll(extraEnvironment);
        variables.putAll(environment);
        variables.put(MACHINE_VARIABLE, id);
        variables.put(KEY_VARIABLE, key);
        return variables;
    }

    private static ProcessBuilder process(List<String> line, Path folder, Map<String, String> variables) {
        ProcessBuilder builder = new ProcessBuilder(line).directory(folder.toFile());
        builder.environment().clear();
        builder.environment().putAll(variables);
        return builder;
    }

    private Process launch(ProcessBuilder builder) throws IOException {
        Process process = builder.start();
        running.removeIf(other -> !other.isAlive());
        running.add(process);
        used = true;
        if (killed) {
            // kill() may have looked before this process was there.
            kill();
            throw new IOException("machine " + id + " is gone");
        }
        return process;
    }

    /**
     * Sends a signal to the group of a process that {@link #start} returned, as a real SSH server does.
     *
     * @param process a process of this machine
     * @param signal the name without SIG, such as {@code TERM}
     * @throws IllegalArgumentException if that is no name of a signal
     * @throws IOException if the signal cannot be sent
     */
    public void signal(Process process, String signal) throws IOException {
        if (!SIGNAL_NAME.matcher(signal).matches()) {
            throw new IllegalArgumentException("no name of a signal");
        }
        if (!process.isAlive()) {
            return;
        }
        if (namespaces != null) {
            namespaces.signal(process, signal);
            return;
        }
        String target = SHELL.get(0).equals("setsid") ? "-" + process.pid() : String.valueOf(process.pid());
        Process kill = new ProcessBuilder("sh", "-c", "kill -s " + signal + " -- " + target)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        kill.getOutputStream().close();
    }

    /** Sends SIGTERM to a process that {@link #run} returned and to no other of its group, as the end of a container does. */
    void terminate(Process process) throws IOException {
        if (namespaces == null) {
            // Not Process.destroy(), which closes the pipes as well.
            var unused = process.toHandle().destroy();
        } else {
            namespaces.terminate(process);
        }
    }

    /**
     * Ends every process of this machine with SIGKILL, also those that left its sessions, and waits until none is left,
     * for about ten seconds at most. After that nothing can be started. May be called again.
     *
     * <p>On Linux processes are found by a variable of their environment; elsewhere by descent from the started ones,
     * which misses a child whose parent has ended.
     */
    public void kill() {
        killAll(List.of(this));
    }

    /** Like {@link #kill}, for many machines in one go. */
    static void killAll(Collection<LocalMachine> all) {
        all.forEach(machine -> machine.killed = true);
        // A look at all processes of the host takes long, so not for machines that never had one. One that starts its
        // first right now finds itself killed.
        List<LocalMachine> machines =
                all.stream().filter(machine -> machine.used).toList();
        if (machines.isEmpty()) {
            return;
        }
        boolean interrupted = false;
        try {
            for (int round = 0; round < KILL_ROUNDS; round++) {
                Set<ProcessHandle> alive = alive(machines);
                if (alive.isEmpty()) {
                    return;
                }
                // Parents first: a shell would write into its log that its child was killed.
                alive.stream().sorted(ELDEST_FIRST).forEach(ProcessHandle::destroyForcibly);
                interrupted |= awaitEnd(alive, interrupted);
            }
            log.warn("Processes of {} machine(s) did not end", machines.size());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static Set<ProcessHandle> alive(Collection<LocalMachine> machines) {
        Set<ProcessHandle> found = new HashSet<>();
        Consumer<ProcessHandle> collect = process -> {
            if (process.isAlive()) {
                found.add(process);
            }
        };
        boolean table = ProcessTable.available();
        for (LocalMachine machine : machines) {
            for (Process process : machine.running) {
                if (!table) {
                    process.descendants().forEach(collect);
                }
                collect.accept(process.toHandle());
            }
        }
        if (table) {
            Set<String> keys = machines.stream()
                    .map(machine -> KEY_VARIABLE + "=" + machine.key)
                    .collect(Collectors.toSet());
            try {
                ProcessTable.read()
                        .marked(keys)
                        .forEach(pid -> ProcessHandle.of(pid).ifPresent(collect));
            } catch (IOException e) {
                log.warn("Cannot read the process table; children are not ended", e);
            }
        }
        return found;
    }

    /** Waits a little for the end of all and says whether the thread was interrupted; no wait if it was before. */
    private static boolean awaitEnd(Set<ProcessHandle> processes, boolean interrupted) {
        if (interrupted) {
            return false;
        }
        CompletableFuture<?>[] ends =
                processes.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(ends).get(KILL_ROUND_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            return true;
        } catch (ExecutionException | TimeoutException e) {
            log.debug("Of {} processes some have not ended yet", processes.size());
        }
        return false;
    }

    @Override
    public String toString() {
        return "LocalMachine[" + id + "]";
    }
}
