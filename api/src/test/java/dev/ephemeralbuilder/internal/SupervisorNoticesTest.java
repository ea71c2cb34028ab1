package dev.ephemeralbuilder.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.ephemeralbuilder.internal.Supervisor.Command;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The supervisor's look at the machine's metadata, over HTTP, with the clients that images have. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(60)
@Tag("once")
class SupervisorNoticesTest {
    private static final List<String> TOOLS =
            List.of("sh", "cat", "sleep", "rm", "mkdir", "head", "wc", "mv", "timeout", "true", "kill", "touch");

    @TempDir
    Path home;

    private final List<Process> started = new ArrayList<>();
    private MetadataServer server;

    @BeforeEach
    void serve() throws IOException {
        server = new MetadataServer();
    }

    @AfterEach
    void end() throws Exception {
        for (Process process : started) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            process.waitFor(10, TimeUnit.SECONDS);
        }
        server.close();
    }

    /** Lays out a machine that has one shell and one way to speak HTTP, or none. */
    private void use(String shell, String client) throws IOException {
        Path tools = Files.createDirectories(home.resolve("tools"));
        boolean busybox = shell.equals("busybox");
        for (String tool : TOOLS) {
            link(tools, tool, busybox ? "busybox" : tool.equals("sh") ? shell : tool);
        }
        switch (client) {
            case "curl", "busybox" -> link(tools, client, client);
            case "wget" -> link(tools, "wget", "wget");
            case "busybox-wget" -> link(tools, "wget", "busybox");
            default -> assertThat(client).isEqualTo("none");
        }
    }

    private static void link(Path tools, String name, String program) throws IOException {
        Path found = Stream.of(System.getenv("PATH").split(":", -1))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
        if (name.equals("true") && found == null) {
            return;
        }
        assumeThat(found).as("%s is on this host", program).isNotNull();
        Files.createSymbolicLink(tools.resolve(name), found);
    }

    private Process start(Command command, Path output) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(home.resolve("tools/sh").toString(), "-c", command.line()).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("HOME", home.toString());
        builder.environment().put("PATH", home.resolve("tools").toString());
        builder.environment().put("http_proxy", "http://127.0.0.1:9");
        Process process = builder.redirectOutput(output.toFile()).start();
        started.add(process);
        return process;
    }

    private Process ask() throws IOException, InterruptedException {
        Process install = start(Supervisor.install(), home.resolve("hello"));
        byte[] script = new byte[Supervisor.install().input().remaining()];
        Supervisor.install().input().duplicate().get(script);
        install.getOutputStream().write(script);
        install.getOutputStream().close();
        assertThat(install.waitFor(20, TimeUnit.SECONDS)).isTrue();
        Command patient = Supervisor.notices(server.address(), Duration.ofSeconds(1));
        assertThat(patient.line()).endsWith(" 1");
        String line = patient.line().substring(0, patient.line().length() - 1) + "0.1";
        return start(new Command(line, patient.input()), home.resolve("said"));
    }

    private List<String> said() {
        try {
            return Files.readAllLines(home.resolve("said"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void awaitSaid(String... lines) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(20))
                .untilAsserted(() -> assertThat(said()).containsExactly(lines));
    }

    private void awaitAsked(int times) {
        int before = server.asked.size();
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> server.asked.size() >= before + times);
    }

    @ParameterizedTest
    @CsvSource({
        "dash,curl",
        "dash,wget",
        "dash,busybox-wget",
        "bash,curl",
        "busybox,busybox-wget",
        "busybox,busybox",
        "busybox,curl"
    })
    void saysEachChangeOnceAndEndsWithItsInput(String shell, String client) throws Exception {
        use(shell, client);
        Process question = ask();
        awaitAsked(1);
        server.body = "2026-01-05T08:05:00Z";
        server.status = 200;
        awaitSaid("EB1 notice 2026-01-05T08:05:00Z termination-time");
        awaitAsked(2);
        server.body = "2026-01-05T08:09:00Z";
        awaitSaid(
                "EB1 notice 2026-01-05T08:05:00Z termination-time", "EB1 notice 2026-01-05T08:09:00Z termination-time");
        server.status = 404;
        awaitSaid(
                "EB1 notice 2026-01-05T08:05:00Z termination-time",
                "EB1 notice 2026-01-05T08:09:00Z termination-time",
                "EB1 withdrawn");
        List<ProcessHandle> all = question.descendants().toList();
        question.getOutputStream().close();
        assertThat(question.waitFor(20, TimeUnit.SECONDS)).isTrue();
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> all.stream().noneMatch(ProcessHandle::isAlive));
        try (Stream<Path> files = Files.list(home.resolve(".ephemeral-builder"))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("scripts", "supervisor.sh");
        }
    }

    @ParameterizedTest
    @CsvSource({"dash,curl", "dash,wget"})
    void fetchesATokenWhereMetadataAreHardened(String shell, String client) throws Exception {
        server.hardened = true;
        server.body = "2026-01-05T08:05:00Z";
        server.status = 200;
        use(shell, client);
        ask();
        awaitSaid("EB1 notice 2026-01-05T08:05:00Z termination-time");
        awaitAsked(2);
        assertThat(server.asked).filteredOn(call -> call.startsWith("PUT")).hasSize(1);
    }

    @Test
    void withoutATokenNothingIsSaid() throws Exception {
        server.hardened = true;
        server.body = "2026-01-05T08:05:00Z";
        server.status = 200;
        use("dash", "busybox-wget");
        ask();
        awaitAsked(2);
        assertThat(said()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"curl", "wget", "busybox-wget"})
    void whatIsNoTimeAndNo404SaysNothing(String client) throws Exception {
        use("dash", client);
        server.body = "2026-01-05T08:05:00Z";
        server.status = 200;
        ask();
        awaitSaid("EB1 notice 2026-01-05T08:05:00Z termination-time");
        server.body = "<html>404 Not Found</html>";
        awaitAsked(2);
        server.status = 500;
        awaitAsked(2);
        int port = server.port();
        server.close();
        server = new MetadataServer(port);
        awaitSaid("EB1 notice 2026-01-05T08:05:00Z termination-time", "EB1 withdrawn");
    }

    @Test
    void saysAtOnceThatThereIsNoClient() throws Exception {
        use("dash", "none");
        Process question = ask();
        assertThat(question.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(said()).containsExactly("EB1 unable there is neither curl nor wget");
    }
}
