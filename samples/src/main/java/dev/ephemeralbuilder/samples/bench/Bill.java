package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.testing.simulator.SimulatedGroup;
import dev.ephemeralbuilder.testing.simulator.SimulatedInstance;

/**
 * What a machine has cost, by the cloud's own account.
 *
 * @param id the machine
 * @param request what it was created for, by its tags; empty if they do not say
 * @param place its type, zone and protection
 * @param spot whether it is a spot machine
 * @param seconds how long it was billed, by the cloud's clock
 * @param pricePerHour CNY
 */
record Bill(String id, String request, PlainPlace place, boolean spot, double seconds, double pricePerHour) {
    static Bill of(SimulatedInstance instance) {
        return new Bill(
                instance.id(),
                Census.request(instance.tags()),
                new PlainPlace(instance.type(), instance.zone(), instance.spotDuration()),
                instance.spot(),
                instance.billed().toMillis() / 1000.0,
                instance.pricePerHour().doubleValue());
    }

    static Bill of(SimulatedGroup group) {
        return new Bill(
                group.id(),
                Census.request(group.tags()),
                new PlainPlace(group.kind(), group.zone(), group.spotDuration()),
                group.spot(),
                group.billed().toMillis() / 1000.0,
                group.pricePerHour().doubleValue());
    }

    /** Returns what it has cost, in CNY. */
    double amount() {
        return seconds / 3600 * pricePerHour;
    }
}
