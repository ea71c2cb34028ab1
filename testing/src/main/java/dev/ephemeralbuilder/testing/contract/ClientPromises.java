package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.testing.contract.ContractSetup.Call;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** A provider as an object: many threads, interruption and its end. */
abstract class ClientPromises extends Promises {
    ClientPromises(Supplier<ContractRig> rigs) {
        super(rigs);
    }

    @Test
    void concurrentLaunchesMakeDistinctMachines() throws Exception {
        Offer offer = rig().offers().get(0);
        int count = 4;
        List<CompletableFuture<List<String>>> calls = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Launch launch = rig().launchOf(offer).build();
            calls.add(ContractTime.onAThread(() -> rig().launch(launch)));
        }
        Set<String> ids = new HashSet<>();
        for (CompletableFuture<List<String>> call : calls) {
            ids.addAll(rig().time.get("launch", call));
        }
        assertThat(ids)
                .as("each of several launches at the same time must make a machine of its own: share no request object"
                        + " between threads")
                .hasSize(count);
    }

    @Test
    void concurrentCallsGetTheirOwnAnswers() throws Exception {
        Offer offer = rig().offers().get(0);
        List<String> ids = rig().launch(rig().launchOf(offer)
                .count(1, Math.min(3, provider().limits().launchBatch()))
                .build());
        for (String id : ids) {
            rig().described(id);
        }
        Instant lease = rig().time.now().plus(Duration.ofMinutes(30));
        List<CompletableFuture<Void>> calls = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            String id = ids.get(i % ids.size());
            calls.add(ContractTime.onAThread(() -> {
                for (int round = 0; round < 5; round++) {
                    Map<String, Machine> found = provider().describe(List.of(id));
                    assertThat(found)
                            .as("describe must answer each thread for the ids that it asked for")
                            .containsOnlyKeys(id);
                    Map<String, Outcome> renewed = provider().renew(List.of(id), lease);
                    assertThat(renewed)
                            .as("renew must answer each thread for the ids that it asked for")
                            .containsOnlyKeys(id);
                    assertThat(rig().listed(provider(), rig().owner))
                            .as("list must answer each thread in full")
                            .extracting(Machine::id)
                            .containsExactlyInAnyOrderElementsOf(ids);
                }
                return null;
            }));
        }
        for (CompletableFuture<Void> call : calls) {
            rig().time.get("the end of calls from several threads", call);
        }
    }

    @TestFactory
    Stream<DynamicTest> anInterruptedThreadGetsAnInterruptedException() throws Exception {
        ProviderCalls calls = new ProviderCalls(
                rig(), provider(), rig().described(rig().launchOne()).id());
        return Stream.of(Call.values())
                .map(call -> dynamicTest(ProviderCalls.name(call), () -> {
                    rig().offers();
                    Thread.currentThread().interrupt();
                    try {
                        assertThatThrownBy(
                                        () -> calls.make(call),
                                        "%s on an interrupted thread must throw InterruptedException: the engine ends its calls by"
                                                + " interrupting them, and a job that is cancelled must not hang",
                                        ProviderCalls.name(call))
                                .isInstanceOf(InterruptedException.class);
                    } finally {
                        Thread.interrupted();
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> aClosedProviderSaysThatItIsClosed() throws Exception {
        Machine machine = rig().running();
        rig().connect(machine).close();
        CloudProvider closed = setup().other();
        closed.close();
        closed.close();
        ProviderCalls calls = new ProviderCalls(rig(), closed, machine.id());
        Stream<DynamicTest> asks = Stream.of(Call.values())
                .map(call -> dynamicTest(
                        ProviderCalls.name(call),
                        () -> assertSaysThatItIsClosed(ProviderCalls.name(call), () -> calls.make(call))));
        Stream<DynamicTest> open = Stream.of(dynamicTest(
                "open", () -> assertSaysThatItIsClosed("open", () -> closed.open(machine, rig().keys()))));
        return Stream.concat(asks, open);
    }

    private interface Attempt {
        Object make() throws InterruptedException;
    }

    private static void assertSaysThatItIsClosed(String name, Attempt attempt) {
        assertThatThrownBy(attempt::make, "%s after close() must fail: an answer would be a lie", name)
                .as(
                        "%s after close() must throw an IllegalStateException, or a BuilderException that is not retryable,"
                                + " and say that the provider is closed: what may be tried again would be tried again",
                        name)
                .hasMessageContaining("closed")
                .matches(
                        e -> e instanceof IllegalStateException || forGood(e),
                        "an IllegalStateException, or a BuilderException that is not retryable");
    }

    @Test
    void closingAProviderEndsItsShellsAndNoOthers() throws Exception {
        Machine machine = rig().running();
        try (Shell kept = rig().connect(machine)) {
            Shell ended = setup().other().open(machine, rig().keys());
            Channel channel = ended.open("sleep 600");
            setup().other().close();
            assertThat(rig().time
                            .get("after close() of the provider, ended() of a channel of its shells", channel.ended()))
                    .as("a channel that ends because its provider was closed must have no exit code")
                    .isEmpty();
            assertThat(ended.isOpen())
                    .as("close() of the provider must close its shells")
                    .isFalse();
            assertThat(ContractBytes.run(rig().time, kept, "echo there").text())
                    .as("close() of one provider must leave the shells of other instances alone")
                    .isEqualTo("there\n");
        }
    }
}
