package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder that stands for the disk of a machine or for an image. It is deleted once it is condemned and nobody reads
 * it any more. Safe for use by many threads.
 */
final class Disk {
    private static final Logger log = LoggerFactory.getLogger(Disk.class);

    private final Path folder;
    private int readers;
    private boolean condemned;

    Disk(Path folder) {
        this.folder = folder;
    }

    Path folder() {
        return folder;
    }

    /** Keeps the folder until {@link #release}, or returns false if it may be gone already. */
    synchronized boolean hold() {
        if (condemned && readers == 0) {
            return false;
        }
        readers++;
        return true;
    }

    /** Ends a {@link #hold}; deletes the folder if it was the last and the folder is condemned. */
    void release() {
        synchronized (this) {
            readers--;
            if (!condemned || readers > 0) {
                return;
            }
        }
        MachineRuntime.delete(folder);
    }

    /** Deletes the folder as soon as nobody holds it. May be called again. */
    void condemn() {
        synchronized (this) {
            condemned = true;
            if (readers > 0) {
                return;
            }
        }
        MachineRuntime.delete(folder);
    }

    /**
     * Copies what is in the folder: files with mode and time of change, links as links. Left out are a file that goes
     * meanwhile, and pipes and sockets, which are nothing without their processes; two names of one file become two
     * files.
     *
     * @param target made if it is not there
     * @param oldHome links to somewhere in this folder, which need not exist any more, ...
     * @param newHome ... become links to the same place in this one, because a real machine's home folder has the same
     *     path on each
     */
    void copyTo(Path target, Path oldHome, Path newHome) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(there(dir));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (attributes.isOther()) {
                    // Reading a pipe would wait for somebody who writes.
                    return FileVisitResult.CONTINUE;
                }
                try {
                    copyFile(file, attributes);
                } catch (NoSuchFileException e) {
                    log.debug("A file went while its disk was copied");
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException && !file.equals(folder)) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }

            // Last, because a folder without the right to write could not be filled.
            @Override
            public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                copyAttributes(dir, there(dir));
                return FileVisitResult.CONTINUE;
            }

            private Path there(Path path) {
                return target.resolve(folder.relativize(path));
            }

            private void copyFile(Path file, BasicFileAttributes attributes) throws IOException {
                Path linked = attributes.isSymbolicLink() ? Files.readSymbolicLink(file) : null;
                if (linked != null && linked.startsWith(oldHome)) {
                    Files.createSymbolicLink(there(file), newHome.resolve(oldHome.relativize(linked)));
                } else {
                    Files.copy(file, there(file), StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
                }
            }
        });
    }

    private static void copyAttributes(Path from, Path to) throws IOException {
        PosixFileAttributeView modes = Files.getFileAttributeView(from, PosixFileAttributeView.class);
        if (modes != null) {
            Files.setPosixFilePermissions(to, modes.readAttributes().permissions());
        }
        FileTime changed = Files.getLastModifiedTime(from);
        Files.getFileAttributeView(to, BasicFileAttributeView.class).setTimes(changed, null, null);
    }
}
