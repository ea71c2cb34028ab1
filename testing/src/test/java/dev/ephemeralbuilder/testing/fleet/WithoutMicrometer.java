package dev.ephemeralbuilder.testing.fleet;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.event.BuilderListener;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;

/** What a user without Micrometer does; loaded by a class loader of its own. */
public final class WithoutMicrometer implements Callable<Integer> {
    /** Creates it, by reflection. */
    public WithoutMicrometer() {}

    /** Acquires a builder and closes all; returns how many events were heard. */
    @Override
    public Integer call() throws InterruptedException {
        List<BuilderEvent> events = new CopyOnWriteArrayList<>();
        BuilderListener listener = events::add;
        InMemoryProvider cloud = InMemoryProvider.builder()
                .bootTime(Duration.ofMillis(50))
                .deletionTime(Duration.ofMillis(50))
                .build();
        MachineSpec spec = MachineSpec.builder()
                .vcpus(1)
                .memoryGib(1)
                .machineImage("m-any")
                .build();
        try (BuildFleet fleet = BuildFleet.builder()
                        .owner("without")
                        .provider(cloud)
                        .listener(listener)
                        .build();
                EphemeralBuilder builder = fleet.acquire(spec)) {
            if (builder.id().isEmpty()) {
                throw new IllegalStateException("a builder without an id");
            }
        }
        return events.size();
    }
}
