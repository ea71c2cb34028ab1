package dev.ephemeralbuilder.spi;

import static dev.ephemeralbuilder.spi.StoreProgram.AT;
import static dev.ephemeralbuilder.spi.StoreProgram.OWNER;
import static dev.ephemeralbuilder.spi.StoreProgram.SHARED;
import static dev.ephemeralbuilder.spi.StoreProgram.filled;
import static dev.ephemeralbuilder.spi.StoreProgram.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.spi.StateStore.Log;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real processes on one folder: killed, many at once, in each other's way, and out of room. */
@Timeout(300)
class DirectoryStateStoreProcessesTest {
    @TempDir
    Path root;

    private StateStore open() {
        return StateStore.directory(root, OWNER);
    }

    /** What is known of one writer of the test below, over all its lives. */
    private static final class Known {
        final String name;
        final List<Integer> acknowledged = new ArrayList<>();
        int recorded;

        Known(String name) {
            this.name = name;
        }
    }

    @Test
    void killedWritersLeaveTheOldOrTheNewAndNothingElse() throws Exception {
        Random moments = new Random(20_260_101);
        List<Known> known = List.of(new Known("a"), new Known("b"), new Known("c"));
        int kills = 0;
        for (int round = 1; round <= 11; round++) {
            kills += writeUntilKilled(known, moments);
            try (StateStore store = open()) {
                assertThat(temporaryFiles()).isEmpty();
                int total = 0;
                for (Known writer : known) {
                    check(store, writer, round);
                    total += writer.acknowledged.size();
                }
                assertThat(number(store.read(Kind.BUCKET, SHARED).orElse(null)))
                        .as("each writer may have made one change more than it could tell")
                        .isBetween(total, total + kills);
            }
        }
        assertThat(kills).isGreaterThanOrEqualTo(30);
    }

    private int writeUntilKilled(List<Known> known, Random moments) throws Exception {
        List<StoreProcess> writers = new ArrayList<>();
        try {
            for (Known writer : known) {
                writers.add(StoreProcess.start("write", root, writer.name));
            }
            for (int i = 0; i < writers.size(); i++) {
                StoreProcess writer = writers.get(i);
                writer.until("ready");
                List<String> said = writer.lines(moments.nextInt(12));
                writer.kill();
                Stream.concat(said.stream(), writer.rest().stream())
                        .filter(line -> line.matches("\\d+"))
                        .map(Integer::valueOf)
                        .forEach(known.get(i).acknowledged::add);
            }
            return writers.size();
        } finally {
            for (StoreProcess writer : writers) {
                writer.close();
            }
        }
    }

    private static void check(StateStore store, Known known, int lives) {
        String name = known.name;
        int last = known.acknowledged.stream().reduce(known.recorded, Math::max);
        int recorded = wholeNumber(store, Kind.BUILDER, name);
        assertThat(recorded).as("the record of %s", name).isBetween(last, last + 1);
        known.recorded = recorded;

        int done = known.acknowledged.size();
        assertThat(wholeNumber(store, Kind.BUCKET, name))
                .as("the bucket of %s", name)
                .isBetween(done, done + lives);
        assertThat(numbersInLog(store, name))
                .as("what %s was told to be written, and at most one line more for each life", name)
                .isSorted()
                .doesNotHaveDuplicates()
                .containsAll(known.acknowledged)
                .hasSizeLessThanOrEqualTo(done + lives);
    }

    private static int wholeNumber(StateStore store, Kind kind, String name) {
        Map<String, String> document = store.read(kind, name).orElse(null);
        if (document == null) {
            return 0;
        }
        int n = number(document);
        assertThat(document.equals(filled(n)))
                .as("document %d of %s is whole", n, name)
                .isTrue();
        return n;
    }

    private static List<Integer> numbersInLog(StateStore store, String writer) {
        return store.lines(Log.LEDGER, AT).stream()
                .filter(line -> writer.equals(line.get("writer")))
                .map(StoreProgram::number)
                .toList();
    }

    private List<Path> temporaryFiles() throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(file -> file.toString().endsWith(".tmp")).toList();
        }
    }

    @Test
    void fiftyProcessesLoseNoChangeAndMixNoLines() throws Exception {
        int processes = 50;
        int times = 6;
        List<StoreProcess> counters = new ArrayList<>();
        try {
            for (int i = 0; i < processes; i++) {
                counters.add(StoreProcess.start("count", root, "p" + i, Integer.toString(times)));
            }
            for (StoreProcess counter : counters) {
                counter.until("ready");
            }
            for (StoreProcess counter : counters) {
                counter.go();
            }
            for (StoreProcess counter : counters) {
                assertThat(counter.rest()).containsExactly("done");
            }
        } finally {
            for (StoreProcess counter : counters) {
                counter.close();
            }
        }
        try (StateStore store = open()) {
            assertThat(number(store.read(Kind.BUCKET, SHARED).orElse(null))).isEqualTo(processes * times);
            assertThat(number(store.read(Kind.BUILDER, SHARED).orElse(null))).isEqualTo(processes * times);
            assertThat(store.lines(Log.LEDGER, AT)).hasSize(processes * times);
            for (int i = 0; i < processes; i++) {
                assertThat(numbersInLog(store, "p" + i))
                        .containsExactlyElementsOf(
                                IntStream.rangeClosed(1, times).boxed().toList());
            }
        }
    }

    @Test
    void aLockThatAnotherProcessHoldsIsWaitedForOnlySoLong() throws Exception {
        try (StoreProcess holder = StoreProcess.start("hold", root, "key");
                StateStore store = new DirectoryStateStore(root, OWNER, Duration.ofMillis(200), 1 << 20)) {
            holder.until("held");
            ProviderException busy = catchThrowableOfType(
                    ProviderException.class, () -> store.update(Kind.BUILDER, "key", StoreProgram::increment));
            assertThat(busy)
                    .hasMessageContaining(root.toString())
                    .hasMessageContaining("another process holds it")
                    .hasMessageContaining("fuser");
            assertThat(busy.retryable()).isTrue();
            assertThat(busy.effect()).isEqualTo(ProviderException.Effect.NONE);

            holder.kill();
            assertThat(store.update(Kind.BUILDER, "key", StoreProgram::increment))
                    .as("the lock of a dead process is free")
                    .contains(Map.of("n", "1"));
        }
    }

    @Test
    void whoWaitsForAnotherProcessGoesOnWhenItIsDone() throws Exception {
        ExecutorService pool = Executors.newSingleThreadExecutor();
        try (StoreProcess holder = StoreProcess.start("hold", root, "key");
                StateStore store = open()) {
            holder.until("held");
            Future<?> waiting = pool.submit(() -> store.update(Kind.BUILDER, "key", StoreProgram::increment));
            holder.go();
            waiting.get(30, TimeUnit.SECONDS);
            assertThat(store.read(Kind.BUILDER, "key")).contains(Map.of("n", "1"));
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void anInterruptEndsTheWaitForAnotherProcess() throws Exception {
        try (StoreProcess holder = StoreProcess.start("hold", root, "key");
                StateStore store = open()) {
            holder.until("held");
            Thread.currentThread().interrupt();
            ProviderException interrupted = catchThrowableOfType(
                    ProviderException.class, () -> store.update(Kind.BUILDER, "key", StoreProgram::increment));
            assertThat(Thread.interrupted()).as("the flag stays set").isTrue();
            assertThat(interrupted).hasMessageContaining("interrupted");
            assertThat(store.read(Kind.BUILDER, "key")).isEmpty();
        }
    }

    @Test
    void closingAStoreEndsItsWaitForAnotherProcess() throws Exception {
        ExecutorService pool = Executors.newSingleThreadExecutor();
        try (StoreProcess holder = StoreProcess.start("hold", root, "key")) {
            holder.until("held");
            StateStore store = new DirectoryStateStore(root, OWNER, Duration.ofSeconds(60), 1 << 20);
            Future<?> waiting = pool.submit(() -> store.update(Kind.BUILDER, "key", StoreProgram::increment));
            store.close();
            assertThat(waiting)
                    .failsWithin(Duration.ofSeconds(30))
                    .withThrowableOfType(ExecutionException.class)
                    .withCauseInstanceOf(IllegalStateException.class);
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void aStoreThatIsClosedTakesNoLockFromItsNeighbourInTheSameProcess() throws Exception {
        ExecutorService pool = Executors.newSingleThreadExecutor();
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch enough = new CountDownLatch(1);
        try (StateStore holder = open()) {
            Future<?> holding = pool.submit(() -> holder.update(Kind.BUILDER, "key", old -> {
                held.countDown();
                return await(enough) ? Map.of("n", "100") : old;
            }));
            assertThat(held.await(30, TimeUnit.SECONDS)).isTrue();
            open().close();
            StateStore neighbour = open();
            neighbour.update(Kind.BUILDER, "other key", StoreProgram::increment);
            neighbour.readAll(Kind.BUILDER);
            neighbour.close();
            try (StoreProcess other = StoreProcess.start("try", root, "key")) {
                assertThat(other.rest()).singleElement().asString().contains("another process holds it");
            }
            enough.countDown();
            holding.get(30, TimeUnit.SECONDS);
            try (StoreProcess other = StoreProcess.start("try", root, "key")) {
                assertThat(other.rest()).containsExactly("done");
            }
            assertThat(holder.read(Kind.BUILDER, "key")).contains(Map.of("n", "101"));
        } finally {
            pool.shutdownNow();
        }
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Test
    void aLimitOnTheSizeOfFilesIsAClearErrorAndLosesNothing() throws Exception {
        try (StoreProcess full = StoreProcess.startAfter(List.of(), "ulimit -f 64", "fill", root)) {
            assertThat(full.rest())
                    .satisfiesExactly(
                            update -> assertThat(update).contains("ConfigurationException", root.toString(), "limits"),
                            read -> assertThat(read).isEqualTo("read the old document"),
                            append -> assertThat(append).contains("ConfigurationException", root.toString(), "limits"),
                            lines -> assertThat(lines).isEqualTo("lines as appended"),
                            remove -> assertThat(remove).isEqualTo("remove done"),
                            small -> assertThat(small).isEqualTo("small done"));
        }
        assertThat(temporaryFiles()).isEmpty();
    }

    @Test
    void aFullDiskIsAClearErrorAndLosesNothing() throws Exception {
        String mount = "mount -t tmpfs -o size=256k,mode=700 none " + root;
        try (StoreProcess full = StoreProcess.startAfter(mountNamespace(), mount, "fill", root)) {
            assertThat(full.rest())
                    .satisfiesExactly(
                            update ->
                                    assertThat(update).contains("ConfigurationException", root.toString(), "as it was"),
                            read -> assertThat(read).isEqualTo("read the old document"),
                            append -> assertThat(append)
                                    .contains("ConfigurationException", root.toString(), "disk is full"),
                            lines -> assertThat(lines).isEqualTo("lines as appended"),
                            remove -> assertThat(remove).isEqualTo("remove done"),
                            small -> assertThat(small).isEqualTo("small done"));
        }
    }

    @Test
    void aReadOnlyFolderIsAClearErrorAtTheStart() throws Exception {
        open().close();
        String mount = "mount --bind " + root + " " + root + " && mount -o remount,bind,ro " + root;
        try (StoreProcess refused = StoreProcess.startAfter(mountNamespace(), mount, "fill", root)) {
            assertThat(String.join("\n", refused.rest()))
                    .contains("ConfigurationException", root.toString(), "read-only for this process");
        }
    }

    /** Returns the command that gives a shell a mount namespace of its own, or skips the test. */
    private static List<String> mountNamespace() throws Exception {
        List<String> found = List.of();
        for (List<String> command : List.of(List.of("unshare", "-m"), List.of("unshare", "-r", "-m"))) {
            if (found.isEmpty() && mounts(command)) {
                found = command;
            }
        }
        assumeFalse(
                found.isEmpty(),
                "a full or a read-only file system needs a mount namespace (unshare -m), which this host does not give");
        return found;
    }

    private static boolean mounts(List<String> namespace) throws InterruptedException {
        List<String> line = new ArrayList<>(namespace);
        line.addAll(List.of("mount", "-t", "tmpfs", "none", "/mnt"));
        try {
            Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
            process.getInputStream().readAllBytes();
            return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException notInstalled) {
            return false;
        }
    }
}
