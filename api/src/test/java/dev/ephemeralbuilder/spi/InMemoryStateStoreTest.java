package dev.ephemeralbuilder.spi;

import static org.assertj.core.api.Assertions.assertThatCode;

import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.spi.StateStore.Log;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StringGen;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What holds in every order of the steps of several threads. */
@Timeout(120)
class InMemoryStateStoreTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    /** The calls of a store, on few keys so that they meet. */
    @Param(name = "key", gen = StringGen.class, conf = "1:ab")
    public static class StoreCalls {
        private final StateStore store = StateStore.inMemory();

        @Operation(params = "key")
        public @Nullable Map<String, String> read(String key) {
            return store.read(Kind.PERMIT, key).orElse(null);
        }

        @Operation
        public Map<String, Map<String, String>> readAll() {
            return store.readAll(Kind.PERMIT);
        }

        @Operation(params = "key")
        public @Nullable Map<String, String> count(String key) {
            return store.update(Kind.PERMIT, key, StoreCalls::next).orElse(null);
        }

        @Operation(params = "key")
        public @Nullable Map<String, String> remove(String key) {
            return store.update(Kind.PERMIT, key, document -> null).orElse(null);
        }

        @Operation(params = "key")
        public void append(String key) {
            store.append(Log.LEDGER, NOW, Map.of("line", key));
        }

        @Operation
        public List<Map<String, String>> lines() {
            return store.lines(Log.LEDGER, NOW);
        }

        private static Map<String, String> next(@Nullable Map<String, String> document) {
            int count = document == null ? 0 : Integer.parseInt(Objects.requireNonNull(document.get("count")));
            return Map.of("count", Integer.toString(count + 1));
        }
    }

    @Test
    void itsCallsLookAsIfTheyCameOneAfterTheOther() {
        ModelCheckingOptions options = new ModelCheckingOptions()
                .iterations(4)
                .invocationsPerIteration(60)
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(1)
                .actorsAfter(1);
        assertThatCode(() -> options.check(StoreCalls.class)).doesNotThrowAnyException();
    }
}
