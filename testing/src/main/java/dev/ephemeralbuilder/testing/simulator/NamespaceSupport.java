package dev.ephemeralbuilder.testing.simulator;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Whether and how this host makes namespaces for machines: found out once per simulator, by making some. */
final class NamespaceSupport {
    private static final List<String> TOOLS = List.of("setsid", "unshare", "nsenter", "mount");
    private static final long TRIAL_SECONDS = 20;

    private final boolean userNamespace;
    private final Map<String, String> tools;

    private NamespaceSupport(boolean userNamespace, Map<String, String> tools) {
        this.userNamespace = userNamespace;
        this.tools = tools;
    }

    /**
     * Tries it out, as the user of this JVM.
     *
     * @param path the folders to look for programs in, as in the variable {@code PATH}
     * @param scratch a folder in which a trial machine has its home for a moment
     * @throws IOException if machines cannot be isolated here; the message says what is missing
     */
    static NamespaceSupport find(String path, Path scratch) throws IOException {
        List<String> failures = new ArrayList<>();
        // Root needs no user namespace, and where it lacks the right for the others one may help.
        for (boolean userNamespace : new boolean[] {false, true}) {
            NamespaceSupport support = new NamespaceSupport(userNamespace, locate(path));
            try {
                support.tryOut(scratch.resolve(userNamespace ? "trial-user" : "trial"));
                return support;
            } catch (IOException e) {
                failures.add((userNamespace ? "with" : "without") + " a user namespace: " + e.getMessage());
            }
        }
        throw impossible("the kernel or the host's set-up refuses them (" + String.join("; ", failures) + ")");
    }

    /** Returns what makes namespaces below a user namespace, for tests of what others than root get. */
    static NamespaceSupport asUser(String path) throws IOException {
        return new NamespaceSupport(true, locate(path));
    }

    private static Map<String, String> locate(String path) throws IOException {
        Map<String, String> found = new LinkedHashMap<>();
        List<String> missing = new ArrayList<>();
        for (String tool : TOOLS) {
            Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                    .splitAsStream(path)
                    .filter(Predicate.not(String::isEmpty))
                    .map(folder -> Path.of(folder, tool))
                    .filter(Files::isExecutable)
                    .findFirst()
                    .ifPresentOrElse(file -> found.put(tool, file.toString()), () -> missing.add(tool));
        }
        if (!missing.isEmpty()) {
            throw impossible("not on the PATH: " + String.join(", ", missing) + " (util-linux)");
        }
        return found;
    }

    private static IOException impossible(String why) {
        return new IOException("machines cannot be isolated on this host, which takes Linux namespaces: " + why
                + "; plain machines need none of this");
    }

    /** Runs a command on a trial machine; its home folder is deleted afterwards. */
    void tryOut(Path home) throws IOException {
        LocalMachine machine = new LocalMachine(home, "trial", "root", Map.of(), forMachine("trial", "127.0.0.1"));
        try {
            Process process = machine.start("uname -n", Map.of());
            process.getOutputStream().close();
            if (!process.waitFor(TRIAL_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("a trial command did not end");
            }
            String said = text(process.getInputStream());
            if (process.exitValue() != 0 || !said.equals("trial")) {
                throw new IOException("a trial command ended with " + process.exitValue() + " and said \"" + said
                        + "\" " + text(process.getErrorStream()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while namespaces were tried out", e);
        } finally {
            machine.kill();
            MachineRuntime.delete(home);
        }
    }

    private static String text(InputStream in) throws IOException {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    }

    /** Returns the namespaces of a machine; makes none yet. */
    Namespaces forMachine(String hostName, String address) {
        return new Namespaces(this, hostName, address);
    }

    /** Returns the command line of the process that holds namespaces, up to the program that it runs in them. */
    List<String> unshare() {
        List<String> line = new ArrayList<>(List.of(tool("setsid"), tool("unshare")));
        if (userNamespace) {
            line.addAll(List.of("--user", "--map-root-user"));
        }
        line.addAll(List.of("--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--net", "--"));
        return line;
    }

    /** Returns the same for namespaces that have network, host name and System V objects in common with a process. */
    List<String> unshareBeside(long pid) {
        List<String> line = new ArrayList<>(enterUser(pid));
        line.addAll(List.of("--uts", "--ipc", "--net", "--", tool("unshare")));
        line.addAll(List.of("--pid", "--fork", "--kill-child", "--mount", "--"));
        return line;
    }

    private List<String> enterUser(long pid) {
        List<String> line = new ArrayList<>(List.of(tool("setsid"), tool("nsenter"), "--target", Long.toString(pid)));
        if (userNamespace) {
            line.addAll(List.of("--user", "--preserve-credentials"));
        }
        return line;
    }

    /** Returns the command line that enters the namespaces of a process, up to the program to run there. */
    List<String> enter(long pid) {
        List<String> line = enterUser(pid);
        line.addAll(List.of("--pid", "--mount", "--uts", "--ipc", "--net", "--"));
        return line;
    }

    /** Returns where a program is that all of this takes. */
    String tool(String name) {
        String file = tools.get(name);
        if (file == null) {
            throw new IllegalStateException("not looked for: " + name);
        }
        return file;
    }
}
