package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.spi.MachineTags;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.SimulatedMachine;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * Watches from inside of the cloud which machines there are, several times a second: no machine lives so short that it is
 * missed. Safe for use by many threads.
 */
final class Census {
    private static final Duration INTERVAL = Duration.ofMillis(50);

    private final AlibabaCloudSimulator simulator;
    private final Ticker wall;
    private final BiConsumer<SimulatedMachine, Instant> onSight;
    private final Map<String, Life> lives = new LinkedHashMap<>();

    /**
     * A machine that was there.
     *
     * @param request what it was created for, by its tags; empty if they do not say
     * @param first when it was first seen, in milliseconds of the cloud's clock since 1970
     * @param last when it was last seen
     * @param alive whether it is there now
     */
    record Life(String id, String request, long first, long last, boolean alive) {
        boolean overlaps(Life other) {
            return first <= other.last && other.first <= last;
        }
    }

    /** @param onSight is told of every machine at each look, with the time by the cloud's clock */
    Census(AlibabaCloudSimulator simulator, Ticker wall, BiConsumer<SimulatedMachine, Instant> onSight) {
        this.onSight = onSight;
        this.simulator = simulator;
        this.wall = wall;
    }

    /** Looks now, and again and again until the ticker is closed. */
    void start() {
        look();
        wall.schedule(INTERVAL, this::start);
    }

    /** Returns all machines that there ever were, oldest first. */
    synchronized List<Life> take() {
        look();
        return List.copyOf(lives.values());
    }

    private synchronized void look() {
        Instant time = simulator.clock().now();
        long now = time.toEpochMilli();
        lives.replaceAll((id, life) -> new Life(id, life.request, life.first, life.last, false));
        for (SimulatedMachine machine : simulator.machines()) {
            Life before = lives.get(machine.id());
            lives.put(
                    machine.id(),
                    new Life(machine.id(), request(machine.tags()), before == null ? now : before.first, now, true));
            onSight.accept(machine, time);
        }
    }

    /** Returns how many are there now. */
    static long alive(List<Life> lives) {
        return lives.stream().filter(Life::alive).count();
    }

    /** Returns what a machine was created for, by its tags; empty if they do not say. */
    static String request(Map<String, String> tags) {
        return tags.getOrDefault(MachineTags.REQUEST, tags.getOrDefault(PlainApi.REQUEST_TAG, ""));
    }
}
