package dev.ephemeralbuilder.spi;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ProviderException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Reading and replacing whole files so that neither a kill nor an interrupt leaves half of one, and failures in words.
 * An interrupt is kept for whoever waits next: a write that has begun is brought to its end.
 */
final class StateFiles {
    static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FOLDER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    /** Less room than this is called a full disk. */
    private static final long LITTLE_ROOM = 128L << 10;

    /** What a change outlives. */
    enum Durability {
        /** The process: what was written is in the hands of the operating system. */
        PROCESS,
        /** The machine: what was written is on the disk. */
        MACHINE
    }

    @FunctionalInterface
    private interface Step<T> {
        T run() throws IOException;
    }

    private StateFiles() {}

    /** Returns what is in a folder, in the order of the names. */
    static List<Path> list(Path folder) {
        try (Stream<Path> found = Files.list(folder)) {
            return found.sorted().toList();
        } catch (UncheckedIOException e) {
            throw failed("list", folder, new IOException(e));
        } catch (IOException e) {
            throw failed("list", folder, e);
        }
    }

    /** Returns the bytes of a file, or empty if there is no such file. */
    static Optional<byte[]> read(Path file) {
        try {
            return Optional.of(uninterrupted(() -> {
                try (InputStream in = Files.newInputStream(file)) {
                    return in.readAllBytes();
                }
            }));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw failed("read", file, e);
        }
    }

    /**
     * Puts new content in a file's place. The caller holds the lock under which alone the temporary file is written, so
     * whatever is there was left by somebody who died.
     *
     * @param temporary a file in the same folder
     */
    static void replace(Path temporary, Path file, byte[] content, Durability durability) {
        try {
            Files.deleteIfExists(temporary);
            Files.createFile(temporary, PRIVATE_FILE);
            // Not a channel: an interrupt would close it halfway.
            try (FileOutputStream out = new FileOutputStream(temporary.toFile())) {
                out.write(content);
                if (durability == Durability.MACHINE) {
                    out.getFD().sync();
                }
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException left) {
                e.addSuppressed(left);
            }
            throw refused("write", file, e);
        }
        settle(file, durability);
    }

    static void remove(Path file, Durability durability) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw refused("remove", file, e);
        }
        settle(file, durability);
    }

    private static void settle(Path file, Durability durability) {
        if (durability == Durability.PROCESS) {
            return;
        }
        try {
            sync(parent(file));
        } catch (IOException e) {
            throw unsettled(file, e);
        }
    }

    /** Returns once the names in a folder are on the disk. */
    static void sync(Path folder) throws IOException {
        uninterrupted(() -> {
            try (FileChannel channel = FileChannel.open(folder)) {
                channel.force(true);
                return folder;
            }
        });
    }

    /** Returns a failure of a change that was made but may not be on the disk. */
    static ProviderException unsettled(Path file, IOException e) {
        return new ProviderException(
                "The change of " + file + " was made, but it may not survive this machine: " + reason(e)
                        + ". Check the disk.",
                ProviderException.Effect.UNKNOWN,
                true,
                null,
                null,
                e);
    }

    /** Returns a failure to do something that changes nothing. */
    static ConfigurationException failed(String verb, Path file, IOException e) {
        return new ConfigurationException(description(verb, file, e), null, null, e);
    }

    /** Returns a failure of a change that was not made. */
    static ConfigurationException refused(String verb, Path file, IOException e) {
        return new ConfigurationException(
                description(verb, file, e) + " What was stored before is as it was.", null, null, e);
    }

    private static String description(String verb, Path file, IOException e) {
        return "Cannot " + verb + " " + file + ": " + reason(e) + ". " + advice(file, e);
    }

    /** Returns a failure for a file that is there but is not what it should be. */
    static ConfigurationException unreadable(Path file, IOException e) {
        return new ConfigurationException(
                "Cannot understand " + file + ": " + e.getMessage()
                        + ". It was damaged, or put there by something else or by another version; it was not changed."
                        + " Move it away if it is not needed, or restore it.",
                null,
                null,
                e);
    }

    static Path parent(Path file) {
        Path parent = file.getParent();
        if (parent == null) {
            throw new IllegalStateException(file + " has no folder");
        }
        return parent;
    }

    private static String reason(IOException e) {
        String message = e.getMessage() == null ? "" : ": " + e.getMessage();
        return e.getClass().getSimpleName() + message;
    }

    /** The system's own words come in the user's language and cannot be parsed, so the causes are looked for. */
    private static String advice(Path file, IOException e) {
        if (e instanceof NoSuchFileException) {
            return "Its folder was removed: end the processes that use it and start them again.";
        }
        if (e instanceof AccessDeniedException) {
            return "This process lacks the right: look with `ls -ld`, and use one user for all processes.";
        }
        Path folder = parent(file);
        if (!Files.isWritable(folder)) {
            return "The folder is read-only for this process: make its file system and mode writable, or use another.";
        }
        try {
            if (Files.getFileStore(folder).getUsableSpace() < LITTLE_ROOM) {
                return "The disk is full: free some space on it.";
            }
        } catch (IOException unknown) {
            e.addSuppressed(unknown);
        }
        return "Check the disk, quotas and limits on the size and number of files, and the rights on " + folder + ".";
    }

    private static <T> T uninterrupted(Step<T> step) throws IOException {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return step.run();
                } catch (ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
