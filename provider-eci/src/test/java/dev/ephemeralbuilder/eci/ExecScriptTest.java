package dev.ephemeralbuilder.eci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ephemeralbuilder.eci.ExecParser.State;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code exec.sh} by itself, in the shells of common images, over pipes. */
@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD)
@Tag("once")
class ExecScriptTest {
    private static final String NONCE = "f00d";

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final ExecParser parser = new ExecParser(NONCE, output::writeBytes);
    private final List<Process> processes = new ArrayList<>();

    @AfterEach
    void endProcesses() {
        for (Process process : processes) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private Process start(ShellKind shell, String command, Consumer<ProcessBuilder> more) throws IOException {
        ProcessBuilder builder = new ProcessBuilder();
        List<String> line = new ArrayList<>(shell.command(folder, builder.environment()));
        List<String> items = ExecWrapper.items(NONCE, command);
        line.addAll(items.subList(2, items.size()));
        builder.command(line).directory(folder.toFile()).redirectErrorStream(true);
        more.accept(builder);
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    private Process start(ShellKind shell, String command) throws IOException {
        return start(shell, command, builder -> {});
    }

    /** Reads until a state is reached, or no more comes. */
    private State readUntil(Process process, State wanted) throws IOException {
        byte[] buffer = new byte[64 << 10];
        while (parser.state() != wanted) {
            int length = process.getInputStream().read(buffer);
            if (length < 0) {
                break;
            }
            parser.accept(new String(buffer, 0, length, ISO_8859_1), true);
        }
        return parser.state();
    }

    private String run(ShellKind shell, String command) throws IOException {
        assertThat(readUntil(start(shell, command), State.ENDED)).isEqualTo(State.ENDED);
        return output.toString(ISO_8859_1);
    }

    private static void write(OutputStream to, byte[] bytes) throws IOException {
        ExecMessages messages = new ExecMessages(ByteBuffer.wrap(bytes));
        while (messages.hasNext()) {
            to.write(messages.next().getBytes(US_ASCII));
            to.flush();
        }
    }

    private static void end(OutputStream to) throws IOException {
        to.write(ExecMessages.END.getBytes(US_ASCII));
        to.flush();
    }

    @ParameterizedTest
    @EnumSource
    void everyByteArrivesInBothDirections(ShellKind shell) throws Exception {
        byte[] bytes = new byte[3_000_000];
        new Random(1).nextBytes(bytes);
        Process process = start(shell, "cat; echo over");
        readUntil(process, State.RUNNING);
        CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
            try {
                int from = 0;
                for (int size : new int[] {1, 2, 3, 1000, 4096, 65_536, 1 << 20}) {
                    write(process.getOutputStream(), Arrays.copyOfRange(bytes, from, from + size));
                    from += size;
                }
                write(process.getOutputStream(), Arrays.copyOfRange(bytes, from, bytes.length));
                end(process.getOutputStream());
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(readUntil(process, State.ENDED)).isEqualTo(State.ENDED);
        writing.get(10, TimeUnit.SECONDS);
        assertThat(output.size()).isEqualTo(bytes.length + 5);
        assertThat(Arrays.copyOf(output.toByteArray(), bytes.length)).isEqualTo(bytes);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void inputAndOutputAreLive(ShellKind shell) throws Exception {
        Process process = start(shell, "while read -r line; do echo \"got $line\"; done");
        readUntil(process, State.RUNNING);
        for (int i = 0; i < 5; i++) {
            write(process.getOutputStream(), (i + "\n").getBytes(US_ASCII));
            String expected = "got " + i + "\n";
            byte[] buffer = new byte[1000];
            while (!output.toString(ISO_8859_1).endsWith(expected)) {
                int length = process.getInputStream().read(buffer);
                assertThat(length).isPositive();
                parser.accept(new String(buffer, 0, length, ISO_8859_1), true);
            }
        }
        end(process.getOutputStream());
        assertThat(readUntil(process, State.ENDED)).isEqualTo(State.ENDED);
    }

    @ParameterizedTest
    @EnumSource
    void fiftyMegabytesArriveByteByByte(ShellKind shell) throws Exception {
        byte[] bytes = new byte[50 << 20];
        new Random(2).nextBytes(bytes);
        Files.write(folder.resolve("big"), bytes);
        Process process = start(shell, "cat big");
        assertThat(readUntil(process, State.ENDED)).isEqualTo(State.ENDED);
        assertThat(Arrays.equals(output.toByteArray(), bytes)).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void aCommandThatTakesNoMoreInputHoldsNothingUp(ShellKind shell) throws Exception {
        Process process = start(shell, "head -c 4; exec <&-; while [ ! -e go ]; do sleep 0.05; done; echo over");
        readUntil(process, State.RUNNING);
        write(process.getOutputStream(), "one\n".getBytes(US_ASCII));
        write(process.getOutputStream(), new byte[2_000_000]);
        Files.createFile(folder.resolve("go"));
        assertThat(readUntil(process, State.ENDED)).isEqualTo(State.ENDED);
        assertThat(output.toString(ISO_8859_1)).isEqualTo("one\nover\n");
        assertThat(process.waitFor(10, TimeUnit.SECONDS))
                .as("it ends although nobody has said that the input is over")
                .isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void theEndComesAfterTheCommandAndAllItsOutput(ShellKind shell) throws Exception {
        assertThat(run(shell, "(sleep 0.2; echo late) & echo early; exit 3")).isEqualTo("early\nlate\n");
        ByteArrayOutputStream second = new ByteArrayOutputStream();
        ExecParser other = new ExecParser(NONCE, second::writeBytes);
        Process process = start(shell, "exec >&- 2>&-; sleep 0.2; : >done");
        byte[] all = process.getInputStream().readAllBytes();
        assertThat(other.accept(new String(all, ISO_8859_1), true)).isEqualTo(State.ENDED);
        assertThat(folder.resolve("done")).exists();
    }

    @ParameterizedTest
    @EnumSource
    void aKilledCommandEndsAndTheShellsOwnWordsAreNoOutput(ShellKind shell) throws Exception {
        assertThat(run(shell, "echo up; kill -9 $$")).isEqualTo("up\n");
    }

    @ParameterizedTest
    @EnumSource
    void bothOutputsKeepTheirOrder(ShellKind shell) throws Exception {
        StringBuilder expected = new StringBuilder();
        for (int i = 1; i <= 200; i++) {
            expected.append("out ").append(i).append("\nerr ").append(i).append('\n');
        }
        assertThat(run(shell, "for i in $(seq 200); do echo out $i; echo err $i >&2; done"))
                .isEqualTo(expected.toString());
    }

    @ParameterizedTest
    @EnumSource
    void aLongCommandIsPutTogetherAgain(ShellKind shell) throws Exception {
        String text = " 'a'  \"b\" $HOME \\n * ".repeat(60).substring(0, 980);
        String command = "cat <<'E'\n" + text + "\nE\n";
        assertThat(command.length()).isLessThanOrEqualTo(ExecWrapper.MAX_COMMAND);
        assertThat(run(shell, command)).isEqualTo(text + "\n");
    }

    @ParameterizedTest
    @EnumSource
    void aHomeThatCannotBeUsedIsReplaced(ShellKind shell) throws Exception {
        for (String home : new String[] {null, "", "/no/such/folder"}) {
            output.reset();
            Process process =
                    start(shell, "cd; echo here >.probe-$$ && rm .probe-$$ && echo \"$HOME\"; pwd", builder -> {
                        if (home == null) {
                            builder.environment().remove("HOME");
                        } else {
                            builder.environment().put("HOME", home);
                        }
                    });
            ExecParser fresh = new ExecParser(NONCE, output::writeBytes);
            assertThat(fresh.accept(new String(process.getInputStream().readAllBytes(), ISO_8859_1), true))
                    .isEqualTo(State.ENDED);
            List<String> lines = output.toString(ISO_8859_1).lines().toList();
            assertThat(lines).hasSize(2);
            assertThat(Path.of(lines.get(0))).isDirectory().isWritable();
        }
    }

    @ParameterizedTest
    @EnumSource
    void theCommandRunsAtHomeAndSeesItsEnvironmentAsItIs(ShellKind shell) throws Exception {
        Process process = start(shell, "pwd; env | sort", builder -> {
            builder.environment().put("COLOUR", "blue");
            builder.environment().put("LC_ALL", "C.UTF-8");
            builder.directory(new File("/"));
        });
        assertThat(readUntil(process, State.ENDED)).isEqualTo(State.ENDED);
        List<String> lines = output.toString(ISO_8859_1).lines().toList();
        assertThat(lines.get(0)).isEqualTo(folder.toRealPath().toString());
        assertThat(lines).contains("COLOUR=blue", "LC_ALL=C.UTF-8").noneMatch(line -> line.startsWith("eb_"));
    }

    @ParameterizedTest
    @EnumSource
    void noDescriptorButTheThreeReachesTheCommand(ShellKind shell) throws Exception {
        assertThat(run(
                        shell,
                        "for fd in 3 4 5 6 7 8 9; do (eval \"exec 0<&$fd\") 2>/dev/null && echo $fd; done; echo over"))
                .isEqualTo("over\n");
    }

    @ParameterizedTest
    @EnumSource
    void aCutConnectionEndsTheInputAndLeavesWhatWasSetApart(ShellKind shell) throws Exception {
        Process process = start(
                shell,
                "setsid sh -c 'echo $$ >pid.new; mv pid.new pid; while [ ! -e go ]; do sleep 0.05; done; echo on >went'"
                        + " </dev/null >/dev/null 2>&1 & cat; echo cut >cut",
                builder -> builder.environment().merge("PATH", ":/usr/bin:/bin", String::concat));
        readUntil(process, State.RUNNING);
        await().until(() -> Files.exists(folder.resolve("pid")));
        process.getOutputStream().close();
        process.getInputStream().close();
        await().until(() -> Files.exists(folder.resolve("cut")));
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        Files.createFile(folder.resolve("go"));
        await().until(() -> Files.exists(folder.resolve("went")));
    }

    @ParameterizedTest
    @EnumSource
    void withoutItsToolsItSaysWhatIsMissing(ShellKind shell) throws Exception {
        Process process =
                start(shell, "echo never", builder -> builder.environment().put("PATH", "/nowhere"));
        readUntil(process, State.ENDED);
        if (parser.state() != State.UNABLE) {
            // A busybox may find its own tools without any path.
            assertThat(shell).isEqualTo(ShellKind.BUSYBOX);
            assertThat(output.toString(ISO_8859_1)).isEqualTo("never\n");
            return;
        }
        assertThat(parser.missing()).isEqualTo("dd base64");
        assertThat(process.waitFor()).isEqualTo(127);
    }

    @Test
    void aDdThatDoesNotReadOnIsDoneWithout() throws Exception {
        Path dd = folder.resolve("bin/dd");
        Files.createDirectories(folder.resolve("bin"));
        Files.writeString(dd, "#!/bin/sh\ncase $* in *iflag*) exit 1;; esac\nexec /usr/bin/dd \"$@\"\n");
        assertThat(dd.toFile().setExecutable(true)).isTrue();
        ExecParser other = new ExecParser(NONCE, output::writeBytes);
        byte[] bytes = new byte[300_000];
        new Random(3).nextBytes(bytes);
        Process process = start(
                ShellKind.DASH,
                "cat >copy",
                builder ->
                        builder.environment().merge("PATH", folder.resolve("bin") + ":", (old, first) -> first + old));
        write(process.getOutputStream(), bytes);
        end(process.getOutputStream());
        assertThat(other.accept(new String(process.getInputStream().readAllBytes(), ISO_8859_1), true))
                .isEqualTo(State.ENDED);
        assertThat(Files.readAllBytes(folder.resolve("copy"))).isEqualTo(bytes);
    }
}
