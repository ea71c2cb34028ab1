package dev.ephemeralbuilder.eci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.alibaba.AlibabaCredentials;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.SimulatedClock;
import dev.ephemeralbuilder.testing.simulator.SimulatedImage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;

/** A simulated cloud whose time runs twenty times as fast, and providers of container groups for it. */
final class SimulatedEci implements AutoCloseable {
    private static final String IMAGE = "build:1";
    private static final int PLENTY = 1_000_000;

    private final SimulatedClock clock = SimulatedClock.scaled(20);
    private final AlibabaCloudSimulator simulator =
            AlibabaCloudSimulator.builder().clock(clock).start();
    private final Ticker ticker = simulator.ticker();
    private final Queue<Runnable> soldOut = new ConcurrentLinkedQueue<>();

    SimulatedEci() {
        // A minute of this cloud is three seconds here: tests one after the other make more calls than an account may.
        for (String action : List.of(
                EciApi.CREATE, EciApi.DESCRIBE, EciApi.DELETE, EciApi.PRICE, EciApi.STOCK, EciApi.EXEC, EciApi.LOG)) {
            simulator.account().callsPerMinute(action, PLENTY);
        }
    }

    AlibabaCloudSimulator simulator() {
        return simulator;
    }

    EciProvider.Builder provider() {
        return EciProvider.builder()
                .region(simulator.region())
                .endpoint(simulator.endpoint())
                .credentials(AlibabaCredentials.fixed(simulator.accessKeyId(), simulator.accessKeySecret()))
                .securityGroup(simulator.securityGroup())
                .vSwitches(simulator.vSwitches())
                .families(Set.of("ecs.c7"));
    }

    MachineSpec.Builder spec() {
        return MachineSpec.builder().vcpus(2).memoryGib(4).containerImage(IMAGE);
    }

    /** Returns the image of {@link #spec}, to be spoilt until {@link #calm}. */
    SimulatedImage image() {
        return simulator.images().image(IMAGE);
    }

    void stockOut(Offer offer) {
        String type = offer.type().id();
        simulator.stockOut(type, offer.zone());
        soldOut.add(() -> simulator.stock(type, offer.zone(), PLENTY));
    }

    void stockOutOfSpot(Offer offer) {
        String type = offer.type().id();
        simulator.stock(type, offer.zone(), Market.SPOT, 0);
        soldOut.add(() -> simulator.stock(type, offer.zone(), Market.SPOT, PLENTY));
    }

    /** Ends a machine as someone at the console would: no notice, and soon gone. */
    void delete(Machine machine) {
        try (EciProvider console = provider().build()) {
            Outcome outcome = console.delete(List.of(machine.id())).get(machine.id());
            assertThat(outcome).isEqualTo(Outcome.accepted());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a group was deleted", e);
        }
    }

    /** Undoes what was ordered. */
    void calm() {
        simulator.faults().clear();
        image().available();
        soldOut.forEach(Runnable::run);
        soldOut.clear();
    }

    Ticker ticker() {
        return ticker;
    }

    Instant now() {
        return ticker.now();
    }

    void pass(Duration time) throws InterruptedException {
        CountDownLatch over = new CountDownLatch(1);
        ticker.schedule(time, over::countDown);
        over.await();
    }

    @Override
    public void close() {
        calm();
        simulator.close();
    }
}
