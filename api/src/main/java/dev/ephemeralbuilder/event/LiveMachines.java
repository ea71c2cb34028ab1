package dev.ephemeralbuilder.event;

import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.selection.Offer;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The machines that a fleet holds or gives back, by what it has told. Safe for use by many threads. */
final class LiveMachines {
    /** How far a machine has come. */
    enum State {
        /** Created and not seen to run. */
        BOOTING,
        /** Seen to run and not ready. */
        CONNECTING,
        /** A builder. */
        READY,
        /** Given back or lost, and not seen gone. */
        RELEASING
    }

    /** What machines are counted by. */
    record Group(State state, String provider, Market market) {}

    /** What spending is added up by. */
    record Purse(String currency, String provider, Market market) {}

    private record Live(Offer offer, State state) {
        Group group() {
            return new Group(state, offer.provider(), offer.market());
        }

        Purse purse() {
            return purseOf(offer);
        }
    }

    private final Map<String, Live> byId = new HashMap<>();

    /** All that there ever were: a gauge that has gone back to zero must go on saying so. */
    private final Set<Group> groups = new HashSet<>();

    private final Set<Purse> purses = new HashSet<>();

    static Purse purseOf(Offer offer) {
        return new Purse(currency(offer.hourlyPrice()), offer.provider(), offer.market());
    }

    private static String currency(Money money) {
        return money.currency().getCurrencyCode();
    }

    /** Takes an event; returns whether there is a new group or purse. */
    synchronized boolean take(BuilderEvent event) {
        if (event instanceof BuilderEvent.Launched e) {
            return put(e.machineId(), new Live(e.offer(), State.BOOTING));
        } else if (event instanceof BuilderEvent.TakenOver e) {
            return put(e.machineId(), new Live(e.offer(), State.BOOTING));
        } else if (event instanceof BuilderEvent.Running e) {
            return move(e.machineId(), State.CONNECTING);
        } else if (event instanceof BuilderEvent.Ready e) {
            return move(e.machineId(), State.READY);
        } else if (event instanceof BuilderEvent.Attached e) {
            return put(e.machineId(), new Live(e.offer(), State.READY));
        } else if (event instanceof BuilderEvent.Released e) {
            return put(e.machineId(), new Live(e.offer(), State.RELEASING));
        } else if (event instanceof BuilderEvent.Gone e) {
            byId.remove(e.machineId());
        } else if (event instanceof BuilderEvent.Detached e) {
            byId.remove(e.machineId());
        } else if (event instanceof BuilderEvent.LeftBehind e) {
            byId.remove(e.machineId());
        }
        return false;
    }

    private boolean move(String id, State state) {
        Live live = byId.get(id);
        return live != null && put(id, new Live(live.offer(), state));
    }

    private boolean put(String id, Live live) {
        byId.put(id, live);
        boolean newGroup = groups.add(live.group());
        return purses.add(live.purse()) || newGroup;
    }

    /** Returns what was launched; null if the machine is not known. */
    synchronized @Nullable Offer offer(String id) {
        Live live = byId.get(id);
        return live == null ? null : live.offer();
    }

    synchronized Set<Group> groups() {
        return Set.copyOf(groups);
    }

    synchronized Set<Purse> purses() {
        return Set.copyOf(purses);
    }

    /** Returns how many machines there are of a group now. */
    synchronized long count(Group group) {
        return byId.values().stream().filter(live -> live.group().equals(group)).count();
    }

    /** Returns what the machines that are not given back cost in an hour. */
    synchronized double hourly(Purse purse) {
        return byId.values().stream()
                .filter(live -> live.state() != State.RELEASING && live.purse().equals(purse))
                .map(live -> live.offer().hourlyPrice().amount())
                .reduce(BigDecimal.ZERO, BigDecimal::add)
                .doubleValue();
    }
}
