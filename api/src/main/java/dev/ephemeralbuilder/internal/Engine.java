package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import java.util.concurrent.CompletableFuture;

public final class Engine implements BuildFleet {
    public static Engine start(EngineConfig config) {
        return new Engine(config);
    }

    private final EngineConfig config;

    private Engine(EngineConfig c) {
        this.config = c;
    }

    @Override
    public EphemeralBuilder acquire(MachineSpec spec, AcquireRequest request) {
        throw new IllegalStateException();
    }

    @Override
    public CompletableFuture<EphemeralBuilder> acquireAsync(MachineSpec spec, AcquireRequest request) {
        throw new IllegalStateException();
    }

    @Override
    public String owner() {
        return config.owner();
    }

    @Override
    public void close() {}
}
