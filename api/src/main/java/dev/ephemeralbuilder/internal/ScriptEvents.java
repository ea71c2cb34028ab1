package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The scripts on one machine, as far as they are known here: whoever hears of one says it here once, and the listeners,
 * the accounts and the question for notices are told. Of each end once, however many ask for it. Confined to the ticker.
 */
final class ScriptEvents {
    private final Held held;
    private final Ticker ticker;

    /** Since when each script is known to run. */
    private final Map<String, Instant> running = new LinkedHashMap<>();

    private Runnable onChange = () -> {};
    private boolean over;

    ScriptEvents(Held held, Ticker ticker) {
        this.held = held;
        this.ticker = ticker;
    }

    /** Tells one of each script that begins or ends while the machine is held. */
    void onChange(Runnable listener) {
        onChange = listener;
    }

    /** Whether a script is known to run. */
    boolean anyRuns() {
        return !running.isEmpty();
    }

    /** The machine has started a script. */
    void started(String id) {
        Instant now = ticker.now();
        if (runs(id, now)) {
            held.publish(new BuilderEvent.ScriptStarted(now, held.requestId(), held.machineId(), id));
        }
    }

    /** A script that somebody has started was seen to run. */
    void found(String id) {
        runs(id, ticker.now());
    }

    /** Returns whether that is news. */
    private boolean runs(String id, Instant now) {
        held.usage().began(id, now);
        if (over || running.putIfAbsent(id, now) != null) {
            return false;
        }
        onChange.run();
        return true;
    }

    /** @param at until when it has run */
    void ended(String id, Instant at, ScriptResult result) {
        held.usage().ended(id, at, result.ending() == ScriptResult.Ending.CANCELLED);
        if (running.remove(id) != null) {
            held.publish(new BuilderEvent.ScriptEnded(ticker.now(), held.requestId(), held.machineId(), id, result));
            onChange.run();
        }
    }

    /** Nobody will ever know how it ended. */
    void lost(String id, BuilderException reason) {
        held.usage().ended(id, ticker.now(), false);
        Instant since = running.remove(id);
        if (since != null) {
            tellLost(id, since, reason);
            onChange.run();
        }
    }

    /** The machine is given back or lost, and whatever runs there with it: the accounts count it as lost with that. */
    void allLost(Supplier<BuilderException> reason) {
        over = true;
        if (!running.isEmpty()) {
            BuilderException why = reason.get();
            running.forEach((id, since) -> tellLost(id, since, why));
            running.clear();
        }
    }

    private void tellLost(String id, Instant since, BuilderException reason) {
        Instant now = ticker.now();
        Duration ran = Duration.between(since, now);
        held.publish(new BuilderEvent.ScriptLost(now, held.requestId(), held.machineId(), id, ran, reason));
    }

    /** The machine is let go: its scripts go on without us. */
    void letGo() {
        over = true;
        running.clear();
    }
}
