package dev.ephemeralbuilder.ecs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.slf4j.LoggerFactory;

/**
 * Who logs in to an {@link OpenSshServer}, and which shell and tools it finds. Root can make users that only its server
 * sees; anybody else can only log in as oneself.
 */
enum OpenSshLogin {
    /** The superuser, with dash where there is one. */
    ROOT("root", 0, "dash"),
    /** An ordinary user with bash. */
    BUILDER("eb-builder", 64_321, "bash"),
    /** An ordinary user who has nothing but what busybox brings, as on Alpine. */
    BUSYBOX("eb-busybox", 64_322, "busybox"),
    /** The user that the tests run as, where that is not root or may not make a view of the host for its server. */
    SELF(System.getProperty("user.name"), -1, "sh");

    private static final List<String> FOLDERS =
            List.of("/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/bin", "/usr/local/bin", "/bin");

    private static final boolean ROOT_HERE = succeeds("sh", "-c", "test \"$(id -u)\" = 0");
    private static final boolean MAY_HIDE =
            ROOT_HERE && program("unshare").isPresent() && succeeds("unshare", "--mount", "true");

    /** A server of an ordinary user knows only the host's users. */
    private static final String HAS_SHELL = """
            shell=$(getent passwd "$(id -u)" | cut -d: -f7)
            case $shell in */nologin | */false) exit 1 ;; esac
            test -x "$shell"
            """;

    private static final @Nullable String MISSING = missing();

    private final String user;
    private final int uid;
    private final String shell;

    OpenSshLogin(String user, int uid, String shell) {
        this.user = user;
        this.uid = uid;
        this.shell = shell;
    }

    /** Returns the logins that this host can offer. */
    static List<OpenSshLogin> available() {
        if (MISSING != null || !MAY_HIDE) {
            return List.of(SELF);
        }
        List<OpenSshLogin> all = new ArrayList<>(List.of(ROOT));
        Stream.of(BUILDER, BUSYBOX)
                .filter(login -> program(login.shell).isPresent())
                .forEach(all::add);
        return all;
    }

    /** Skips the test where no server can be started. */
    static void assumeServer() {
        if (MISSING != null) {
            Assumptions.abort(MISSING);
        }
    }

    private static @Nullable String missing() {
        String missing = null;
        if (!Files.isDirectory(Path.of("/proc/self"))) {
            missing = "they need Linux";
        } else if (program("sshd").isEmpty()) {
            missing = "there is no sshd; install the OpenSSH server (Debian and Ubuntu: openssh-server)";
        } else if (ROOT_HERE && !MAY_HIDE && !Files.isDirectory(Path.of("/run/sshd"))) {
            missing = "root can neither use unshare --mount (util-linux; CAP_SYS_ADMIN) nor has /run/sshd";
        } else if (!MAY_HIDE && !succeeds("sh", "-c", HAS_SHELL)) {
            missing = "the user that runs them has no account with a login shell";
        }
        if (missing != null) {
            LoggerFactory.getLogger(OpenSshLogin.class)
                    .warn("Tests against a real OpenSSH server are skipped: {}", missing);
        }
        return missing;
    }

    /** Returns where a program is. */
    static Optional<Path> program(String name) {
        return FOLDERS.stream()
                .map(folder -> Paths.get(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Returns whether the server has a view of the host of its own, in which the user is whoever we say. */
    boolean hidden() {
        return this != SELF;
    }

    int uid() {
        return uid;
    }

    String user() {
        return user;
    }

    Path shell() {
        return program(shell).orElse(Path.of("/bin/sh"));
    }

    private static boolean succeeds(String... command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
