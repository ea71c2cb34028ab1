package dev.ephemeralbuilder.samples.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** What processes that had to be killed leave behind on this host. */
final class Leftovers {
    /** Who is being ended may start one more. */
    private static final int MOST_ROUNDS = 20;

    private Leftovers() {}

    /** Kills, by their ids, all processes whose environment names a folder that was made for them, and deletes it. */
    static void end(Path folder) throws IOException {
        for (int round = 0; round < MOST_ROUNDS; round++) {
            List<ProcessHandle> left = processes(folder);
            if (left.isEmpty()) {
                break;
            }
            left.forEach(ProcessHandle::destroyForcibly);
        }
        delete(folder);
    }

    private static List<ProcessHandle> processes(Path folder) {
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            return all.filter(p -> p.pid() != ProcessHandle.current().pid())
                    .filter(p -> environment(p).contains(folder.toString()))
                    .toList();
        }
    }

    private static String environment(ProcessHandle process) {
        try {
            return Files.readString(
                    Path.of("/proc", Long.toString(process.pid()), "environ"), StandardCharsets.ISO_8859_1);
        } catch (IOException endedOrNotOurs) {
            return "";
        }
    }

    /** Deletes a folder and what is in it, as far as it is there. */
    static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (NoSuchFileException e) {
            // Who was told to end has deleted it.
        }
    }
}
