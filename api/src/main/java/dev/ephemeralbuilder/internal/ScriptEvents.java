package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.event.BuilderEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Tells of the scripts on one machine, of each end once however many ask for it. Confined to the ticker. */
final class ScriptEvents {
    private final Held held;
    private final Region region;

    /** Since when each script is known to run. */
    private final Map<String, Instant> running = new LinkedHashMap<>();

    private boolean over;

    ScriptEvents(Held held, Region region) {
        this.held = held;
        this.region = region;
    }

    /** The machine has started a script. */
    void started(String id) {
        if (over) {
            return;
        }
        Instant now = region.ticker().now();
        if (running.putIfAbsent(id, now) == null) {
            held.publish(new BuilderEvent.ScriptStarted(now, held.requestId(), held.machineId(), id));
        }
    }

    /** A script that somebody has started was seen to run. */
    void found(String id) {
        if (!over) {
            running.putIfAbsent(id, region.ticker().now());
        }
    }

    void ended(String id, ScriptResult result) {
        if (running.remove(id) != null) {
            held.publish(new BuilderEvent.ScriptEnded(
                    region.ticker().now(), held.requestId(), held.machineId(), id, result));
        }
    }

    void lost(String id, BuilderException reason) {
        Instant since = running.remove(id);
        if (since != null) {
            Instant now = region.ticker().now();
            held.publish(new BuilderEvent.ScriptLost(
                    now, held.requestId(), held.machineId(), id, Duration.between(since, now), reason));
        }
    }

    /** The machine is given back or lost, and whatever runs there with it. */
    void allLost(Supplier<BuilderException> reason) {
        over = true;
        if (!running.isEmpty()) {
            BuilderException why = reason.get();
            List.copyOf(running.keySet()).forEach(id -> lost(id, why));
        }
    }

    /** The machine is let go: its scripts go on without us. */
    void letGo() {
        over = true;
        running.clear();
    }
}
