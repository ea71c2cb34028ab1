package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.Transfer;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.ForwardingShell;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files and folders to and from a machine that is a real local process room. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
@Tag("once")
class TransferTest {
    private static final String LONG = "a-name-of-more-than-one-hundred-bytes-".repeat(4) + "é.txt";

    private Ticker ticker;
    private InMemoryProvider cloud;
    private BuildFleet fleet;
    private EphemeralBuilder builder;
    private final AtomicLong cutAfterBytes = new AtomicLong(Long.MAX_VALUE);
    private final AtomicInteger cuts = new AtomicInteger();
    private volatile String commandPrefix = "";

    @TempDir
    Path here;

    @BeforeAll
    void acquire() throws InterruptedException {
        ticker = Ticker.system("test-ticker");
        cloud = InMemoryProvider.builder()
                .ticker(ticker)
                .bootTime(Duration.ofMillis(200))
                .deletionTime(Duration.ofMillis(100))
                .build();
        fleet = BuildFleet.builder()
                .owner("transfer-test")
                .provider(new ForwardingProvider(cloud) {
                    @Override
                    public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
                        return new CuttingShell(super.open(machine, keys), machine.id());
                    }
                })
                .ticker(ticker)
                .build();
        builder = fleet.acquire(MachineSpec.builder()
                .vcpus(1)
                .memoryGib(1)
                .machineImage("m-any")
                .build());
    }

    @AfterAll
    void giveBack() {
        builder.close();
        fleet.close();
        assertThat(cloud.machines()).isEmpty();
        ticker.close();
    }

    @BeforeEach
    void calm() {
        cutAfterBytes.set(Long.MAX_VALUE);
        cuts.set(0);
        commandPrefix = "";
    }

    /** A connection that is cut once after so many bytes in both directions together. */
    private final class CuttingShell extends ForwardingShell {
        private final String machine;

        private CuttingShell(Shell shell, String machine) {
            super(shell);
            this.machine = machine;
        }

        private void count(int bytes) {
            long before = cutAfterBytes.get();
            if (before == Long.MAX_VALUE || bytes == 0) {
                return;
            }
            if (cutAfterBytes.addAndGet(-bytes) <= 0) {
                cutAfterBytes.set(Long.MAX_VALUE);
                cuts.incrementAndGet();
                cloud.cutShells(machine);
            }
        }

        @Override
        public Channel open(String command) throws InterruptedException {
            Channel channel = super.open(commandPrefix + command);
            return new Channel() {
                @Override
                public CompletableFuture<Void> write(ByteBuffer bytes) {
                    count(bytes.remaining());
                    return channel.write(bytes);
                }

                @Override
                public CompletableFuture<Void> closeInput() {
                    return channel.closeInput();
                }

                @Override
                public CompletableFuture<ByteBuffer> read() {
                    return channel.read().thenApply(bytes -> {
                        count(bytes.remaining());
                        return bytes;
                    });
                }

                @Override
                public CompletableFuture<OptionalInt> ended() {
                    return channel.ended();
                }

                @Override
                public void close() {
                    channel.close();
                }
            };
        }
    }

    private String sh(String text) throws IOException, InterruptedException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ScriptResult result = builder.run(Script.of("set -e\n" + text), LogSink.to(out));
        String said = out.toString(StandardCharsets.UTF_8);
        assertThat(result.success()).as("%s\n%s", text, said).isTrue();
        return said;
    }

    private Path file(String name, String content) throws IOException {
        Path file = here.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, content);
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(7).nextBytes(bytes);
        return bytes;
    }

    @Test
    void aFileGoesUpAndComesBack() throws Exception {
        Path source = file("one.txt", "hello\n");
        assertThat(builder.upload(source, "deep/er/one.txt")).isEqualTo(new Transfer(1, 6));
        assertThat(sh("cat deep/er/one.txt")).isEqualTo("hello\n");
        Path back = here.resolve("x/y/back.txt");
        assertThat(builder.download("deep/er/one.txt", back)).isEqualTo(new Transfer(1, 6));
        assertThat(back).hasContent("hello\n");
    }

    @Test
    void anAbsolutePathIsTakenAsItIs() throws Exception {
        Path source = file("abs.txt", "absolute");
        builder.upload(source, builder.workspace() + "/absolute/abs.txt");
        assertThat(sh("cat absolute/abs.txt")).isEqualTo("absolute");
        Path back = here.resolve("abs.back");
        builder.download(builder.workspace() + "/absolute/abs.txt", back);
        assertThat(back).hasContent("absolute");
    }

    @Test
    void anEmptyFileStaysAnEmptyFile() throws Exception {
        assertThat(builder.upload(file("empty.txt", ""), "empty.txt")).isEqualTo(new Transfer(1, 0));
        assertThat(sh("test -f empty.txt; wc -c < empty.txt").strip()).isEqualTo("0");
        Path back = here.resolve("empty.back");
        assertThat(builder.download("empty.txt", back)).isEqualTo(new Transfer(1, 0));
        assertThat(back).isEmptyFile();
    }

    @Test
    void modesGoBothWays() throws Exception {
        Files.setPosixFilePermissions(
                file("modes/run.sh", "#!/bin/sh\n"), PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(file("modes/secret", "s"), PosixFilePermissions.fromString("rw-------"));
        Files.setPosixFilePermissions(file("modes/plain", "p"), PosixFilePermissions.fromString("rw-r--r--"));
        builder.upload(here.resolve("modes"), "modes");
        assertThat(sh("stat -c '%a %n' modes/plain modes/run.sh modes/secret"))
                .isEqualTo("644 modes/plain\n755 modes/run.sh\n600 modes/secret\n");
        builder.download("modes", here.resolve("modes-back"));
        assertThat(mode(here.resolve("modes-back/run.sh"))).isEqualTo("rwxr-xr-x");
        assertThat(mode(here.resolve("modes-back/secret"))).isEqualTo("rw-------");
        assertThat(mode(here.resolve("modes-back/plain"))).isEqualTo("rw-r--r--");
    }

    @Test
    void symbolicLinksStayLinks() throws Exception {
        file("links/real.txt", "real");
        Files.createSymbolicLink(here.resolve("links/link.txt"), Path.of("real.txt"));
        Files.createSymbolicLink(here.resolve("links/dangling"), Path.of("no/where"));
        builder.upload(here.resolve("links"), "links");
        assertThat(sh("readlink links/link.txt links/dangling")).isEqualTo("real.txt\nno/where\n");
        builder.download("links", here.resolve("links-back"));
        Path link = here.resolve("links-back/link.txt");
        assertThat(Files.readSymbolicLink(link)).isEqualTo(Path.of("real.txt"));
        assertThat(link).hasContent("real");
    }

    @Test
    void emptyFoldersArrive() throws Exception {
        Files.createDirectories(here.resolve("hollow/empty/inner"));
        assertThat(builder.upload(here.resolve("hollow"), "hollow")).isEqualTo(new Transfer(0, 0));
        assertThat(sh("test -d hollow/empty/inner && echo there")).isEqualTo("there\n");
        assertThat(builder.download("hollow", here.resolve("hollow-back"))).isEqualTo(new Transfer(0, 0));
        assertThat(here.resolve("hollow-back/empty/inner")).isEmptyDirectory();
    }

    @Test
    void oddNamesSurvive() throws Exception {
        List<String> names = List.of(
                "with space.txt",
                " lead and trail ",
                "-rf",
                "构建-é.txt",
                "quote'and\"double",
                "back\\slash",
                "dollar$HOME `id`",
                "star*[x]?",
                "new\nline",
                LONG,
                "sub folder/" + LONG);
        for (String name : names) {
            file("odd/" + name, "content of " + name);
        }
        assertThat(builder.upload(here.resolve("odd"), "odd names").files()).isEqualTo(names.size());
        assertThat(builder.download("odd names", here.resolve("odd-back")).files())
                .isEqualTo(names.size());
        for (String name : names) {
            assertThat(Files.readString(here.resolve("odd-back").resolve(name))).isEqualTo("content of " + name);
        }
    }

    @Test
    void targetAndSourceMayHaveOddNames() throws Exception {
        for (String name : List.of("-n", "it's $HOME", "构建 é", LONG, "new\nline")) {
            Path source = file("a file", "for " + name);
            builder.upload(source, name);
            Path back = here.resolve("target-back");
            builder.download(name, back);
            assertThat(back).hasContent("for " + name);
        }
    }

    @Test
    void twentyMegabytesArriveByteByByte() throws Exception {
        byte[] bytes = random(20_000_000);
        Path source = here.resolve("big.bin");
        Files.write(source, bytes);
        assertThat(builder.upload(source, "big.bin")).isEqualTo(new Transfer(1, bytes.length));
        Path back = here.resolve("big.back");
        assertThat(builder.download("big.bin", back)).isEqualTo(new Transfer(1, bytes.length));
        assertThat(Files.mismatch(source, back)).isEqualTo(-1);
    }

    @Test
    void theFilterDecidesAndWhatItRefusesIsNotEntered() throws Exception {
        file("tree/keep.txt", "k");
        file("tree/.git/config", "secret");
        file("tree/src/Main.java", "m");
        file("tree/src/Main.class", "c");
        java.util.Set<Path> asked = java.util.concurrent.ConcurrentHashMap.newKeySet();
        Transfer sent = builder.upload(here.resolve("tree"), "filtered", path -> {
            asked.add(path);
            return !path.startsWith(".git") && !path.toString().endsWith(".class");
        });
        assertThat(sent.files()).isEqualTo(2);
        assertThat(sh("cd filtered && find . -type f | sort")).isEqualTo("./keep.txt\n./src/Main.java\n");
        assertThat(asked)
                .contains(Path.of(".git"), Path.of("src/Main.java"))
                .doesNotContain(Path.of(".git/config"))
                .allSatisfy(path -> assertThat(path).isRelative());
    }

    @Test
    void aMissingSourceIsNamedAsSuchBothWays() {
        assertThatThrownBy(() -> builder.upload(here.resolve("nowhere"), "x"))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("nowhere");
        assertThatThrownBy(() -> builder.download("not/there", here.resolve("x")))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("not/there");
        assertThat(here.resolve("x")).doesNotExist();
    }

    @Test
    void anUploadReplacesWhatIsThereAndKeepsTheRest() throws Exception {
        sh("mkdir -p merge && echo 'a long old text' > merge/same.txt && echo kept > merge/other.txt");
        file("merge/same.txt", "new");
        builder.upload(here.resolve("merge"), "merge");
        assertThat(sh("cat merge/same.txt merge/other.txt")).isEqualTo("newkept\n");
        builder.upload(file("single", "again"), "merge/same.txt");
        assertThat(sh("cat merge/same.txt")).isEqualTo("again");
    }

    @Test
    void anUploadReplacesALinkAndNotWhatItPointsTo() throws Exception {
        sh("mkdir -p linked && echo old > linked/aim && ln -sf aim linked/name");
        builder.upload(file("fresh", "new"), "linked/name");
        assertThat(sh("cat linked/aim; cat linked/name")).isEqualTo("old\nnew");
    }

    @Test
    void aDownloadReplacesWhatIsThereAndKeepsTheRest() throws Exception {
        sh("mkdir -p fetch/sub && echo new > fetch/same.txt && echo s > fetch/sub/s.txt");
        file("fetch/same.txt", "a long old text");
        file("fetch/other.txt", "kept");
        builder.download("fetch", here.resolve("fetch"));
        assertThat(here.resolve("fetch/same.txt")).hasContent("new\n");
        assertThat(here.resolve("fetch/other.txt")).hasContent("kept");
        assertThat(here.resolve("fetch/sub/s.txt")).hasContent("s\n");
        try (var entries = Files.list(here.resolve("fetch"))) {
            assertThat(entries.map(p -> p.getFileName().toString()))
                    .containsExactlyInAnyOrder("same.txt", "other.txt", "sub");
        }
    }

    @Test
    void globFindsNoneOneOrMany() throws Exception {
        sh("mkdir -p glob/d && cd glob && : > a.jar && : > b.jar && : > c.txt && : > d/e.jar");
        assertThat(builder.glob("glob/*.war")).isEmpty();
        assertThat(builder.glob("no-such-folder/*")).isEmpty();
        assertThat(builder.glob("glob/c.*")).containsExactly("glob/c.txt");
        assertThat(builder.glob("glob/?.jar")).containsExactly("glob/a.jar", "glob/b.jar");
        assertThat(builder.glob("glob/[ac].*")).containsExactly("glob/a.jar", "glob/c.txt");
        assertThat(builder.glob("glob/*/*.jar")).containsExactly("glob/d/e.jar");
        assertThat(builder.glob("glob/c.txt")).containsExactly("glob/c.txt");
        assertThat(builder.glob("glob/nope.txt")).isEmpty();
        assertThat(builder.glob(builder.workspace() + "/glob/c*")).containsExactly(builder.workspace() + "/glob/c.txt");
    }

    @Test
    void globTellsOddNamesAsTheyAre() throws Exception {
        sh("mkdir -p 'glob odd' && cd 'glob odd' && : > 'two words.o' && : > '构建.o' && : > \"it's.o\" && : > '$HOME.o'"
                + " && : > ./-n.o");
        assertThat(builder.glob("glob odd/*.o"))
                .containsExactlyInAnyOrder(
                        "glob odd/two words.o",
                        "glob odd/构建.o",
                        "glob odd/it's.o",
                        "glob odd/$HOME.o",
                        "glob odd/-n.o");
        sh("printf x > 'glob odd/new\nline.p'");
        assertThat(builder.glob("glob odd/*.p")).containsExactly("glob odd/new\nline.p");
    }

    @Test
    void aPatternIsNoCommand() throws Exception {
        assertThat(builder.glob("$(touch pwned)*")).isEmpty();
        assertThat(builder.glob("; touch pwned; *")).isEmpty();
        assertThat(builder.glob("`touch pwned`")).isEmpty();
        assertThat(builder.glob("pwned")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 70_000, 5_000_000})
    void anUploadSurvivesACut(long after) throws Exception {
        byte[] bytes = random(8_000_000);
        Path source = here.resolve("cut.bin");
        Files.write(source, bytes);
        cutAfterBytes.set(after);
        assertThat(builder.upload(source, "cut-up-" + after)).isEqualTo(new Transfer(1, bytes.length));
        assertThat(cuts.get()).isEqualTo(1);
        Path back = here.resolve("cut.back");
        builder.download("cut-up-" + after, back);
        assertThat(Files.mismatch(source, back)).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 70_000, 5_000_000})
    void aDownloadSurvivesACut(long after) throws Exception {
        sh("mkdir -p cut-down && head -c 8000000 /dev/urandom > cut-down/data && echo end > cut-down/z");
        String sum = sh("sha256sum < cut-down/data");
        cutAfterBytes.set(after);
        assertThat(builder.download("cut-down", here.resolve("cut-down"))).isEqualTo(new Transfer(2, 8_000_004));
        assertThat(cuts.get()).isEqualTo(1);
        builder.upload(here.resolve("cut-down/data"), "cut-again");
        assertThat(sh("sha256sum < cut-again")).isEqualTo(sum);
        try (var entries = Files.list(here.resolve("cut-down"))) {
            assertThat(entries.map(p -> p.getFileName().toString())).containsExactlyInAnyOrder("data", "z");
        }
    }

    @Test
    void anUnreadableFileIsNamedBeforeAnythingIsSent() throws Exception {
        assumeFalse("root".equals(System.getProperty("user.name")), "root reads everything");
        file("locked/a.txt", "a");
        Path secret = file("locked/z.txt", "z");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("---------"));
        assertThatThrownBy(() -> builder.upload(here.resolve("locked"), "locked"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("z.txt");
        assertThat(builder.glob("locked/*")).isEmpty();
    }

    @Test
    void aTargetThatCannotBeWrittenIsNamed() throws Exception {
        Path source = file("refused.txt", "r");
        assertThatThrownBy(() -> builder.upload(source, "/proc/ephemeral-test/refused.txt"))
                .isInstanceOf(BuilderException.class)
                .hasMessageContaining("/proc/ephemeral-test");
        sh(": > plain-file");
        assertThatThrownBy(() -> builder.upload(source, "plain-file/refused.txt"))
                .isInstanceOf(BuilderException.class)
                .hasMessageContaining("plain-file");
    }

    @Test
    void aTargetHereThatCannotBeWrittenIsNamed() throws Exception {
        sh("mkdir -p blocked && echo x > blocked/x");
        file("in-the-way", "a file");
        assertThatThrownBy(() -> builder.download("blocked", here.resolve("in-the-way/sub")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("in-the-way");
    }

    @Test
    void aFileOfTheMachineThatCannotBeReadIsAFailureAndNotAShortCopy() throws Exception {
        assumeFalse("root".equals(System.getProperty("user.name")), "root reads everything");
        sh("mkdir -p closed && echo a > closed/a && echo z > closed/z && chmod 000 closed/z");
        assertThatThrownBy(() -> builder.download("closed", here.resolve("closed")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("z");
    }

    @Test
    void anArchiveThatTheMachineForgesStaysInsideItsTarget() throws Exception {
        Path outside = Files.createDirectories(here.resolve("outside"));
        String out = outside.toString();
        sh("rm -rf evil && mkdir -p evil/bin evil/in evil/honest && echo h > evil/honest/h && cd evil/in"
                + " && echo e > ../dotdot.txt && tar -cPf ../dotdot.tar ../dotdot.txt"
                + " && echo e > " + out + "/absolute.txt && tar -cPf ../absolute.tar " + out + "/absolute.txt"
                + " && rm " + out + "/absolute.txt"
                + " && ln -s " + out + " link && tar -cf ../link.tar link && rm link"
                + " && mkdir link && echo e > link/through.txt && tar -rf ../link.tar link/through.txt && rm -r link");
        for (String evil : List.of("dotdot", "absolute", "link")) {
            // It says first that it was asked: whoever refuses what it sends does not wait for its end.
            sh("printf '#!/bin/sh\\n: > " + builder.workspace() + "/evil/used\\ncat " + builder.workspace() + "/evil/"
                    + evil
                    + ".tar\\n' > evil/bin/tar"
                    + " && rm -f evil/used"
                    + " && chmod 755 evil/bin/tar");
            commandPrefix = "PATH=" + builder.workspace() + "/evil/bin:$PATH; ";
            Path target = here.resolve("target-" + evil + "/in");
            try {
                builder.download("evil/honest", target);
            } catch (IOException | BuilderException refused) {
                assertThat(refused).hasMessageNotContaining("NullPointer");
            } finally {
                commandPrefix = "";
            }
            assertThat(outside).as(evil).isEmptyDirectory();
            assertThat(target.resolveSibling("dotdot.txt")).doesNotExist();
            assertThat(builder.glob("evil/used")).as("the forged tar was asked").hasSize(1);
        }
    }
}
