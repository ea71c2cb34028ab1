package dev.ephemeralbuilder.spi;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.spi.StateStore.Log;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Another process that uses the store: says on its output what it has done, and takes a line of input as the word to go on. */
final class StoreProgram {
    static final String OWNER = "ci";
    static final String SHARED = "shared";
    static final Instant AT = Instant.parse("2026-01-01T12:00:00Z");

    private static final int FILL = 20_000;
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private StoreProgram() {}

    /** Runs a command on the store in a root folder: {@code command root [more]}. */
    public static void main(String[] args) throws IOException {
        Path root = Path.of(args[1]);
        switch (args[0]) {
            case "write" -> write(root, args[2]);
            case "count" -> count(root, args[2], Integer.parseInt(args[3]));
            case "hold" -> hold(root, args[2]);
            case "try" -> attempt(root, args[2]);
            case "fill" -> fill(root);
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    /** A document whose parts tell whether they belong together. */
    static Map<String, String> filled(int n) {
        return Map.of(
                "n",
                Integer.toString(n),
                "fill",
                Character.toString('a' + n % 26).repeat(FILL));
    }

    static int number(@Nullable Map<String, String> document) {
        return document == null ? 0 : Integer.parseInt(document.getOrDefault("n", "0"));
    }

    static Map<String, String> next(@Nullable Map<String, String> old) {
        return filled(number(old) + 1);
    }

    static Map<String, String> increment(@Nullable Map<String, String> old) {
        return Map.of("n", Integer.toString(number(old) + 1));
    }

    /** Goes on where the last process of this name was, until it is killed. */
    private static void write(Path root, String name) {
        try (StateStore store = StateStore.directory(root, OWNER)) {
            OUT.println("ready");
            for (int i = 0; i < 2_000; i++) {
                int n = number(
                        store.update(Kind.BUILDER, name, StoreProgram::next).orElseThrow());
                store.update(Kind.BUCKET, name, StoreProgram::next);
                store.update(Kind.BUCKET, SHARED, StoreProgram::increment);
                store.append(
                        Log.LEDGER, AT, Map.of("writer", name, "n", Integer.toString(n), "fill", "x".repeat(FILL)));
                OUT.println(n);
            }
        }
    }

    private static void count(Path root, String name, int times) throws IOException {
        OUT.println("ready");
        await();
        // Fifty at one record on a slow disk may take their time; that is not what is tested.
        try (StateStore store = new DirectoryStateStore(root, OWNER, Duration.ofSeconds(60), 1 << 20)) {
            for (int i = 1; i <= times; i++) {
                store.update(Kind.BUCKET, SHARED, StoreProgram::increment);
                store.update(Kind.BUILDER, SHARED, StoreProgram::increment);
                store.append(Log.LEDGER, AT, Map.of("writer", name, "n", Integer.toString(i), "fill", "x".repeat(600)));
            }
        }
        OUT.println("done");
    }

    private static void hold(Path root, String key) {
        try (StateStore store = StateStore.directory(root, OWNER)) {
            store.update(Kind.BUILDER, key, old -> {
                OUT.println("held");
                await();
                return old;
            });
        }
    }

    private static void attempt(Path root, String key) {
        try (StateStore store = new DirectoryStateStore(root, OWNER, Duration.ofMillis(200), 1 << 20)) {
            OUT.println(outcome(() -> store.update(Kind.BUILDER, key, StoreProgram::increment)));
        } catch (BuilderException e) {
            OUT.println(e);
        }
    }

    /** Writes until the disk takes no more, and says whether what was there is still there. */
    private static void fill(Path root) {
        try (StateStore store = StateStore.directory(root, OWNER)) {
            int written = 0;
            String outcome;
            do {
                written++;
                String value = "v".repeat(written * 2_000);
                outcome = outcome(() -> store.update(Kind.BUILDER, "big", old -> Map.of("value", value)));
            } while (outcome.equals("done") && written < 1_000);
            OUT.println("update " + outcome);
            int length = store.read(Kind.BUILDER, "big")
                    .orElseThrow()
                    .getOrDefault("value", "")
                    .length();
            OUT.println("read " + (length == (written - 1) * 2_000 ? "the old document" : "something else"));
            int appended = 0;
            do {
                appended++;
                outcome = outcome(() -> store.append(Log.LEDGER, AT, Map.of("note", "n".repeat(3_000))));
            } while (outcome.equals("done") && appended < 1_000);
            OUT.println("append " + outcome);
            List<Map<String, String>> lines = store.lines(Log.LEDGER, AT);
            OUT.println("lines " + (lines.size() == appended - 1 ? "as appended" : "something else"));
            OUT.println("remove " + outcome(() -> store.update(Kind.BUILDER, "big", old -> null)));
            OUT.println("small " + outcome(() -> store.update(Kind.BUILDER, "small", StoreProgram::increment)));
        }
    }

    private static String outcome(Runnable step) {
        try {
            step.run();
            return "done";
        } catch (BuilderException e) {
            return e.toString();
        }
    }

    private static void await() {
        try {
            if (System.in.read() < 0) {
                throw new IllegalStateException("the test has ended");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
