package dev.ephemeralbuilder.ecs;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.LogStream;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.ScriptResult.Ending;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A whole fleet on machines that are real OpenSSH servers, for each kind of login that this host can offer. The machines
 * are used at the same time, each by one test after the other.
 */
@Execution(ExecutionMode.CONCURRENT)
@ParameterizedClass
@MethodSource("dev.ephemeralbuilder.ecs.OpenSshBuilder#available")
@Timeout(120)
@Tag("once")
class OpenSshScriptsTest {
    private final EphemeralBuilder builder;
    private final OpenSshServer server;

    @TempDir
    private Path here;

    OpenSshScriptsTest(OpenSshBuilder machine) throws InterruptedException {
        OpenSshLogin.assumeServer();
        builder = machine.builder();
        server = machine.server();
    }

    private record Run(ScriptResult result, String output) {}

    private Run run(Script script) throws IOException, InterruptedException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ScriptResult result = builder.run(script, LogSink.to(out));
        return new Run(result, out.toString(UTF_8));
    }

    private static ProcessHandle process(String pid) {
        return ProcessHandle.of(Long.parseLong(pid.strip())).orElseThrow();
    }

    /** Returns what a script has written into a file of the workspace, once it is there. */
    private String word(String file) {
        Path path = server.home().resolve("workspace").resolve(file);
        Awaitility.await(file).pollInterval(Duration.ofMillis(20)).until(() -> Files.exists(path));
        try {
            return Files.readString(path).strip();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @Execution(ExecutionMode.SAME_THREAD)
    void outputAndExitCodeAreTheScriptsOwnWhateverTheLoginSays() throws Exception {
        Run run = run(Script.of("echo \"$ODD\"; cat; echo err >&2; exit 37")
                .env("ODD", "it's \"quoted\" $HOME \\ 构建")
                .stdin("input\n"));
        assertThat(run.output()).isEqualTo("it's \"quoted\" $HOME \\ 构建\ninput\nerr\n");
        assertThat(run.result().exitCode()).isEqualTo(37);
        assertThat(run.result().ending()).isEqualTo(Ending.EXITED);
    }

    @Test
    @Execution(ExecutionMode.SAME_THREAD)
    void theScriptRunsAsTheLogin() throws Exception {
        assertThat(Files.getOwner(server.home()))
                .isEqualTo(Files.getOwner(Path.of(run(Script.of("touch mine; echo \"$PWD/mine\""))
                        .output()
                        .strip())));
    }

    @Test
    @Execution(ExecutionMode.SAME_THREAD)
    void cancelEndsTheGroupAndNotWhatHasLeftIt() throws Exception {
        RunningScript script = builder.start(Script.of("setsid sleep 600 & echo $! >left.new; mv left.new left; "
                                + "sh -c 'trap \"\" TERM; echo $$ >deaf.new; mv deaf.new deaf; while :; do sleep 600; done' & "
                                + "wait")
                        .grace(Duration.ofSeconds(1)))
                .get();
        ProcessHandle deaf = process(word("deaf"));
        ProcessHandle left = process(word("left"));
        script.cancel().get();
        ScriptResult result = script.result().get();
        assertThat(result.ending()).isEqualTo(Ending.CANCELLED);
        assertThat(result.success()).isFalse();
        Awaitility.await().until(() -> !deaf.isAlive());
        assertThat(left.isAlive()).isTrue();
    }

    @Test
    @Execution(ExecutionMode.SAME_THREAD)
    void aScriptThatIgnoresTermIsKilledAfterTheGrace() throws Exception {
        Run run = run(Script.of("trap '' TERM; echo $$ >pid; while :; do sleep 1; done")
                .timeout(Duration.ofSeconds(1))
                .grace(Duration.ofSeconds(1)));
        assertThat(run.result().ending()).isEqualTo(Ending.TIMED_OUT);
        assertThat(run.result().exitCode()).isEqualTo(128 + 9);
        assertThat(ProcessHandle.of(Long.parseLong(word("pid")))).isEmpty();
    }

    @Test
    @Execution(ExecutionMode.SAME_THREAD)
    void noByteIsLostOrDoubledWhileTheConnectionIsKilled() throws Exception {
        // All values of a byte, then numbered lines, some of them slowly.
        String text = "for i in 0 1 2 3; do for j in 0 1 2 3 4 5 6 7; do for k in 0 1 2 3 4 5 6 7; do"
                + " printf \"\\\\$i$j$k\"; done; done; done; i=1000;"
                + " while [ $i -lt 1030 ]; do seq \"${i}00000\" \"${i}04999\"; sleep 0.05; i=$((i + 1)); done; exit 5";
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<Integer> cuts = new ArrayList<>();
        ScriptResult result = builder.run(Script.of(text), new LogSink() {
            private int next = 100;

            @Override
            public void write(LogStream stream, byte[] bytes, int length) {
                out.write(bytes, 0, length);
                if (out.size() >= next && cuts.size() < 4) {
                    cuts.add(out.size());
                    next = out.size() + 150_000;
                    server.cutAll();
                }
            }
        });
        assertThat(cuts).hasSize(4);
        assertThat(result.exitCode()).isEqualTo(5);
        byte[] expected = expected();
        assertThat(Arrays.mismatch(out.toByteArray(), expected))
                .as("where %s bytes differ from the %s that were written; cut at %s", out.size(), expected.length, cuts)
                .isEqualTo(-1);
        assertThat(result.outBytes()).isEqualTo(out.size());
    }

    private static byte[] expected() {
        StringBuilder all = new StringBuilder();
        IntStream.range(0, 256).forEach(i -> all.append((char) i));
        for (int i = 1000; i < 1030; i++) {
            for (int j = 0; j < 5000; j++) {
                all.append(i * 100_000 + j).append('\n');
            }
        }
        return all.toString().getBytes(ISO_8859_1);
    }

    @Test
    @Execution(ExecutionMode.SAME_THREAD)
    void aFrozenConnectionIsReplacedAndNothingIsLost() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        CompletableFuture<Void> frozen = new CompletableFuture<>();
        ScriptResult result = builder.run(
                Script.of("echo before; until [ -e frozen ]; do sleep 0.1; done; echo after; exit 6"),
                (stream, bytes, length) -> {
                    out.write(bytes, 0, length);
                    if (frozen.complete(null)) {
                        server.freezeAll();
                        Files.createFile(server.home().resolve("workspace/frozen"));
                    }
                });
        assertThat(out.toString(UTF_8)).isEqualTo("before\nafter\n");
        assertThat(result.exitCode()).isEqualTo(6);
    }

    @Test
    @Execution(ExecutionMode.SAME_THREAD)
    void moreScriptsThanOneConnectionCarriesRunAtTheSameTime() throws Exception {
        List<RunningScript> scripts = new ArrayList<>();
        List<CompletableFuture<Void>> followed = new ArrayList<>();
        List<ByteArrayOutputStream> outputs = new ArrayList<>();
        for (int i = 0; i < OpenSshServer.MAX_SESSIONS + 2; i++) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            RunningScript script = builder.start(Script.of("echo " + i + "; until [ -e many ]; do sleep 0.1; done"))
                    .get();
            scripts.add(script);
            outputs.add(out);
            followed.add(script.follow(LogSink.to(out)));
        }
        Awaitility.await().until(() -> outputs.stream().allMatch(out -> out.size() > 0));
        Files.createFile(server.home().resolve("workspace/many"));
        for (int i = 0; i < scripts.size(); i++) {
            followed.get(i).get();
            assertThat(outputs.get(i).toString(UTF_8)).isEqualTo(i + "\n");
            assertThat(scripts.get(i).result().get().success()).isTrue();
        }
    }

    @Test
    @Execution(ExecutionMode.SAME_THREAD)
    void filesGoUpAndComeBackWithModesAndLinks() throws Exception {
        Path source = Files.createDirectory(here.resolve("source"));
        byte[] content = new byte[300_000];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) (i * 31 + i / 256);
        }
        Files.write(source.resolve("data"), content);
        Files.writeString(source.resolve("tool"), "#!/bin/sh\necho tool\n");
        Files.setPosixFilePermissions(source.resolve("tool"), PosixFilePermissions.fromString("rwxr-x--x"));
        Files.createSymbolicLink(source.resolve("link"), Path.of("nowhere/at all"));
        builder.upload(source, "up");
        assertThat(run(Script.of("up/tool; chmod 640 up/data")).output()).isEqualTo("tool\n");

        Path back = here.resolve("back");
        builder.download("up", back);
        assertThat(back.resolve("data")).hasBinaryContent(content);
        assertThat(modes(back.resolve("data"))).isEqualTo("rw-r-----");
        assertThat(modes(back.resolve("tool"))).isEqualTo("rwxr-x--x");
        assertThat(Files.readSymbolicLink(back.resolve("link"))).isEqualTo(Path.of("nowhere/at all"));
    }

    private static String modes(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    @Execution(ExecutionMode.SAME_THREAD)
    void scriptAndEnvironmentAreOnNoCommandLineAndInNoLogOfTheServer() throws Exception {
        String text = "text-that-nobody-may-see";
        String value = "value-that-nobody-may-see";
        String input = "input-that-nobody-may-see";
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        CompletableFuture<List<String>> seen = new CompletableFuture<>();
        builder.run(
                Script.of(": " + text + "; echo running; until [ -e seen ]; do sleep 0.1; done")
                        .env("HIDDEN", value)
                        .stdin(input),
                (stream, bytes, length) -> {
                    out.write(bytes, 0, length);
                    seen.complete(commandLines());
                    Files.createFile(server.home().resolve("workspace/seen"));
                });
        assertThat(out.toString(UTF_8)).isEqualTo("running\n");
        assertThat(seen.join()).anyMatch(line -> line.contains("supervise"));
        seen.join().forEach(line -> assertThat(line).doesNotContain(text, value, input));
        assertThat(server.log()).contains("Accepted publickey").doesNotContain(text, value, input);
    }

    private static List<String> commandLines() {
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            return all.map(OpenSshScriptsTest::commandLine).toList();
        }
    }

    private static String commandLine(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc", String.valueOf(process.pid()), "cmdline"), ISO_8859_1);
        } catch (IOException ended) {
            return "";
        }
    }
}
