package dev.ephemeralbuilder.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.internal.Supervisor.Command;
import dev.ephemeralbuilder.internal.Supervisor.Reply;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The script on the machine, under the shells that images have; busybox brings its own tools, without GNU options. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(60)
@Tag("once")
class SupervisorScriptTest {
    private static final List<String> TOOLS = List.of(
            "sh",
            "setsid",
            "mkfifo",
            "ln",
            "tail",
            "head",
            "wc",
            "dd",
            "tar",
            "cat",
            "mkdir",
            "mv",
            "rm",
            "rmdir",
            "sleep",
            "date",
            "dirname",
            "basename",
            "kill",
            "touch");

    @TempDir
    Path home;

    private String path = System.getenv("PATH");

    private void use(String shell) throws IOException {
        Path tools = Files.createDirectories(home.resolve("tools"));
        Path binary = find(shell);
        assumeThat(binary).as("%s is on this host", shell).isNotNull();
        if (shell.equals("busybox")) {
            for (String tool : TOOLS) {
                Files.createSymbolicLink(tools.resolve(tool), binary);
            }
            path = tools.toString();
        } else {
            Files.createSymbolicLink(tools.resolve("sh"), binary);
            path = tools + ":" + System.getenv("PATH");
        }
    }

    private static @org.jspecify.annotations.Nullable Path find(String program) {
        for (String folder : System.getenv("PATH").split(":", -1)) {
            Path candidate = Path.of(folder, program);
            if (Files.isExecutable(candidate)) {
                return candidate;
            }
        }
        return null;
    }

    private String output(Command command) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(home.resolve("tools/sh").toString(), "-c", command.line()).redirectErrorStream(true);
        builder.environment().put("HOME", home.toString());
        builder.environment().put("PATH", path);
        Process process = builder.start();
        try (OutputStream in = process.getOutputStream()) {
            byte[] bytes = new byte[command.input().remaining()];
            command.input().duplicate().get(bytes);
            in.write(bytes);
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return output;
    }

    private Reply ask(Command command) throws IOException, InterruptedException {
        return Supervisor.parse(output(command));
    }

    private String install() throws IOException, InterruptedException {
        Reply reply = ask(Supervisor.install());
        assertThat(reply.values("missing")).isEmpty();
        return reply.value("workspace").orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void runsAScriptToItsEnd(String shell) throws Exception {
        use(shell);
        String workspace = install();
        Script script = Script.of("cat; echo \"$ODD\"; pwd; echo err >&2; exit 7")
                .env("ODD", "it's \"odd\"\n$HOME")
                .stdin("input\n");
        assertThat(ask(Supervisor.start("one", script, workspace)).lines()).containsExactly("started");
        assertThat(ask(Supervisor.start("one", script, workspace)).lines()).containsExactly("started");
        assertThat(ask(Supervisor.await("one")).value("exited").orElseThrow()).startsWith("7 exited ");
        String expected = "input\nit's \"odd\"\n$HOME\n" + workspace + "\nerr\n";
        assertThat(output(Supervisor.follow("one", "out", 0))).isEqualTo("EB1 stream\n" + expected);
        assertThat(output(Supervisor.follow("one", "out", 8))).isEqualTo("EB1 stream\n" + expected.substring(8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void whatIsStoredRunsOnceWhenItIsFired(String shell) throws Exception {
        use(shell);
        String workspace = install();
        Script script = Script.of("cat; echo \"$ODD\" >>fired; exit 5")
                .env("ODD", "it's")
                .stdin("input\n");
        assertThat(ask(Supervisor.store("later", script, workspace)).lines()).containsExactly("stored");
        assertThat(ask(Supervisor.store("later", script, workspace)).lines()).containsExactly("stored");
        assertThat(ask(Supervisor.list()).values("script")).isEmpty();
        for (int i = 0; i < 2; i++) {
            Reply fired = ask(Supervisor.fire("later", 20));
            assertThat(fired.value("exited").orElseThrow()).startsWith("5 exited ");
        }
        assertThat(Files.readString(Path.of(workspace, "fired"))).isEqualTo("it's\n");
        assertThat(output(Supervisor.follow("later", "out", 0))).isEqualTo("EB1 stream\ninput\n");
        assertThat(Files.getPosixFilePermissions(home.resolve(".ephemeral-builder/stored/later")))
                .containsExactlyInAnyOrder(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "busybox"})
    void whatIsFiredHasNoMoreThanTheTimeThatIsLeft(String shell) throws Exception {
        use(shell);
        Script script = Script.of("sleep 30").grace(Duration.ZERO);
        ask(Supervisor.store("later", script, install()));
        assertThat(ask(Supervisor.fire("later", 1)).value("exited").orElseThrow())
                .contains(" timeout ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void whatWasNeverStoredIsAbsent(String shell) throws Exception {
        use(shell);
        install();
        assertThat(ask(Supervisor.fire("later", 20)).lines()).containsExactly("absent");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void aScriptThatOpensItsOutputAnewCutsNothing(String shell) throws Exception {
        use(shell);
        String workspace = install();
        Script script = Script.of("echo one; sleep 0.3; echo two >/dev/stderr; echo three >/dev/stdout; echo four");
        ask(Supervisor.start("anew", script, workspace));
        assertThat(output(Supervisor.follow("anew", "out", 0))).isEqualTo("EB1 stream\none\ntwo\nthree\nfour\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void whatAScriptLeavesRunningHoldsNothingUp(String shell) throws Exception {
        use(shell);
        String workspace = install();
        ask(Supervisor.start("left", Script.of("sleep 20 & echo $!"), workspace));
        String exited = ask(Supervisor.await("left")).value("exited").orElseThrow();
        assertThat(exited).startsWith("0 exited ");
        String output = output(Supervisor.follow("left", "out", 0));
        ask(Supervisor.start("end", Script.of("kill " + output.lines().toList().get(1)), workspace));
        assertThat(ask(Supervisor.await("end")).value("exited").orElseThrow()).startsWith("0 exited ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void whatAScriptMakesFollowsTheLoginsMask(String shell) throws Exception {
        use(shell);
        String workspace = install();
        ask(Supervisor.start("mask", Script.of("umask"), workspace));
        ask(Supervisor.await("mask"));
        Process mine = new ProcessBuilder("sh", "-c", "umask").start();
        String mask = new String(mine.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(output(Supervisor.follow("mask", "out", 0))).isEqualTo("EB1 stream\n" + mask);
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void servesAsTheFirstProcessOfAContainerUntilItIsTold(String shell) throws Exception {
        use(shell);
        Path script = home.resolve("bootstrap.sh");
        Files.writeString(script, Supervisor.script());
        ProcessBuilder builder =
                new ProcessBuilder(home.resolve("tools/sh").toString(), script.toString()).redirectErrorStream(true);
        Path output = home.resolve("output");
        builder.redirectOutput(output.toFile());
        builder.environment().remove("HOME");
        builder.environment().put("PATH", path);
        Process first = builder.start();
        try {
            // The sleep that it waits for is a sign that it has set its trap.
            Awaitility.await().until(() -> first.children().findAny().isPresent());
            assertThat(first.isAlive()).isTrue();
            List<ProcessHandle> children = first.children().toList();
            first.destroy();
            assertThat(first.waitFor(30, TimeUnit.SECONDS)).isTrue();
            children.forEach(ProcessHandle::destroy);
            assertThat(first.exitValue()).isEqualTo(143);
            assertThat(output).isEmptyFile();
        } finally {
            first.destroyForcibly();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void followsARunningScriptLive(String shell) throws Exception {
        use(shell);
        String workspace = install();
        ask(Supervisor.start("live", Script.of("for i in 1 2 3; do echo $i; sleep 0.3; done"), workspace));
        assertThat(output(Supervisor.follow("live", "out", 0))).isEqualTo("EB1 stream\n1\n2\n3\n");
        assertThat(ask(Supervisor.status("live")).value("exited").orElseThrow()).matches("0 exited \\d+ 6 0");
    }

    /** Long ones are sent in large blocks, as far as they are there when the following begins. */
    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void followsALongLogFromAnyByteWhileItGrowsAndAfterItsEnd(String shell) throws Exception {
        use(shell);
        String workspace = install();
        String log = IntStream.range(0, 1_000_000).mapToObj(i -> i + "\n").collect(Collectors.joining());
        ask(Supervisor.start(
                "long",
                Script.of("cat; touch written; until [ -e go ]; do sleep 0.1; done; echo end")
                        .stdin(log),
                workspace));
        Awaitility.await().until(() -> Files.exists(Path.of(workspace, "written")));
        assertThat(ask(Supervisor.status("long")).value("running")).isPresent();
        String expected = "EB1 stream\n" + log.substring(777_777) + "end\n";
        CompletableFuture<String> live = CompletableFuture.supplyAsync(() -> {
            try {
                return output(Supervisor.follow("long", "out", 777_777));
            } catch (IOException | InterruptedException e) {
                throw new CompletionException(e);
            }
        });
        Files.createFile(Path.of(workspace, "go"));
        assertThat(live.get(30, TimeUnit.SECONDS)).isEqualTo(expected);
        assertThat(ask(Supervisor.await("long")).value("exited")).isPresent();
        assertThat(output(Supervisor.follow("long", "out", 777_777))).isEqualTo(expected);
    }

    /** A guard ends a tail that has not seen the end by itself; what the shell says of that must not get into the log. */
    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash"})
    void whatTheShellSaysOfItsChildrenIsNoPartOfTheLog(String shell) throws Exception {
        use(shell);
        Path tail = home.resolve("tools/tail");
        Files.writeString(tail, """
                #!/bin/sh
                for word; do
                    shift
                    case $word in --pid=*) case $* in */scripts/*) continue ;; esac ;; esac
                    set -- "$@" "$word"
                done
                exec REAL "$@"
                """.replace("REAL", String.valueOf(find("tail"))));
        assertThat(tail.toFile().setExecutable(true)).isTrue();
        String workspace = install();
        ask(Supervisor.start("brief", Script.of("echo said; sleep 1"), workspace));
        assertThat(output(Supervisor.follow("brief", "out", 0))).isEqualTo("EB1 stream\nsaid\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void timesOutWithTermThenKill(String shell) throws Exception {
        use(shell);
        String workspace = install();
        Script stubborn = Script.of("trap '' TERM; while :; do sleep 1; done")
                .timeout(Duration.ofSeconds(1))
                .grace(Duration.ofSeconds(1));
        ask(Supervisor.start("slow", stubborn, workspace));
        assertThat(ask(Supervisor.await("slow")).value("exited").orElseThrow()).startsWith("137 timeout ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void aScriptIsCancelledToWhichTheMachineHasNotComeYet(String shell) throws Exception {
        use(shell);
        Path setsid = home.resolve("tools/setsid");
        Files.deleteIfExists(setsid);
        String real = shell.equals("busybox") ? find(shell) + " setsid" : String.valueOf(find("setsid"));
        Files.writeString(
                setsid, "#!/bin/sh\ncase $* in *'launch.sh run'*) sleep 1 ;; esac\nexec " + real + " \"$@\"\n");
        assertThat(setsid.toFile().setExecutable(true)).isTrue();
        ask(Supervisor.start("slow", Script.of("sleep 40").grace(Duration.ofSeconds(5)), install()));
        assertThat(ask(Supervisor.cancel("slow")).lines()).containsExactly("cancelling");
        assertThat(ask(Supervisor.await("slow")).value("exited").orElseThrow()).startsWith("143 cancelled ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void cancelEndsItAndSaysSo(String shell) throws Exception {
        use(shell);
        String workspace = install();
        Script script = Script.of("sleep 100 & wait").grace(Duration.ofSeconds(1));
        ask(Supervisor.start("long", script, workspace));
        assertThat(ask(Supervisor.cancel("long")).lines()).containsExactly("cancelling");
        assertThat(ask(Supervisor.await("long")).value("exited").orElseThrow()).startsWith("143 cancelled ");
        assertThat(ask(Supervisor.cancel("long")).lines()).containsExactly("over");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void refusesWhatCannotRun(String shell) throws Exception {
        use(shell);
        String workspace = install();
        assertThat(ask(Supervisor.start("a", Script.of("true").directory("none"), workspace))
                        .lines())
                .containsExactly("refused directory");
        assertThat(ask(Supervisor.start("b", Script.of("true").interpreter("none"), workspace))
                        .lines())
                .containsExactly("refused interpreter");
        assertThat(ask(Supervisor.status("a")).lines()).containsExactly("unknown");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void aStartWhoseInputBreaksOffStartsNothing(String shell) throws Exception {
        use(shell);
        String workspace = install();
        Command whole = Supervisor.start("cut", Script.of("touch started"), workspace);
        Command cut = new Command(
                whole.line(), whole.input().duplicate().limit(whole.input().limit() - 1));
        assertThat(ask(cut).lines()).containsExactly("refused incomplete");
        assertThat(Path.of(workspace, "started")).doesNotExist();
        assertThat(ask(whole).lines()).containsExactly("started");
        assertThat(ask(Supervisor.await("cut")).value("exited").orElseThrow()).startsWith("0 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void globNamesWhatThereIs(String shell) throws Exception {
        use(shell);
        String workspace = install();
        Files.writeString(Path.of(workspace, "a b.jar"), "");
        Files.writeString(Path.of(workspace, "c.jar"), "");
        assertThat(output(Supervisor.glob("*.jar"))).isEqualTo("EB1 stream\na b.jar\0c.jar\0EB1 end\n");
        assertThat(output(Supervisor.glob("*.war"))).isEqualTo("EB1 stream\nEB1 end\n");
        assertThat(output(Supervisor.glob("$(touch evil)*"))).isEqualTo("EB1 stream\nEB1 end\n");
        assertThat(Path.of(workspace, "evil")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void listsWhatWasStartedAndHowItIs(String shell) throws Exception {
        use(shell);
        String workspace = install();
        assertThat(ask(Supervisor.list()).lines()).containsExactly("end");
        ask(Supervisor.start("a1", Script.of("echo out; exit 3").separateStreams(), workspace));
        ask(Supervisor.await("a1"));
        ask(Supervisor.start("b2", Script.of("while [ ! -e end ]; do sleep 0.1; done"), workspace));
        Reply all = ask(Supervisor.list());
        assertThat(all.values("script")).hasSize(2);
        assertThat(all.values("script").get(0)).matches("a1 separate [0-9]+ exited 3 exited [0-9]+ 4 0 *");
        assertThat(all.values("script").get(1)).matches("b2 merged [0-9]+ running");
        assertThat(all.value("end")).isPresent();
        assertThat(ask(Supervisor.list("b2")).values("script")).hasSize(1);
        assertThat(ask(Supervisor.list("c3")).lines()).containsExactly("end");
        Files.writeString(Path.of(workspace, "end"), "");
        ask(Supervisor.await("b2"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash", "busybox"})
    void aSupervisorThatArrivesCutDoesNotReplaceAWholeOne(String shell) throws Exception {
        use(shell);
        install();
        Command whole = Supervisor.install();
        Command cut = new Command(
                whole.line(), whole.input().duplicate().limit(whole.input().limit() / 2));
        assertThat(output(cut)).isEmpty();
        assertThat(ask(Supervisor.list()).lines()).containsExactly("end");
        try (Stream<Path> files = Files.list(home.resolve(".ephemeral-builder"))) {
            assertThat(files.map(file -> file.getFileName().toString())).containsOnly("supervisor.sh", "scripts");
        }
    }
}
