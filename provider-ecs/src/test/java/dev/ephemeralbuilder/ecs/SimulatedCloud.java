package dev.ephemeralbuilder.ecs;

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
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A simulated cloud whose time runs twenty times as fast, and providers for it. */
final class SimulatedCloud implements AutoCloseable {
    private static final int PLENTY = 1_000_000;

    private final SimulatedClock clock = SimulatedClock.scaled(20);
    private final AlibabaCloudSimulator simulator =
            AlibabaCloudSimulator.builder().clock(clock).start();
    private final Ticker ticker = simulator.ticker();
    private final Queue<Runnable> soldOut = new ConcurrentLinkedQueue<>();
    private final Map<String, Impostor> impostors = new ConcurrentHashMap<>();
    private final Set<String> unreachable = ConcurrentHashMap.newKeySet();

    AlibabaCloudSimulator simulator() {
        return simulator;
    }

    EcsProvider.Builder provider() {
        return EcsProvider.builder()
                .region(simulator.region())
                .endpoint(simulator.endpoint())
                .credentials(AlibabaCredentials.fixed(simulator.accessKeyId(), simulator.accessKeySecret()))
                .securityGroup(simulator.securityGroup())
                .vSwitches(simulator.vSwitches())
                .families(Set.of("ecs.c7"))
                .addressResolver(this::address);
    }

    MachineSpec.Builder spec() {
        return MachineSpec.builder().vcpus(2).memoryGib(4).machineImage(simulator.machineImage());
    }

    void refuse(Machine machine, boolean refuse) {
        if (refuse) {
            unreachable.add(machine.id());
        } else {
            unreachable.remove(machine.id());
        }
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
        try (EcsProvider console = provider().build()) {
            Outcome outcome = console.delete(List.of(machine.id())).get(machine.id());
            assertThat(outcome).isEqualTo(Outcome.accepted());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a machine was deleted", e);
        }
    }

    /** Undoes what was ordered. */
    void calm() {
        simulator.faults().clear();
        soldOut.forEach(Runnable::run);
        soldOut.clear();
        impostors.values().forEach(Impostor::close);
        impostors.clear();
        unreachable.clear();
    }

    /** Lets another server, which has another host key, answer in a machine's place. */
    void impersonate(Machine machine) {
        impostors.put(machine.id(), new Impostor());
    }

    private @Nullable InetSocketAddress address(Machine machine) {
        Impostor impostor = impostors.get(machine.id());
        if (impostor != null) {
            return impostor.address();
        }
        if (unreachable.contains(machine.id())) {
            return nobody();
        }
        return simulator.machines().stream()
                .filter(m -> m.id().equals(machine.id()) && m.sshPort() > 0)
                .map(m -> new InetSocketAddress(m.address(), m.sshPort()))
                .findFirst()
                .orElse(null);
    }

    private static InetSocketAddress nobody() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), socket.getLocalPort());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
