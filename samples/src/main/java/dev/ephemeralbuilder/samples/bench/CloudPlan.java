package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.samples.product.ProviderChoice;
import org.jspecify.annotations.Nullable;

/**
 * What the simulated cloud of a measurement is like.
 *
 * @param seed what prices, boot times and faults come from
 * @param scale seconds of the cloud per second of the wall
 * @param bootLeastSeconds the shortest time from the create call to Running, by the cloud's clock
 * @param bootMostSeconds the longest
 * @param faults whether it has the faults of {@link FaultMix}
 * @param lazy whether {@code sleep} takes half a minute on its machines, whatever it is asked for: then what watches over scripts
 *     there costs this host nothing
 * @param providers which products the library's fleets use
 * @param reclaims which machines it takes back; null for none
 */
record CloudPlan(
        long seed,
        double scale,
        long bootLeastSeconds,
        long bootMostSeconds,
        boolean faults,
        boolean lazy,
        ProviderChoice providers,
        @Nullable ReclaimPlan reclaims) {
    /** Returns the usual cloud: machines boot in 40 ± 10 s, and they are instances. */
    static CloudPlan of(long seed, double scale) {
        return new CloudPlan(seed, scale, 30, 50, false, false, ProviderChoice.ECS, null);
    }

    /** Returns a cloud whose clock is the wall's. */
    static CloudPlan wall(long seed, long bootLeastSeconds, long bootMostSeconds) {
        return new CloudPlan(seed, 1, bootLeastSeconds, bootMostSeconds, false, false, ProviderChoice.ECS, null);
    }

    /** Returns the same cloud with lazy machines. */
    CloudPlan withLazyMachines() {
        return new CloudPlan(seed, scale, bootLeastSeconds, bootMostSeconds, faults, true, providers, reclaims);
    }

    /** Returns the same cloud with faults. */
    CloudPlan withFaults() {
        return new CloudPlan(seed, scale, bootLeastSeconds, bootMostSeconds, true, lazy, providers, reclaims);
    }

    /** Returns the same cloud with fleets of these products. */
    CloudPlan with(ProviderChoice choice) {
        return new CloudPlan(seed, scale, bootLeastSeconds, bootMostSeconds, faults, lazy, choice, reclaims);
    }

    /** Returns the same cloud, which takes machines back. */
    CloudPlan with(ReclaimPlan plan) {
        return new CloudPlan(seed, scale, bootLeastSeconds, bootMostSeconds, faults, lazy, providers, plan);
    }
}
