package dev.ephemeralbuilder.spi;

import dev.ephemeralbuilder.ConfigurationException;
import java.io.IOException;
import java.io.StreamCorruptedException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of one owner: made, checked and swept when a store is opened.
 *
 * <pre>
 * root/owner/          0700
 *   format             the version of all this, and the owner
 *   lock               see {@link FolderLocks}; always empty, never deleted
 *   builder/ market/ … a file for each document
 *   ledger/            the files of a log
 *   …/.17.tmp          what somebody writes now, or died over
 * </pre>
 */
final class StateFolder {
    private static final Logger log = LoggerFactory.getLogger(StateFolder.class);
    private static final Set<PosixFilePermission> OTHERS = EnumSet.of(
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.GROUP_EXECUTE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE,
            PosixFilePermission.OTHERS_EXECUTE);

    private static final int WRITABLE_BY_OTHERS = 0022;
    private static final int STICKY = 01000;
    private static final String FORMAT = "format";

    private final Path path;
    private final FolderLocks locks;

    private StateFolder(Path path, FolderLocks locks) {
        this.path = path;
        this.locks = locks;
    }

    /**
     * Opens the folder, and makes it if need be.
     *
     * @throws ConfigurationException if it cannot be made, others may use it, or it is of another owner or version
     */
    static StateFolder open(Path root, String owner, StateWaits waits) {
        if (!root.getFileSystem().equals(FileSystems.getDefault())
                || !root.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            throw noModes(root);
        }
        Path path = makeRoot(root.toAbsolutePath()).resolve(StateNames.of(owner));
        makeFolder(path);
        for (String name : folders()) {
            makeFolder(path.resolve(name));
        }
        Path lock = path.resolve("lock");
        FolderLocks locks;
        try {
            makeFile(lock);
            locks = FolderLocks.open(lock);
        } catch (IOException e) {
            throw StateFiles.failed("open", lock, e);
        }
        StateFolder folder = new StateFolder(path, locks);
        try {
            folder.settle(owner, waits);
            return folder;
        } catch (RuntimeException | Error e) {
            folder.close();
            throw e;
        }
    }

    Path path() {
        return path;
    }

    FolderLocks locks() {
        return locks;
    }

    Path folder(StateStore.Kind kind) {
        return path.resolve(name(kind));
    }

    Path folder(StateStore.Log log) {
        return path.resolve(name(log));
    }

    /** Returns the files in a folder but for those whose name begins with a dot, in the order of their names. */
    static List<Path> files(Path folder) {
        return StateFiles.list(folder).stream()
                .filter(file -> !file.getFileName().toString().startsWith("."))
                .toList();
    }

    void close() {
        try {
            locks.release();
        } catch (IOException e) {
            log.warn("The lock file of {} could not be closed", path, e);
        }
    }

    private static List<String> folders() {
        return Stream.concat(
                        Arrays.stream(StateStore.Kind.values()).map(StateFolder::name),
                        Arrays.stream(StateStore.Log.values()).map(StateFolder::name))
                .toList();
    }

    private static String name(Enum<?> of) {
        return of.name().toLowerCase(Locale.ROOT);
    }

    private static Path makeRoot(Path root) {
        try {
            if (!Files.isDirectory(root)) {
                Files.createDirectories(root, StateFiles.PRIVATE_FOLDER);
                StateFiles.sync(StateFiles.parent(root));
            }
            Path real = root.toRealPath();
            int mode = (Integer) Files.getAttribute(real, "unix:mode");
            if ((mode & WRITABLE_BY_OTHERS) != 0 && (mode & STICKY) == 0) {
                throw open(real, Files.getPosixFilePermissions(real), "chmod go-w", "write to it");
            }
            return real;
        } catch (IOException e) {
            throw StateFiles.failed("make the folder", root, e);
        }
    }

    private static void makeFolder(Path folder) {
        try {
            Files.createDirectory(folder, StateFiles.PRIVATE_FOLDER);
            StateFiles.sync(StateFiles.parent(folder));
        } catch (FileAlreadyExistsException e) {
            checkFolder(folder);
            return;
        } catch (IOException e) {
            throw StateFiles.failed("make the folder", folder, e);
        }
        checkModesAreKept(folder);
    }

    private static void makeFile(Path file) throws IOException {
        try {
            Files.createFile(file, StateFiles.PRIVATE_FILE);
        } catch (FileAlreadyExistsException e) {
            checkFile(file);
        }
    }

    private static void checkModesAreKept(Path made) {
        try {
            if (!closedToOthers(Files.getPosixFilePermissions(made))) {
                throw noModes(made);
            }
        } catch (IOException e) {
            throw StateFiles.failed("look at", made, e);
        }
    }

    private static void checkFolder(Path folder) {
        try {
            PosixFileAttributes attributes = attributes(folder);
            if (!attributes.isDirectory()) {
                throw new ConfigurationException(folder + " must be a folder, and is not one", null, null, null);
            }
            if (!closedToOthers(attributes.permissions())) {
                throw open(folder, attributes.permissions(), "chmod 700", "use it");
            }
        } catch (IOException e) {
            throw StateFiles.failed("look at", folder, e);
        }
    }

    private static void checkFile(Path file) throws IOException {
        PosixFileAttributes attributes = attributes(file);
        if (!attributes.isRegularFile()) {
            throw new ConfigurationException(file + " must be a file, and is not one", null, null, null);
        }
        if (!closedToOthers(attributes.permissions())) {
            throw open(file, attributes.permissions(), "chmod 600", "use it");
        }
    }

    private static PosixFileAttributes attributes(Path path) throws IOException {
        return Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean closedToOthers(Set<PosixFilePermission> permissions) {
        return permissions.stream().noneMatch(OTHERS::contains);
    }

    /** Under the lock: whose is it, which version, can it be written; and takes away what the dead have left. */
    private void settle(String owner, StateWaits waits) {
        int stripe = FolderLocks.stripe(FORMAT);
        Path temporary = path.resolve(StateNames.temporary(stripe));
        locks.locked(stripe, waits.bound(), waits.closed(), () -> {
            checkUser(temporary);
            checkFormat(temporary, owner);
            return null;
        });
        sweep(path);
        for (String name : folders()) {
            sweep(path.resolve(name));
        }
    }

    /** A new file belongs to this user: so must the folder, or another could read the keys. Also shows that files can be made. */
    private void checkUser(Path temporary) {
        try {
            Files.deleteIfExists(temporary);
            Files.createFile(temporary, StateFiles.PRIVATE_FILE);
            UserPrincipal me = Files.getOwner(temporary);
            UserPrincipal other = Files.getOwner(path);
            Files.delete(temporary);
            if (!me.equals(other)) {
                throw new ConfigurationException(
                        "The state folder " + path + " belongs to " + other.getName() + ", this process runs as "
                                + me.getName() + ": use one user for all processes, or another folder",
                        null,
                        null,
                        null);
            }
        } catch (IOException e) {
            throw StateFiles.failed("make a file in", path.resolve(FORMAT), e);
        }
    }

    private void checkFormat(Path temporary, String owner) {
        Path file = path.resolve(FORMAT);
        byte[] expected =
                ("ephemeral-builder-state\t1\t" + StateText.escape(owner) + "\n").getBytes(StandardCharsets.UTF_8);
        byte[] found = StateFiles.read(file).orElse(null);
        if (found == null) {
            StateFiles.replace(temporary, file, expected, StateFiles.Durability.MACHINE);
        } else if (!Arrays.equals(found, expected)) {
            throw StateFiles.unreadable(
                    file, new StreamCorruptedException("it is not of this version and of owner " + owner));
        }
    }

    private void sweep(Path folder) {
        for (Path file : StateFiles.list(folder)) {
            int stripe = StateNames.stripeOfTemporary(file.getFileName().toString());
            if (stripe >= 0) {
                // Whoever writes it holds the lock; nobody holds it: the writer is dead.
                locks.ifFree(stripe, () -> StateFiles.remove(file, StateFiles.Durability.PROCESS));
            } else if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
                checkIfStillThere(file);
            }
        }
    }

    private static void checkIfStillThere(Path file) {
        try {
            checkFile(file);
        } catch (NoSuchFileException e) {
            log.debug("{} was removed while the state folder was opened", file);
        } catch (IOException e) {
            throw StateFiles.failed("look at", file, e);
        }
    }

    private static ConfigurationException open(
            Path path, Set<PosixFilePermission> permissions, String command, String what) {
        return new ConfigurationException(
                "Others than the owner of " + path + " may " + what + ": its mode is "
                        + PosixFilePermissions.toString(permissions)
                        + ". It holds, or leads to, keys of machines; if nobody else could have changed it, run: "
                        + command + " "
                        + path,
                null,
                null,
                null);
    }

    private static ConfigurationException noModes(Path path) {
        return new ConfigurationException(
                path + " is on a file system without POSIX modes (0700), so the keys of machines could not be kept from"
                        + " other users: use a folder on another file system, or another StateStore",
                null,
                null,
                null);
    }
}
