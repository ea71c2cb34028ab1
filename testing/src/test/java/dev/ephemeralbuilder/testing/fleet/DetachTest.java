package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.DuplicateRequestException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.event.BuilderEvent.Detached;
import dev.ephemeralbuilder.event.BuilderEvent.Gone;
import dev.ephemeralbuilder.event.BuilderEvent.Released;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import dev.ephemeralbuilder.testing.TestTicker;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Builders that are left to their lease. */
@Timeout(120)
class DetachTest {
    private final StateStore store = StateStore.inMemory();

    private BuildFleet.Builder sharing(BuildFleet.Builder fleet) {
        return fleet.stateStore(store);
    }

    private FleetRig rig() {
        return new FleetRig(cloud -> cloud, this::sharing);
    }

    @Test
    void theLeaseReachesTheCap() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.detach(builder);
            assertThat(rig.lease(builder.id())).isEqualTo(rig.cap(builder.id()));
        }
    }

    @Test
    void theFleetLeavesADetachedMachineWhenItIsClosed() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            BuildFleet later = rig.another(this::sharing);
            rig.detach(builder);
            rig.close(rig.fleet);
            assertThat(rig.cloud.machines()).containsExactly(builder.id());
            assertThat(rig.await(later.attachAsync(builder.id())).offer()).isEqualTo(builder.offer());
        }
    }

    @Test
    void closeAfterDetachDoesNothing() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.detach(builder);
            builder.close();
            rig.pass(Duration.ofMinutes(5));
            assertThat(rig.cloud.machines()).containsExactly(builder.id());
            assertThat(rig.event(Detached.class).until()).isAfter(rig.ticker.now());
            assertThat(rig.events(Released.class)).isEmpty();
        }
    }

    @Test
    void detachTwiceIsDetachOnce() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.detach(builder);
            int calls = rig.cloud.calls(Call.RENEW);
            rig.detach(builder);
            assertThat(rig.cloud.calls(Call.RENEW)).isEqualTo(calls);
        }
    }

    @Test
    void theBuilderIsOfNoUseAfterDetach() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.detach(builder);
            CostEstimate cost = builder.cost();
            assertThatThrownBy(() -> rig.await(builder.start(Script.of("true"))))
                    .isInstanceOf(BuilderLostException.class)
                    .hasMessageContaining("detached");
            assertThatThrownBy(() -> rig.await(builder.scripts())).isInstanceOf(BuilderLostException.class);
            assertThatThrownBy(() -> rig.await(builder.gone())).isInstanceOf(BuilderLostException.class);
            rig.pass(Duration.ofMinutes(5));
            assertThat(builder.cost()).isEqualTo(cost);
        }
    }

    @Test
    void nobodyRenewsADetachedMachine() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.detach(builder);
            int calls = rig.cloud.calls(Call.RENEW);
            rig.pass(Duration.ofMinutes(30));
            assertThat(rig.cloud.calls(Call.RENEW)).isEqualTo(calls);
        }
    }

    @Test
    void theRequestOfADetachedMachineIsInUseUntilThatIsGone() {
        try (FleetRig rig = rig()) {
            AcquireRequest request = AcquireRequest.builder().requestId("again").build();
            EphemeralBuilder detached = rig.acquire(FleetRig.SPEC, request);
            rig.detach(detached);
            assertThatThrownBy(() -> rig.acquire(FleetRig.SPEC, request))
                    .isInstanceOfSatisfying(
                            DuplicateRequestException.class,
                            e -> assertThat(e.builderId()).contains(detached.id()));
            rig.release(rig.fleet, detached.id());
            assertThat(rig.acquire(FleetRig.SPEC, request).requestId()).isEqualTo("again");
        }
    }

    @Test
    void aScriptRunsOnAndIsFollowedByWhoeverAttaches() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            RunningScript script = rig.await(
                    builder.start(Script.of("echo begun; while [ ! -e go ]; do sleep 0.1; done; echo over; exit 3")));
            CompletableFuture<Void> following = script.follow(LogSink.discard());
            rig.detach(builder);
            assertThatThrownBy(() -> rig.await(following)).isInstanceOf(BuilderLostException.class);
            EphemeralBuilder attached = rig.await(rig.another(this::sharing).attachAsync(builder.id()));
            RunningScript same = rig.await(attached.script(script.id()));
            rig.await(attached.start(Script.of("touch go")));
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            rig.await(same.follow(LogSink.to(out)));
            assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("begun\nover\n");
            assertThat(rig.await(same.result()).exitCode()).isEqualTo(3);
        }
    }

    @Test
    void aLaterAttachDoesNotShortenTheLease() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.detach(builder);
            rig.await(rig.another(this::sharing).attachAsync(builder.id()));
            for (int i = 0; i < 12; i++) {
                rig.pass(Duration.ofMinutes(3));
                assertThat(rig.lease(builder.id())).isEqualTo(rig.cap(builder.id()));
            }
        }
    }

    @Test
    void anotherFleetThatHoldsTheMachineDoesNotShortenTheLease() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            EphemeralBuilder attached = rig.await(rig.another(this::sharing).attachAsync(builder.id()));
            rig.pass(Duration.ofMinutes(2));
            rig.detach(attached);
            for (int i = 0; i < 12; i++) {
                rig.pass(Duration.ofMinutes(3));
                assertThat(rig.lease(builder.id())).isEqualTo(rig.cap(builder.id()));
            }
        }
    }

    @Test
    void aDetachThatTheCloudRefusesLeavesTheBuilderHeld() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            BuilderException refusal = new CredentialsException("no right to tag", "Forbidden.RAM", null, null);
            rig.cloud.failNext(Call.RENEW, refusal);
            assertThatThrownBy(() -> rig.detach(builder)).isSameAs(refusal);
            assertThat(rig.events(Detached.class)).isEmpty();
            rig.pass(Duration.ofMinutes(30));
            assertThat(rig.lease(builder.id())).isAfter(rig.ticker.now().plus(Duration.ofMinutes(5)));
            builder.close();
            rig.await(builder.gone());
            assertThat(rig.cloud.machines()).isEmpty();
        }
    }

    @Test
    void aLeaseThatTheCloudDoesNotTakeLeavesTheBuilderHeld() {
        Outcome refused = new Outcome(Outcome.Status.REFUSED, "OperationConflict");
        try (FleetRig rig = new FleetRig(
                TestTicker.create(), cloud -> cloud, this::sharing, cloud -> new ForwardingProvider(cloud) {
                    @Override
                    public Map<String, Outcome> renew(Collection<String> ids, Instant lease) {
                        return ids.stream().collect(Collectors.toMap(id -> id, id -> refused));
                    }
                })) {
            EphemeralBuilder builder = rig.acquire();
            assertThatThrownBy(() -> rig.detach(builder))
                    .isInstanceOfSatisfying(
                            ProviderException.class, e -> assertThat(e.code()).contains("OperationConflict"));
            builder.close();
            rig.await(builder.gone());
        }
    }

    @Test
    void aDetachIsRepeatedWhenTheCloudHasABadMoment() throws Exception {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.cloud.failNext(Call.RENEW, new ProviderException("a bad day", Effect.NONE, true, null, null, null));
            rig.cloud.loseNextAnswer(Call.RENEW);
            rig.detach(builder);
            assertThat(rig.lease(builder.id())).isEqualTo(rig.cap(builder.id()));
        }
    }

    @Test
    void aMachineThatIsGoneIsLostAndNotDetached() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            rig.cloud.vanish(builder.id());
            assertThatThrownBy(() -> rig.detach(builder)).isInstanceOf(BuilderLostException.class);
            rig.await(builder.gone());
            assertThat(rig.event(Gone.class).machineId()).isEqualTo(builder.id());
        }
    }

    @Test
    void aBuilderThatWasClosedCannotBeDetached() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            builder.close();
            assertThatThrownBy(() -> rig.detach(builder)).isInstanceOf(BuilderLostException.class);
            rig.await(builder.gone());
        }
    }

    @Test
    void aRenewalUnderWayDoesNotOvertakeTheDetach() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        List<Instant> leases = new CopyOnWriteArrayList<>();
        try (FleetRig rig = new FleetRig(
                TestTicker.create(), cloud -> cloud, this::sharing, cloud -> new ForwardingProvider(cloud) {
                    @Override
                    public Map<String, Outcome> renew(Collection<String> ids, Instant lease)
                            throws InterruptedException {
                        boolean renewal = leases.isEmpty();
                        leases.add(lease);
                        if (renewal) {
                            begun.countDown();
                            assertThat(goOn.await(60, TimeUnit.SECONDS)).isTrue();
                        }
                        return super.renew(ids, lease);
                    }
                })) {
            EphemeralBuilder builder = rig.acquire();
            // The call that hangs must not stop the time.
            rig.ticker.patience(Duration.ofMillis(20));
            rig.pass(Duration.ofMinutes(4));
            assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
            CompletableFuture<Boolean> detaching = rig.inBackground(() -> {
                builder.detach();
                return true;
            });
            rig.pass(Duration.ofSeconds(10));
            assertThat(leases).hasSize(1);
            goOn.countDown();
            rig.awaitBlocked(detaching);
            assertThat(leases).hasSize(2);
            assertThat(rig.lease(builder.id())).isEqualTo(rig.cap(builder.id()));
        }
    }
}
