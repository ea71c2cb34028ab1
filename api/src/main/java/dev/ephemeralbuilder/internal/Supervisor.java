package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.ScriptResult.Ending;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The words of the protocol between the fleet and {@code supervisor.sh} on the machine: commands, their input, and the
 * replies. Text and nothing else; who sends it and how often is decided elsewhere.
 */
final class Supervisor {
    /** Begins each line of a reply, so that what a login shell says by itself does no harm. */
    private static final String REPLY = "EB1 ";

    /** Comes before a reply's bytes. */
    static final byte[] STREAM_MARK = "EB1 stream".getBytes(StandardCharsets.US_ASCII);

    private static final byte[] SCRIPT = load();
    private static final String RUN = "exec sh \"$HOME/.ephemeral-builder/supervisor.sh\" ";

    /** A command and what it reads. */
    record Command(String line, ByteBuffer input) {}

    /** The replies of one command: the words behind each mark. */
    record Reply(List<String> lines) {
        Optional<String> value(String word) {
            return lines.stream()
                    .filter(line -> line.equals(word) || line.startsWith(word + " "))
                    .map(line -> line.substring(word.length()).strip())
                    .findFirst();
        }

        List<String> values(String word) {
            return lines.stream()
                    .filter(line -> line.startsWith(word + " "))
                    .map(line -> line.substring(word.length() + 1))
                    .toList();
        }
    }

    private static final Pattern ID = Pattern.compile("[0-9a-z]{1,32}");
    private static final Pattern MADE_UP = Pattern.compile("[0-9a-f]{16}");

    private Supervisor() {}

    /** Returns an id for a script that no other process gives on any machine: 60 random bits. */
    static String newId() {
        return UUID.randomUUID().toString().replace("-", "").substring(0, 16);
    }

    /** Returns whether an id was made up for a caller's script: the engine's own ones have words. */
    static boolean isMadeUp(String id) {
        return MADE_UP.matcher(id).matches();
    }

    /** Returns whether a text may be the id of a script; what may not must not come near a command line. */
    static boolean isId(String text) {
        return ID.matcher(text).matches();
    }

    /** Returns the script as text, for machines that run it from the start. */
    static String script() {
        return new String(SCRIPT, StandardCharsets.UTF_8);
    }

    /**
     * Puts the supervisor on the machine and has it look around. Others may be using one that is there already: it is
     * replaced by a whole one or not at all.
     */
    static Command install() {
        String file = "\"$HOME/.ephemeral-builder/supervisor.sh";
        String fresh = file + ".$$\"";
        String line = "umask 077; mkdir -p \"$HOME/.ephemeral-builder\" && head -c " + SCRIPT.length + " >" + fresh
                + " && if [ $(wc -c <" + fresh + ") -eq " + SCRIPT.length + " ]; then mv " + fresh + " " + file
                + "\"; else rm -f " + fresh + "; exit 1; fi && " + RUN + "hello";
        return new Command(line, ByteBuffer.wrap(SCRIPT));
    }

    /** Starts a script under an id; harmless if it was started before. */
    static Command start(String id, Script script, String workspace) {
        return send("start", id, script, workspace);
    }

    /** Puts a script onto the machine under an id, to be started by {@link #fire}. */
    static Command store(String id, Script script, String workspace) {
        return send("store", id, script, workspace);
    }

    /** Starts a script that was stored, if it was not started before, and asks how it ended. */
    static Command fire(String id, long mostSeconds) {
        return withoutInput("fire " + id + " " + mostSeconds);
    }

    private static Command send(String order, String id, Script script, String workspace) {
        byte[] launch = launcher(script, workspace).getBytes(StandardCharsets.UTF_8);
        byte[] text = script.text().getBytes(StandardCharsets.UTF_8);
        byte[] stdin = script.stdin();
        long bytes = (long) launch.length + text.length + stdin.length;
        if (bytes > Script.MAX_BYTES) {
            throw new IllegalArgumentException("text, environment and input of a script must have at most "
                    + Script.MAX_BYTES + " bytes together, had " + bytes);
        }
        ByteBuffer input = ByteBuffer.allocate((int) bytes);
        input.put(launch).put(text).put(stdin).flip();
        String line = RUN + order + " " + id + " " + launch.length + " " + text.length + " " + stdin.length + " "
                + seconds(script.timeout().toMillis()) + " "
                + seconds(script.grace().toMillis()) + " "
                + script.outputLimit() + " " + (script.streamsSeparate() ? "separate" : "merged");
        return new Command(line, input);
    }

    static Command status(String id) {
        return withoutInput("status " + id);
    }

    static Command await(String id) {
        return withoutInput("await " + id);
    }

    static Command cancel(String id) {
        return withoutInput("cancel " + id);
    }

    /** Asks which scripts there are; the answer is whole when it has an {@code end}. */
    static Command list() {
        return withoutInput("list");
    }

    /** Asks about one script, as {@link #list()} does about all. */
    static Command list(String id) {
        return withoutInput("list " + id);
    }

    static Command follow(String id, String stream, long offset) {
        return withoutInput("follow " + id + " " + stream + " " + offset);
    }

    /**
     * Asks when the machine is to be taken back. The answer does not end by itself: it has a line for each change, until
     * the input ends.
     *
     * @param address of the machine's metadata, without a slash at its end
     */
    static Command notices(URI address, Duration every) {
        return withoutInput("notices " + quote(address.toString()) + " " + seconds(every.toMillis()));
    }

    /** Unpacks an archive, which the sender must write behind this command's input, below a folder. */
    static Command put(String folder, long archiveBytes) {
        byte[] path = folder.getBytes(StandardCharsets.UTF_8);
        return new Command(RUN + "put " + path.length + " " + archiveBytes, ByteBuffer.wrap(path));
    }

    static Command get(String path) {
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        return new Command(RUN + "get " + bytes.length, ByteBuffer.wrap(bytes));
    }

    static Command glob(String pattern) {
        byte[] bytes = pattern.getBytes(StandardCharsets.UTF_8);
        return new Command(RUN + "glob " + bytes.length, ByteBuffer.wrap(bytes));
    }

    /** Returns the replies in a command's output; other lines are left out. */
    static Reply parse(String output) {
        List<String> lines = new ArrayList<>();
        output.lines()
                .filter(line -> line.startsWith(REPLY))
                .map(line -> line.substring(REPLY.length()))
                .forEach(lines::add);
        return new Reply(lines);
    }

    /** Returns what comes behind the mark of a stream. */
    static String stream(String output) {
        String mark = new String(STREAM_MARK, StandardCharsets.US_ASCII) + "\n";
        int at = output.indexOf(mark);
        return at < 0 ? "" : output.substring(at + mark.length());
    }

    /**
     * Returns how a script ended, from the words behind {@code exited}.
     *
     * @throws IllegalArgumentException if they are not readable, as after a write to a full disk
     */
    static ScriptResult result(String words) {
        String[] w = words.split(" ", -1);
        if (w.length < 5) {
            throw new IllegalArgumentException("the machine's record of the end is cut");
        }
        Ending ending = switch (w[1]) {
            case "timeout" -> Ending.TIMED_OUT;
            case "limit" -> Ending.OUTPUT_LIMIT;
            case "cancelled" -> Ending.CANCELLED;
            case "exited" -> Ending.EXITED;
            default -> throw new IllegalArgumentException("the machine's record of the end has an unknown word");
        };
        return new ScriptResult(
                Integer.parseInt(w[0]),
                ending,
                Duration.ofSeconds(Long.parseLong(w[2])),
                Long.parseLong(w[3]),
                Long.parseLong(w[4]));
    }

    /**
     * The file that becomes the script's process. With {@code check} it only says whether it could: interpreter and
     * directory are looked for before anything is started.
     */
    private static String launcher(Script script, String workspace) {
        StringBuilder s = new StringBuilder();
        String directory = script.directory().map(d -> under(workspace, d)).orElse(workspace);
        s.append("cd ").append(quote(directory)).append(" 2>/dev/null || { echo directory; exit 126; }\n");
        for (Map.Entry<String, String> e : script.environment().entrySet()) {
            s.append("export ")
                    .append(e.getKey())
                    .append('=')
                    .append(quote(e.getValue()))
                    .append('\n');
        }
        String interpreter = quote(script.interpreter().get(0));
        s.append("command -v ").append(interpreter).append(" >/dev/null 2>&1 || { echo interpreter; exit 127; }\n");
        s.append("if [ \"$1\" = check ]; then echo launchable; exit 0; fi\n");
        s.append("exec");
        script.interpreter().forEach(word -> s.append(' ').append(quote(word)));
        return s.append(" \"$2\"\n").toString();
    }

    /** Returns an absolute path: the path itself, or the path under the workspace. */
    static String under(String workspace, String path) {
        return path.startsWith("/") ? path : workspace + "/" + path;
    }

    private static String quote(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }

    private static long seconds(long millis) {
        return (millis + 999) / 1000;
    }

    private static Command withoutInput(String words) {
        return new Command(RUN + words, ByteBuffer.allocate(0));
    }

    private static byte[] load() {
        try (InputStream in = Supervisor.class.getResourceAsStream("supervisor.sh")) {
            if (in == null) {
                throw new IllegalStateException("supervisor.sh is missing from the jar");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
