package dev.ephemeralbuilder.testing.simulator;

import dev.ephemeralbuilder.TerminalSize;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process of a {@link LocalMachine} on a real pseudo terminal, which {@code script} of util-linux holds; there are
 * none on a host that lacks it. The size of the terminal is set from outside by {@code stty}.
 *
 * <p>Safe for use by many threads.
 */
public final class LocalTerminal {
    /** The variable with which the terminal is told where to write its name. */
    private static final String NAME_VARIABLE = "EPHEMERAL_TERMINAL_NAME";

    private static final Logger log = LoggerFactory.getLogger(LocalTerminal.class);
    private static final Path DEVICES = Path.of("/dev/pts");
    private static final Optional<Path> SCRIPT = utilLinux();
    private static final String LOGIN = "exec /bin/sh -l -i";
    private static final long STTY_SECONDS = 5;

    private final LocalMachine machine;
    private final Process process;
    private final Path name;
    private final Object sizes = new Object();

    private LocalTerminal(LocalMachine machine, Process process, Path name) {
        this.machine = machine;
        this.process = process;
        this.name = name;
    }

    /** Returns whether this host can have terminals. */
    public static boolean available() {
        return SCRIPT.isPresent();
    }

    /** That of other systems has other options. */
    private static Optional<Path> utilLinux() {
        if (!Files.isDirectory(DEVICES)) {
            return Optional.empty();
        }
        return LocalMachine.onHost("script")
                .filter(found -> LocalMachine.onHost("stty").isPresent()
                        && LocalMachine.onHost("tty").isPresent());
    }

    /**
     * Starts a login shell on a terminal.
     *
     * @param type the terminal's type, such as {@code xterm-256color}
     * @param environment variables for this process alone
     * @throws IOException if there are no terminals, the machine was killed, or the process cannot be started
     */
    public static LocalTerminal login(
            LocalMachine machine, String type, TerminalSize size, Map<String, String> environment) throws IOException {
        return shell(machine, LOGIN, type, size, environment);
    }

    /** Starts a command of a shell on a terminal. */
    static LocalTerminal shell(
            LocalMachine machine, String command, String type, TerminalSize size, Map<String, String> environment)
            throws IOException {
        Path name = newName(machine);
        Map<String, String> variables = variables(type, name, environment);
        Process process = machine.start("exec " + words(line(command, size)), variables);
        return new LocalTerminal(machine, process, name);
    }

    /** Starts a program as it is on a terminal. */
    static LocalTerminal program(
            LocalMachine machine, List<String> program, Map<String, String> environment, Path folder, TerminalSize size)
            throws IOException {
        Path name = newName(machine);
        List<String> line = line("exec " + words(program), size);
        return new LocalTerminal(machine, machine.run(line, variables("xterm", name, environment), folder), name);
    }

    private static Path newName(LocalMachine machine) throws IOException {
        if (!available()) {
            throw new IOException("this host has no terminals: the program script of util-linux is missing");
        }
        return Files.createDirectories(machine.home().resolve("tmp")).resolve(".terminal-" + UUID.randomUUID());
    }

    private static Map<String, String> variables(String type, Path name, Map<String, String> environment) {
        Map<String, String> variables = new HashMap<>(environment);
        variables.put("TERM", type);
        // It is what runs the line below.
        variables.put("SHELL", "/bin/sh");
        variables.put(NAME_VARIABLE, name.toString());
        return variables;
    }

    /** Without "sane" there would be no echo: the terminal takes after an input that is none. */
    private static List<String> line(String command, TerminalSize size) {
        String prepared = "tty >\"$" + NAME_VARIABLE + "\"; unset " + NAME_VARIABLE + "; stty sane cols "
                + size.columns() + " rows " + size.rows() + "; " + command;
        return List.of(SCRIPT.orElseThrow().toString(), "-qefc", prepared, "/dev/null");
    }

    private static String words(List<String> line) {
        return line.stream().map(word -> "'" + word.replace("'", "'\\''") + "'").collect(Collectors.joining(" "));
    }

    /**
     * Returns the process, whose streams are the terminal's keys and screen. Its exit code is that of what runs on the
     * terminal; the end of its input is Ctrl-D.
     */
    public Process process() {
        return process;
    }

    /**
     * Gives the terminal another size, of which what runs on it in front is told. Blocks for a moment, five seconds at
     * most. A size that cannot be set is logged; once the process has ended, nothing happens.
     */
    public void resize(TerminalSize size) {
        synchronized (sizes) {
            try {
                if (process.isAlive()) {
                    set(size);
                }
            } catch (NoSuchFileException e) {
                log.debug("A terminal of {} is not there yet, or not any more", machine.id());
            } catch (IOException e) {
                log.warn("A terminal of {} has not taken its size", machine.id(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void set(TerminalSize size) throws IOException, InterruptedException {
        String device = Files.readString(name, StandardCharsets.UTF_8).strip();
        if (!Path.of(device).startsWith(DEVICES)) {
            throw new NoSuchFileException(device);
        }
        Process stty = new ProcessBuilder(
                        "stty",
                        "-F",
                        device,
                        "cols",
                        Integer.toString(size.columns()),
                        "rows",
                        Integer.toString(size.rows()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        stty.getOutputStream().close();
        if (!stty.waitFor(STTY_SECONDS, TimeUnit.SECONDS)) {
            stty.destroyForcibly();
        }
    }

    /**
     * Takes the terminal away, as the end of a connection does: what runs on it gets SIGHUP. Does not wait for its end; a
     * signal that cannot be sent is logged.
     */
    public void hangUp() {
        try {
            machine.signal(process, "HUP");
        } catch (IOException e) {
            log.warn("A terminal of {} was not hung up", machine.id(), e);
        }
    }
}
