package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One look at the processes of this host, as Linux shows them under {@code /proc}. */
final class ProcessTable {
    private static final Path PROC = Path.of("/proc");

    private final List<Entry> entries;

    private ProcessTable(List<Entry> entries) {
        this.entries = entries;
    }

    /** Whether this host shows the environment of processes. */
    static boolean available() {
        return Files.isReadable(PROC.resolve("self").resolve("environ"));
    }

    /** Reads the table. A process that ends meanwhile, or that belongs to someone else, is left out. */
    static ProcessTable read() throws IOException {
        List<Entry> entries = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path folder : folders) {
                Entry entry = entry(folder);
                if (entry != null) {
                    entries.add(entry);
                }
            }
        }
        return new ProcessTable(entries);
    }

    /**
     * Returns the living processes that were started with one of these variables, with their descendants and everything
     * in their sessions: a child that cleared its environment is found too, as long as one of these ties holds.
     *
     * @param assignments variables in the form {@code NAME=value}, ASCII only
     */
    Set<Long> marked(Set<String> assignments) {
        List<String> needles =
                assignments.stream().map(assignment -> "\0" + assignment + "\0").toList();
        long self = ProcessHandle.current().pid();
        Set<Long> found = new HashSet<>();
        Set<Long> sessions = new HashSet<>();
        for (Entry entry : entries) {
            if (entry.pid() != self && needles.stream().anyMatch(entry.environment()::contains)) {
                found.add(entry.pid());
                sessions.add(entry.session());
            }
        }
        // Where there is no setsid, the machine's commands are in the session of this JVM.
        entries.stream().filter(entry -> entry.pid() == self).forEach(entry -> sessions.remove(entry.session()));
        boolean grown = !found.isEmpty();
        while (grown) {
            grown = false;
            for (Entry entry : entries) {
                boolean tied = found.contains(entry.parent()) || sessions.contains(entry.session());
                if (tied && entry.pid() != self && found.add(entry.pid())) {
                    grown = true;
                }
            }
        }
        return found;
    }

    /** Returns the living processes that {@link #marked} finds, with the value of a variable of each, sorted by id. */
    List<MachineProcess> describe(Set<String> assignments, String machineVariable) {
        Set<Long> found = marked(assignments);
        return entries.stream()
                .filter(entry -> found.contains(entry.pid()))
                .map(entry -> new MachineProcess(entry.pid(), entry.program(), entry.variable(machineVariable)))
                .sorted(Comparator.comparingLong(MachineProcess::pid))
                .toList();
    }

    private static @Nullable Entry entry(Path folder) {
        try {
            String stat = Files.readString(folder.resolve("stat"), StandardCharsets.ISO_8859_1);
            // The name in brackets may hold anything, so fields count from the last bracket: state, parent, group,
            // session.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            if (fields[0].equals("Z") || fields[0].equals("X")) {
                return null;
            }
            String environment = "\0" + Files.readString(folder.resolve("environ"), StandardCharsets.ISO_8859_1);
            return new Entry(
                    Long.parseLong(folder.getFileName().toString()),
                    Long.parseLong(fields[1]),
                    Long.parseLong(fields[3]),
                    stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
                    environment);
        } catch (IOException e) {
            // Ended while we looked, or another user's: neither is ours.
            return null;
        }
    }

    private record Entry(long pid, long parent, long session, String program, String environment) {
        @Nullable String variable(String name) {
            int at = environment.indexOf("\0" + name + "=");
            if (at < 0) {
                return null;
            }
            int begin = at + name.length() + 2;
            int end = environment.indexOf('\0', begin);
            return environment.substring(begin, end < 0 ? environment.length() : end);
        }
    }
}
