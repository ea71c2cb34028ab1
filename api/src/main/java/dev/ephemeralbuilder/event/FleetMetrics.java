package dev.ephemeralbuilder.event;

import static java.util.Objects.requireNonNull;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Keeps Micrometer's meters of a fleet: hand it to {@code BuildFleet.Builder.listener} and bind it to a registry. Which
 * meters there are, with their tags and units, is listed in {@code docs/metrics.md}; a meter appears with the first event
 * that it counts. No tag has more than a few values: no id, zone or type is one.
 *
 * <p>Needs {@code io.micrometer:micrometer-core} on the class path, which this library does not bring along; nothing
 * else of the library does. Gauges know all that the fleet has told since it was built, counters and timers begin when
 * the registry is bound, so bind before the fleet is built. One object may serve several fleets of a process if these do
 * not attach to each other's machines, and several registries. Safe for use by many threads; no method blocks.
 *
 * <p>If events are {@linkplain BuilderListener#onDropped dropped}, which is counted, the gauges may stay wrong.
 */
// Whoever has no Micrometer does not see this class.
@SuppressWarnings("exports")
public final class FleetMetrics implements BuilderListener, MeterBinder {
    private final LiveMachines machines = new LiveMachines();
    private final List<FleetMeters> bound = new CopyOnWriteArrayList<>();

    /** Creates one that is bound to nothing yet. */
    public FleetMetrics() {}

    /** Adds the meters to a registry. Binding to the same registry twice counts everything twice. */
    @Override
    public void bindTo(MeterRegistry registry) {
        FleetMeters meters = new FleetMeters(requireNonNull(registry, "registry"), machines);
        bound.add(meters);
        meters.onMachines();
    }

    @Override
    public void onEvent(BuilderEvent event) {
        // First, since the machine may be unknown after it.
        bound.forEach(meters -> meters.onEvent(event));
        if (machines.take(event)) {
            bound.forEach(FleetMeters::onMachines);
        }
    }

    @Override
    public void onCloudEvent(CloudEvent event) {
        bound.forEach(meters -> meters.onCloudEvent(event));
    }

    @Override
    public void onDropped(long count) {
        bound.forEach(meters -> meters.onDropped(count));
    }
}
