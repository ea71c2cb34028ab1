package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.spi.StateStore.Log;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every {@link StateStore} must do. Extend it in the store's own tests and say how one is {@linkplain #open opened};
 * each failure says what the store has to change.
 *
 * <p>What only shows between processes, a killed writer above all, is for the store's own tests.
 */
@Timeout(120)
public abstract class StateStoreContract {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    /** Texts that file names, lines, quotes, patterns or a careless split would trip over. */
    private static final List<String> ODD = List.of(
            "",
            " ",
            ".",
            "..",
            "../up",
            "/",
            "aliyun/cn-shanghai/cn-shanghai-b/ecs.c7.large",
            "UPPER",
            "upper",
            "Upper",
            "tab\there",
            "line\nfeed",
            "carriage\r\nreturn",
            "zero\0byte",
            "back\\slash",
            "back\\u0041slash",
            "'\"`$(x)%41%%;--",
            "name=value",
            "~tilde~",
            "建造",
            "\u00e9",
            "e\u0301",
            "\ud83d\ude00",
            "\u2028\u0085\ufeff",
            "long-".repeat(200),
            "long-".repeat(200) + "er");

    private final List<StateStore> opened = new ArrayList<>();

    /** For subclasses. */
    protected StateStoreContract() {}

    /**
     * Opens the store. Called once or several times in a test; all that one test opens must share their state, and no two
     * tests may. A store that lives in one process returns the same object each time. All are closed after the test.
     */
    protected abstract StateStore open() throws Exception;

    private StateStore store() throws Exception {
        StateStore store = open();
        opened.add(store);
        return store;
    }

    @AfterEach
    final void closeAll() {
        opened.forEach(StateStore::close);
    }

    private static Function<@Nullable Map<String, String>, @Nullable Map<String, String>> to(
            Map<String, String> document) {
        return old -> document;
    }

    private static @Nullable Map<String, String> increment(@Nullable Map<String, String> old) {
        int n = old == null ? 0 : Integer.parseInt(old.getOrDefault("n", "0"));
        return Map.of("n", Integer.toString(n + 1));
    }

    private static void atOnce(int threads, Callable<?> task) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            CountDownLatch go = new CountDownLatch(1);
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                running.add(pool.submit(() -> {
                    go.await();
                    return task.call();
                }));
            }
            go.countDown();
            for (Future<?> future : running) {
                future.get(60, TimeUnit.SECONDS);
            }
        } finally {
            pool.shutdownNow();
        }
    }

    /** {@link StateStore#read}, {@link StateStore#readAll} and {@link StateStore#update}. */
    @Nested
    class Documents {
        @Test
        void whatIsNotThereIsEmpty() throws Exception {
            StateStore store = store();
            for (Kind kind : Kind.values()) {
                assertThat(store.read(kind, "none"))
                        .as("read must return empty where there is no document")
                        .isEmpty();
                assertThat(store.readAll(kind))
                        .as("readAll must return an empty map where there is no document")
                        .isEmpty();
            }
        }

        @Test
        void whatIsWrittenIsReadByEveryStore() throws Exception {
            StateStore writer = store();
            StateStore reader = store();
            Map<String, String> document = Map.of("zone", "b", "type", "ecs.c7.large");
            for (Kind kind : Kind.values()) {
                assertThat(writer.update(kind, "key", to(document)))
                        .as("update must return the document after the change")
                        .contains(document);
                assertThat(reader.read(kind, "key"))
                        .as("a change must be seen by all stores as soon as update has returned")
                        .contains(document);
                assertThat(reader.readAll(kind))
                        .as("readAll must return every document by its key")
                        .isEqualTo(Map.of("key", document));
            }
        }

        @Test
        void aChangeGetsThePresentDocument() throws Exception {
            StateStore store = store();
            List<@Nullable Map<String, String>> seen = new ArrayList<>();
            store.update(Kind.MARKET, "key", old -> {
                seen.add(old);
                return Map.of("a", "1");
            });
            store().update(Kind.MARKET, "key", old -> {
                seen.add(old);
                return Map.of("b", "2");
            });
            assertThat(new HashSet<>(seen))
                    .as("update must give the change null at first, then what another store wrote")
                    .isEqualTo(new HashSet<>(Arrays.asList(null, Map.of("a", "1"))));
            assertThat(store.read(Kind.MARKET, "key"))
                    .as("update must replace the document, not merge into it")
                    .contains(Map.of("b", "2"));
        }

        @Test
        void nullRemovesADocument() throws Exception {
            StateStore store = store();
            store.update(Kind.BUILDER, "key", to(Map.of("a", "1")));
            assertThat(store.update(Kind.BUILDER, "key", old -> null))
                    .as("update must return empty after a removal")
                    .isEmpty();
            assertThat(store().read(Kind.BUILDER, "key"))
                    .as("a document must be gone once its removal has returned")
                    .isEmpty();
            assertThat(store.readAll(Kind.BUILDER))
                    .as("readAll must leave out what was removed")
                    .isEmpty();
            assertThat(store.update(Kind.BUILDER, "key", old -> null))
                    .as("removing what is not there must do nothing")
                    .isEmpty();
        }

        @Test
        void anEmptyDocumentIsNotAbsent() throws Exception {
            StateStore store = store();
            store.update(Kind.STOCK, "key", to(Map.of()));
            assertThat(store().read(Kind.STOCK, "key"))
                    .as("a document without fields must be kept")
                    .contains(Map.of());
        }

        @Test
        void aChangeThatThrowsChangesNothing() throws Exception {
            StateStore store = store();
            store.update(Kind.PERMIT, "key", to(Map.of("a", "1")));
            ArithmeticException thrown = new ArithmeticException("of the change");
            assertThatThrownBy(() -> store.update(Kind.PERMIT, "key", old -> {
                        throw thrown;
                    }))
                    .as("update must let through what the change throws")
                    .isSameAs(thrown);
            assertThat(store.read(Kind.PERMIT, "key"))
                    .as("update must leave the document as it was if the change throws")
                    .contains(Map.of("a", "1"));
            assertThat(store().update(Kind.PERMIT, "key", to(Map.of("a", "2"))))
                    .as("a change that threw must leave no lock behind")
                    .contains(Map.of("a", "2"));
        }

        @Test
        void nullsInADocumentAreRefused() throws Exception {
            StateStore store = store();
            Map<String, @Nullable String> bad = new HashMap<>();
            bad.put("a", null);
            @SuppressWarnings("unchecked")
            Map<String, String> document = (Map<String, String>) (Map<String, ?>) bad;
            assertThatThrownBy(() -> store.update(Kind.BUILDER, "key", to(document)))
                    .as("update must refuse a null value")
                    .isInstanceOf(NullPointerException.class);
            assertThat(store.read(Kind.BUILDER, "key"))
                    .as("a refused document must not be stored")
                    .isEmpty();
        }

        @Test
        void anyTextIsAKey() throws Exception {
            StateStore store = store();
            Map<String, Map<String, String>> expected = new HashMap<>();
            for (String key : ODD) {
                Map<String, String> document = Map.of("of", key);
                store.update(Kind.STOCK, key, to(document));
                expected.put(key, document);
            }
            StateStore other = store();
            for (String key : ODD) {
                assertThat(other.read(Kind.STOCK, key))
                        .as("no two keys may share a document, whatever characters they have")
                        .contains(Map.of("of", key));
            }
            assertThat(other.readAll(Kind.STOCK))
                    .as("readAll must return the keys exactly as they were given")
                    .isEqualTo(expected);
        }

        @Test
        void anyTextIsANameAndAValue() throws Exception {
            Map<String, String> document = new HashMap<>();
            ODD.forEach(text -> document.put(text, text));
            store().update(Kind.BUILDER, "key", to(document));
            assertThat(store().read(Kind.BUILDER, "key"))
                    .as("names and values must come back exactly as they were given")
                    .contains(document);
        }

        @Test
        void aDocumentMayBeLarge() throws Exception {
            Map<String, String> document = new HashMap<>();
            for (int i = 0; i < 1_000; i++) {
                document.put("type" + i, "0123456789".repeat(40));
            }
            store().update(Kind.MARKET, "key", to(document));
            assertThat(store().read(Kind.MARKET, "key"))
                    .as("a document of 400 kB must be stored whole")
                    .contains(document);
        }

        @Test
        void kindsAreApart() throws Exception {
            StateStore store = store();
            store.update(Kind.BUILDER, "key", to(Map.of("kind", "builder")));
            store.update(Kind.PERMIT, "key", to(Map.of("kind", "permit")));
            store.update(Kind.BUILDER, "key", old -> null);
            assertThat(store.read(Kind.PERMIT, "key"))
                    .as("a change of one kind must not touch another")
                    .contains(Map.of("kind", "permit"));
        }

        @Test
        void whatIsReturnedIsNoWayIn() throws Exception {
            StateStore store = store();
            Map<String, String> mine = new HashMap<>(Map.of("a", "1"));
            Map<String, String> updated =
                    store.update(Kind.STOCK, "key", to(mine)).orElseThrow();
            mine.put("a", "2");
            Map<String, String> read = store.read(Kind.STOCK, "key").orElseThrow();
            assertThat(List.of(updated, read))
                    .as("the store must keep a copy of what it is given")
                    .containsOnly(Map.of("a", "1"));
            for (Map<String, String> returned : List.of(updated, read)) {
                assertThatThrownBy(() -> returned.put("a", "3"))
                        .as("what the store returns must be unmodifiable")
                        .isInstanceOf(UnsupportedOperationException.class);
            }
        }

        @Test
        void noIncrementIsLost() throws Exception {
            List<StateStore> stores = List.of(store(), store());
            AtomicInteger next = new AtomicInteger();
            for (Kind kind : List.of(Kind.BUCKET, Kind.BUILDER)) {
                atOnce(8, () -> {
                    StateStore store = stores.get(next.getAndIncrement() % stores.size());
                    for (int i = 0; i < 25; i++) {
                        store.update(kind, "counter", StateStoreContract::increment);
                    }
                    return null;
                });
                assertThat(stores.get(0).read(kind, "counter"))
                        .as("update must be atomic among all threads and all stores")
                        .contains(Map.of("n", "200"));
            }
        }

        @Test
        void noReaderSeesHalfAChange() throws Exception {
            StateStore store = store();
            StateStore other = store();
            AtomicInteger turn = new AtomicInteger();
            atOnce(4, () -> {
                boolean writes = turn.getAndIncrement() % 2 == 0;
                for (int i = 0; i < 100; i++) {
                    if (writes) {
                        String n = Integer.toString(i);
                        store.update(Kind.BUCKET, "a", to(Map.of("x", n.repeat(1_000), "y", n.repeat(1_000))));
                    } else {
                        Map<String, Map<String, String>> all = other.readAll(Kind.BUCKET);
                        all.values()
                                .forEach(document -> assertThat(document.get("x"))
                                        .as("a reader must see a document as it was before or after a change")
                                        .isEqualTo(document.get("y")));
                    }
                }
                return null;
            });
        }
    }

    /** {@link StateStore#append} and {@link StateStore#lines}. */
    @Nested
    class Logs {
        @Test
        void aNewLogIsEmpty() throws Exception {
            assertThat(store().lines(Log.LEDGER, Instant.MIN))
                    .as("lines must return an empty list for a log without lines")
                    .isEmpty();
        }

        @Test
        void linesComeInTheOrderInWhichTheyWereAppended() throws Exception {
            StateStore store = store();
            StateStore other = store();
            store.append(Log.LEDGER, NOON, Map.of("n", "1"));
            other.append(Log.LEDGER, NOON.minus(Duration.ofDays(2)), Map.of("n", "2"));
            store.append(Log.LEDGER, NOON, Map.of("n", "3"));
            assertThat(other.lines(Log.LEDGER, Instant.MIN))
                    .as("lines must keep the order of the appends, whichever times they carry and whoever made them")
                    .containsExactly(Map.of("n", "1"), Map.of("n", "2"), Map.of("n", "3"));
        }

        @Test
        void linesBeforeATimeAreLeftOut() throws Exception {
            StateStore store = store();
            store.append(Log.LEDGER, NOON.minusNanos(1), Map.of("n", "before"));
            store.append(Log.LEDGER, NOON, Map.of("n", "then"));
            store.append(Log.LEDGER, NOON.plusNanos(1), Map.of("n", "after"));
            assertThat(store.lines(Log.LEDGER, NOON))
                    .as("lines must return the lines of the time given and later, to the nanosecond")
                    .containsExactly(Map.of("n", "then"), Map.of("n", "after"));
        }

        @Test
        void anyTextIsANameAndAValue() throws Exception {
            Map<String, String> line = new HashMap<>();
            ODD.forEach(text -> line.put(text, text));
            StateStore store = store();
            store.append(Log.LEDGER, NOON, line);
            store.append(Log.LEDGER, NOON, Map.of());
            assertThat(store().lines(Log.LEDGER, NOON))
                    .as("lines must come back exactly as they were given, line feeds and all")
                    .containsExactly(line, Map.of());
        }

        @Test
        void linesOfSeveralWritersDoNotMix() throws Exception {
            List<StateStore> stores = List.of(store(), store());
            AtomicInteger writers = new AtomicInteger();
            atOnce(8, () -> {
                int writer = writers.getAndIncrement();
                StateStore store = stores.get(writer % stores.size());
                for (int i = 0; i < 25; i++) {
                    String fill = Integer.toString(writer).repeat(500);
                    store.append(
                            Log.LEDGER,
                            NOON,
                            Map.of("writer", Integer.toString(writer), "n", Integer.toString(i), "fill", fill));
                }
                return null;
            });
            Map<String, List<String>> numbers = new HashMap<>();
            for (Map<String, String> line : stores.get(0).lines(Log.LEDGER, NOON)) {
                String writer = line.getOrDefault("writer", "none");
                assertThat(line.get("fill")).as("a line must be whole").isEqualTo(writer.repeat(500));
                numbers.computeIfAbsent(writer, w -> new ArrayList<>()).add(line.getOrDefault("n", "none"));
            }
            assertThat(numbers.keySet()).as("no writer's lines may be lost").hasSize(8);
            List<String> inOrder =
                    IntStream.range(0, 25).mapToObj(Integer::toString).toList();
            assertThat(Set.copyOf(numbers.values()))
                    .as("each writer's lines must all be there, once, in its order")
                    .containsExactly(inOrder);
        }
    }

    /** What everyone but the owner sees. */
    @Nested
    class Secrets {
        @Test
        void aStoreDoesNotShowWhatItHolds() throws Exception {
            StateStore store = store();
            store.update(Kind.BUILDER, "key", to(Map.of("clientKey", "SECRET-OF-A-MACHINE")));
            store.append(Log.LEDGER, NOON, Map.of("note", "SECRET-OF-A-MACHINE"));
            assertThat(store.toString())
                    .as("toString must not show documents: they hold private keys")
                    .doesNotContain("SECRET-OF-A-MACHINE");
        }
    }
}
