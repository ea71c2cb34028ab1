package dev.ephemeralbuilder.spi;

import static dev.ephemeralbuilder.spi.StoreProgram.AT;
import static dev.ephemeralbuilder.spi.StoreProgram.OWNER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.spi.StateStore.Log;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The folder itself: modes, damaged and torn files, and what is said about them. The contract is tested elsewhere. */
@Timeout(60)
class DirectoryStateStoreTest {
    private static final Map<String, String> RECORD = Map.of("machine", "i-1", "clientKey", "MIGHSECRET");
    private static final Duration SHORT = Duration.ofMillis(50);

    @TempDir
    Path temp;

    private final List<StateStore> opened = new ArrayList<>();

    private StateStore open() {
        return open(DirectoryStateStore.SEGMENT_BYTES);
    }

    private StateStore open(long segmentBytes) {
        StateStore store = new DirectoryStateStore(root(), OWNER, SHORT, segmentBytes);
        opened.add(store);
        return store;
    }

    private Path root() {
        return temp.resolve("state");
    }

    private Path folder() {
        return root().resolve(OWNER);
    }

    private Path record() {
        return folder().resolve("builder").resolve("key.doc");
    }

    private Path ledger() {
        return folder().resolve("ledger").resolve("00000001.log");
    }

    @AfterEach
    void closeAll() {
        opened.forEach(StateStore::close);
    }

    private static void put(StateStore store, Kind kind, String key, Map<String, String> document) {
        store.update(kind, key, old -> document);
    }

    private static ConfigurationException refusal(Runnable step) {
        Throwable thrown = catchThrowable(step::run);
        assertThat(thrown).isInstanceOf(ConfigurationException.class);
        return (ConfigurationException) thrown;
    }

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    private List<Path> temporaryFiles() throws IOException {
        try (Stream<Path> all = Files.walk(root())) {
            return all.filter(file -> file.toString().endsWith(".tmp")).toList();
        }
    }

    @Test
    void everythingIsForTheOwnerOnly() throws Exception {
        StateStore store = open();
        for (Kind kind : Kind.values()) {
            put(store, kind, "key", RECORD);
        }
        store.append(Log.LEDGER, AT, Map.of());
        try (Stream<Path> all = Files.walk(root())) {
            assertThat(all.toList())
                    .hasSizeGreaterThan(12)
                    .allSatisfy(path -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                            .isEqualTo(Files.isDirectory(path) ? "rwx------" : "rw-------"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxr-xr-x", "rwx--x---", "rwx----w-"})
    void aFolderThatOthersMayUseIsRefused(String mode) throws Exception {
        open().close();
        mode(folder(), mode);
        assertThat(refusal(this::open)).hasMessageContainingAll(folder().toString(), mode, "chmod 700 " + folder());
        mode(folder(), "rwx------");
        mode(folder().resolve("builder"), mode);
        assertThat(refusal(this::open)).hasMessageContainingAll(mode, "chmod 700 " + folder().resolve("builder"));
    }

    @Test
    void aFileThatOthersMayReadIsRefused() throws Exception {
        put(open(), Kind.BUILDER, "key", RECORD);
        mode(record(), "rw-r-----");
        assertThat(refusal(this::open)).hasMessageContainingAll("rw-r-----", "chmod 600 " + record());
        mode(record(), "rw-------");
        assertThat(open().read(Kind.BUILDER, "key")).contains(RECORD);
    }

    @Test
    void aRootThatOthersMayWriteToIsRefusedUnlessItIsSticky() throws Exception {
        Files.createDirectory(root());
        mode(root(), "rwxrwxrwx");
        assertThat(refusal(this::open)).hasMessageContainingAll("rwxrwxrwx", "chmod go-w " + root());
        Files.setAttribute(root(), "unix:mode", 0x41ff | 01000);
        put(open(), Kind.BUILDER, "key", RECORD);
        assertThat(record()).exists();
    }

    @Test
    void aFolderOfAnotherUserIsRefused() throws Exception {
        open().close();
        assumeTrue((Integer) Files.getAttribute(folder(), "unix:uid") == 0, "only root can give a folder away");
        Files.setAttribute(folder(), "unix:uid", 12_345);
        assertThat(refusal(this::open)).hasMessageContainingAll(folder().toString(), "belongs to", "12345");
    }

    @Test
    void aFileSystemWithoutModesIsRefused() throws Exception {
        try (FileSystem zip = FileSystems.newFileSystem(temp.resolve("x.zip"), Map.of("create", "true"))) {
            assertThat(refusal(() -> StateStore.directory(zip.getPath("/state"), OWNER)))
                    .hasMessageContainingAll("POSIX", "/state");
        }
    }

    @Test
    void ownersAreApart() {
        put(open(), Kind.BUILDER, "key", RECORD);
        for (String owner : List.of("CI", "ci2", "../ci", "ci/..", "")) {
            try (StateStore other = StateStore.directory(root(), owner)) {
                assertThat(other.read(Kind.BUILDER, "key")).as(owner).isEmpty();
            }
        }
    }

    @Test
    void aFolderOfAnotherVersionIsRefused() throws Exception {
        open().close();
        Path format = folder().resolve("format");
        Files.writeString(format, "ephemeral-builder-state\t2\t" + OWNER + "\n");
        assertThat(refusal(this::open)).hasMessageContainingAll(format.toString(), "version");
        assertThat(format).hasContent("ephemeral-builder-state\t2\t" + OWNER + "\n");
    }

    @Test
    void aDamagedRecordIsNamedAndNeitherMissingNorChanged() throws Exception {
        StateStore store = open();
        put(store, Kind.BUILDER, "key", RECORD);
        byte[] good = Files.readAllBytes(record());
        List<byte[]> damaged = new ArrayList<>();
        for (int i = 0; i < good.length; i++) {
            damaged.add(Arrays.copyOf(good, i));
            byte[] flipped = good.clone();
            flipped[i] ^= (byte) (1 << (i % 8));
            damaged.add(flipped);
        }
        damaged.add(Arrays.copyOf(good, good.length + 1));
        damaged.add(Arrays.copyOf(good, good.length + 4096));
        for (byte[] bytes : damaged) {
            Files.write(record(), bytes);
            assertThat(refusal(() -> store.read(Kind.BUILDER, "key"))).hasMessageContaining(record().toString());
        }
        for (byte[] bytes : damaged.subList(0, 40)) {
            Files.write(record(), bytes);
            for (Runnable step : List.<Runnable>of(
                    () -> store.readAll(Kind.BUILDER), () -> store.update(Kind.BUILDER, "key", old -> RECORD))) {
                assertThat(refusal(step))
                        .hasMessageContaining(record().toString())
                        .hasStackTraceContaining("StateText")
                        .satisfies(e -> assertThat(stackTrace(e)).doesNotContain("MIGHSECRET"));
            }
            assertThat(record()).hasBinaryContent(bytes);
        }
        Files.write(record(), good);
        assertThat(store.read(Kind.BUILDER, "key")).contains(RECORD);
    }

    private static String stackTrace(Throwable thrown) {
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    @Test
    void aDocumentUnderAnotherNameOrKindIsNotTakenForWhatIsAskedFor() throws Exception {
        StateStore store = open();
        put(store, Kind.BUILDER, "key", RECORD);
        Path other = record().resolveSibling("other.doc");
        Files.copy(record(), other);
        assertThat(refusal(() -> store.read(Kind.BUILDER, "other"))).hasMessageContaining(other.toString());
        assertThat(refusal(() -> store.readAll(Kind.BUILDER))).hasMessageContaining(other.toString());
        Path permit = folder().resolve("permit").resolve("key.doc");
        Files.copy(record(), permit);
        assertThat(refusal(() -> store.read(Kind.PERMIT, "key"))).hasMessageContaining(permit.toString());
    }

    @Test
    void whateverAWriterThatDiedHasLeftIsSweptAtTheNextStart() throws Exception {
        StateStore store = open();
        put(store, Kind.BUILDER, "key", RECORD);
        store.append(Log.LEDGER, AT, Map.of());
        byte[] next = StateText.document(Kind.BUILDER, "key", Map.of("machine", "i-2"));
        String name = StateNames.temporary(FolderLocks.stripe("BUILDER/key"));
        for (int written = 0; written <= next.length; written++) {
            Files.write(record().resolveSibling(name), Arrays.copyOf(next, written));
            Files.write(ledger().resolveSibling(".7.tmp"), Arrays.copyOf(next, written));
            assertThat(store.read(Kind.BUILDER, "key")).contains(RECORD);
            assertThat(store.readAll(Kind.BUILDER)).isEqualTo(Map.of("key", RECORD));
            assertThat(store.lines(Log.LEDGER, AT)).containsExactly(Map.of());
            open().close();
            assertThat(temporaryFiles()).isEmpty();
        }
    }

    @Test
    void whatAWriterThatDiedHasLeftDoesNotStopTheNextWriter() throws Exception {
        StateStore store = open();
        put(store, Kind.BUILDER, "key", RECORD);
        String name = StateNames.temporary(FolderLocks.stripe("BUILDER/key"));
        Files.writeString(record().resolveSibling(name), "half a rec");
        put(store, Kind.BUILDER, "key", Map.of("machine", "i-2"));
        assertThat(store.read(Kind.BUILDER, "key")).contains(Map.of("machine", "i-2"));
        assertThat(temporaryFiles()).isEmpty();
    }

    @Test
    void aLivingWritersFileIsNotSwept() throws Exception {
        StateStore store = open();
        Path[] beingWritten = new Path[1];
        store.update(Kind.BUILDER, "key", old -> {
            try {
                Path file = record().resolveSibling(StateNames.temporary(FolderLocks.stripe("BUILDER/key")));
                beingWritten[0] = Files.createFile(file, StateFiles.PRIVATE_FILE);
                onAnotherThread(() -> open().close());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            assertThat(beingWritten[0]).exists();
            return RECORD;
        });
        assertThat(beingWritten[0]).doesNotExist();
    }

    private static void onAnotherThread(Runnable task) {
        ExecutorService pool = Executors.newSingleThreadExecutor();
        try {
            pool.submit(task).get(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void aLineTornAnywhereIsCutOffWithAWarning() throws Exception {
        StateStore store = open();
        store.append(Log.LEDGER, AT, Map.of("n", "1"));
        store.append(Log.LEDGER, AT, Map.of("n", "2"));
        byte[] whole = Files.readAllBytes(ledger());
        byte[] line = StateText.line(AT, Map.of("n", "3", "note", "TORN"));
        for (int written = 1; written < line.length; written++) {
            byte[] torn = Arrays.copyOf(whole, whole.length + written);
            System.arraycopy(line, 0, torn, whole.length, written);
            Files.write(ledger(), torn);
            String reading = logOf(
                    () -> assertThat(store.lines(Log.LEDGER, AT)).containsExactly(Map.of("n", "1"), Map.of("n", "2")));
            assertThat(reading)
                    .contains("WARN", ledger().toString(), " " + written + " bytes")
                    .doesNotContain("TORN");
            assertThat(ledger()).hasBinaryContent(whole);

            Files.write(ledger(), torn);
            String appending = logOf(() -> store.append(Log.LEDGER, AT, Map.of("n", "4")));
            assertThat(appending).contains("WARN", ledger().toString());
            assertThat(store.lines(Log.LEDGER, AT))
                    .containsExactly(Map.of("n", "1"), Map.of("n", "2"), Map.of("n", "4"));
        }
    }

    @Test
    void aWholeLogIsReadWithoutAWarning() throws Exception {
        StateStore store = open();
        String log = logOf(() -> {
            store.append(Log.LEDGER, AT, Map.of("n", "1"));
            store.lines(Log.LEDGER, AT);
        });
        assertThat(log).doesNotContain("WARN");
    }

    private static String logOf(Runnable step) {
        PrintStream before = System.err;
        ByteArrayOutputStream captured = new ByteArrayOutputStream();
        System.setErr(new PrintStream(captured, true, StandardCharsets.UTF_8));
        try {
            step.run();
        } finally {
            System.setErr(before);
        }
        return captured.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aDamagedLineIsNamedUnlessItIsTheTornEnd() throws Exception {
        StateStore store = open();
        store.append(Log.LEDGER, AT, Map.of("n", "1"));
        store.append(Log.LEDGER, AT, Map.of("n", "2", "clientKey", "MIGHSECRET"));
        byte[] good = Files.readAllBytes(ledger());
        List<Map<String, String>> lines = store.lines(Log.LEDGER, AT);
        for (int i = 0; i < good.length; i++) {
            byte[] damaged = good.clone();
            damaged[i] ^= 4;
            Files.write(ledger(), damaged);
            if (i == good.length - 1) {
                assertThat(store.lines(Log.LEDGER, AT)).isEqualTo(lines.subList(0, 1));
            } else {
                assertThat(refusal(() -> store.lines(Log.LEDGER, AT)))
                        .hasMessageContaining(ledger().toString())
                        .satisfies(e -> assertThat(stackTrace(e)).doesNotContain("MIGHSECRET"));
                assertThat(ledger()).hasBinaryContent(damaged);
            }
        }
    }

    @Test
    void aLogWithoutItsFirstLineIsNamed() throws Exception {
        StateStore store = open();
        store.append(Log.LEDGER, AT, Map.of("n", "1"));
        byte[] good = Files.readAllBytes(ledger());
        for (int i = 0; i < 20; i++) {
            Files.write(ledger(), Arrays.copyOf(good, i));
            assertThat(refusal(() -> store.lines(Log.LEDGER, AT))).hasMessageContaining(ledger().toString());
            assertThat(refusal(() -> store.append(Log.LEDGER, AT, Map.of()))).hasMessageContaining(ledger().toString());
        }
    }

    @Test
    void aFileThatIsNoPartOfALogIsNamed() throws Exception {
        StateStore store = open();
        Path foreign = Files.writeString(ledger().resolveSibling("notes.txt"), "notes");
        assertThat(refusal(() -> store.lines(Log.LEDGER, AT))).hasMessageContaining(foreign.toString());
        assertThat(foreign).hasContent("notes");
    }

    @Test
    void aLongLogIsCutIntoFilesAndReadAsOne() throws Exception {
        StateStore store = open(400);
        List<Map<String, String>> expected = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Map<String, String> line = Map.of("n", Integer.toString(i));
            store.append(Log.LEDGER, AT.plusSeconds(i), line);
            expected.add(line);
        }
        assertThat(StateFolder.files(folder().resolve("ledger"))).hasSizeGreaterThan(5);
        for (int since : List.of(0, 1, 37, 50, 98, 99)) {
            assertThat(open(400).lines(Log.LEDGER, AT.plusSeconds(since))).isEqualTo(expected.subList(since, 100));
        }
        assertThat(store.lines(Log.LEDGER, AT.plusSeconds(100))).isEmpty();
    }

    @Test
    void aLateTimeInAnEarlyFileIsFound() {
        StateStore store = open(200);
        store.append(Log.LEDGER, AT.plusSeconds(1_000), Map.of("n", "late"));
        for (int i = 0; i < 30; i++) {
            store.append(Log.LEDGER, AT, Map.of("n", Integer.toString(i)));
        }
        assertThat(store.lines(Log.LEDGER, AT.plusSeconds(1))).containsExactly(Map.of("n", "late"));
    }

    @Test
    void aQuestionAboutTheEndDoesNotReadTheBeginning() throws Exception {
        StateStore store = open(400);
        for (int i = 0; i < 100; i++) {
            store.append(Log.LEDGER, AT.plusSeconds(i), Map.of("n", Integer.toString(i)));
        }
        Files.writeString(ledger(), "no log at all\n");
        assertThat(store.lines(Log.LEDGER, AT.plusSeconds(98))).containsExactly(Map.of("n", "98"), Map.of("n", "99"));
        assertThat(refusal(() -> store.lines(Log.LEDGER, Instant.MIN))).hasMessageContaining(ledger().toString());
    }

    @Test
    void theOldestFilesOfALogMayBeMovedAway() throws Exception {
        StateStore store = open(400);
        for (int i = 0; i < 100; i++) {
            store.append(Log.LEDGER, AT.plusSeconds(i), Map.of("n", Integer.toString(i)));
        }
        Files.move(ledger(), temp.resolve("kept.log"));
        store.append(Log.LEDGER, AT.plusSeconds(100), Map.of("n", "100"));
        assertThat(store.lines(Log.LEDGER, Instant.MIN))
                .hasSizeBetween(50, 100)
                .endsWith(Map.of("n", "99"), Map.of("n", "100"));
    }

    @Test
    void aFolderThatVanishedIsNotAnEmptyOne() throws Exception {
        StateStore store = open();
        put(store, Kind.BUILDER, "key", RECORD);
        Files.move(folder(), temp.resolve("gone"));
        assertAllRefused(store);
        try (StateStore fresh = StateStore.directory(root(), OWNER)) {
            assertThat(fresh.read(Kind.BUILDER, "key")).isEmpty();
            assertAllRefused(store);
        }
        delete(folder());
        Files.move(temp.resolve("gone"), folder(), StandardCopyOption.ATOMIC_MOVE);
        assertThat(store.read(Kind.BUILDER, "key")).contains(RECORD);
    }

    private void assertAllRefused(StateStore store) {
        for (Runnable step : List.<Runnable>of(
                () -> store.read(Kind.BUILDER, "key"),
                () -> store.readAll(Kind.BUILDER),
                () -> store.update(Kind.BUILDER, "key", old -> RECORD),
                () -> store.append(Log.LEDGER, AT, Map.of()),
                () -> store.lines(Log.LEDGER, AT))) {
            assertThat(refusal(step)).hasMessageContainingAll(folder().toString(), "removed");
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    @Test
    void anInterruptedThreadFinishesItsWriteAndStaysInterrupted() throws Exception {
        StateStore store = open();
        Thread.currentThread().interrupt();
        try {
            put(store, Kind.BUILDER, "key", RECORD);
            store.append(Log.LEDGER, AT, Map.of("n", "1"));
            assertThat(store.read(Kind.BUILDER, "key")).contains(RECORD);
            assertThat(store.readAll(Kind.BUILDER)).hasSize(1);
            assertThat(store.lines(Log.LEDGER, AT)).hasSize(1);
            open().close();
            put(store, Kind.BUILDER, "key", Map.of());
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(store.read(Kind.BUILDER, "key")).contains(Map.of());
    }

    @Test
    void aLockThatAnotherThreadHoldsIsWaitedForOnlySoLong() throws Exception {
        StateStore holder = open();
        StateStore waiter = open();
        ExecutorService pool = Executors.newSingleThreadExecutor();
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch enough = new CountDownLatch(1);
        try {
            Future<?> holding = pool.submit(() -> holder.update(Kind.BUILDER, "key", old -> {
                held.countDown();
                try {
                    return enough.await(30, TimeUnit.SECONDS) ? RECORD : old;
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return old;
                }
            }));
            assertThat(held.await(30, TimeUnit.SECONDS)).isTrue();
            ProviderException busy =
                    catchThrowableOfType(ProviderException.class, () -> put(waiter, Kind.BUILDER, "key", Map.of()));
            assertThat(busy).hasMessageContainingAll(folder().toString(), "another thread");
            assertThat(busy.retryable()).isTrue();
            assertThat(waiter.read(Kind.BUILDER, "key"))
                    .as("reading waits for nobody")
                    .isEmpty();
            enough.countDown();
            holding.get(30, TimeUnit.SECONDS);
            assertThat(waiter.read(Kind.BUILDER, "key")).contains(RECORD);
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void aChangeThatUsesTheStoreIsRefused() {
        StateStore store = open();
        StateStore other = open();
        assertThatThrownBy(() -> store.update(Kind.BUILDER, "key", old -> {
                    put(other, Kind.BUILDER, "other", RECORD);
                    return RECORD;
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("must not use the store");
        assertThat(store.readAll(Kind.BUILDER)).isEmpty();
    }

    @Test
    void aClosedStoreSaysSoAndLeavesItsNeighbourAtWork() {
        StateStore store = open();
        StateStore neighbour = open();
        store.close();
        store.close();
        for (Runnable step : List.<Runnable>of(
                () -> store.read(Kind.BUILDER, "key"),
                () -> store.readAll(Kind.BUILDER),
                () -> store.update(Kind.BUILDER, "key", old -> RECORD),
                () -> store.append(Log.LEDGER, AT, Map.of()),
                () -> store.lines(Log.LEDGER, AT))) {
            assertThatThrownBy(step::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
        put(neighbour, Kind.BUILDER, "key", RECORD);
        assertThat(neighbour.read(Kind.BUILDER, "key")).contains(RECORD);
    }

    @Test
    void aLoneSurrogateIsATextToo() {
        StateStore store = open();
        put(store, Kind.STOCK, "\ud800", Map.of("\udfff", "x\ud800"));
        put(store, Kind.STOCK, "?", Map.of());
        assertThat(open().readAll(Kind.STOCK)).isEqualTo(Map.of("\ud800", Map.of("\udfff", "x\ud800"), "?", Map.of()));
    }

    @Test
    void whatDoesNotChangeIsNotWritten() throws Exception {
        StateStore store = open();
        put(store, Kind.BUILDER, "key", RECORD);
        Object file = Files.readAttributes(record(), BasicFileAttributes.class).fileKey();
        put(store, Kind.BUILDER, "key", RECORD);
        assertThat(Files.readAttributes(record(), BasicFileAttributes.class).fileKey())
                .isEqualTo(file);
    }

    @Test
    void aFailedWriteSaysWhatToDoAndKeepsTheOldRecord() throws Exception {
        StateStore store = open();
        put(store, Kind.BUILDER, "key", RECORD);
        String name = StateNames.temporary(FolderLocks.stripe("BUILDER/key"));
        Path inTheWay = Files.createDirectory(record().resolveSibling(name));
        Files.writeString(inTheWay.resolve("x"), "");
        assertThat(refusal(() -> put(store, Kind.BUILDER, "key", Map.of("clientKey", "MIGHSECRET2"))))
                .hasMessageContainingAll(record().toString(), "as it was")
                .satisfies(e -> assertThat(stackTrace(e)).doesNotContain("MIGHSECRET"));
        assertThat(store.read(Kind.BUILDER, "key")).contains(RECORD);
    }

    @Test
    void theFormatIsTheOneOfVersionOne() throws Exception {
        StateStore store = open();
        put(store, Kind.BUILDER, "key", Map.of("zone", "b", "note", "a\tb"));
        store.append(Log.LEDGER, AT, Map.of("n", "1"));
        assertThat(Files.readString(record())).isEqualTo("""
                        ephemeral-builder-document\t1
                        BUILDER\tkey
                        note\ta\\u0009b
                        zone\tb
                        end\tebfedb7d
                        """);
        assertThat(Files.readString(ledger())).isEqualTo("""
                        d522558b\tephemeral-builder-log\t1\t-1000000000-01-01T00:00:00Z
                        fc708893\t2026-01-01T12:00:00Z\tn\t1
                        """);
    }
}
