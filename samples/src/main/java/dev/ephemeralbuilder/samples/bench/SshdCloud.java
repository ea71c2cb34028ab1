package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import java.net.URI;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.Optional;

/** The simulated cloud, one machine of which has the keys of a real SSH server. Safe for use by many threads. */
final class SshdCloud extends ForwardingProvider {
    /** Starts the server with its keys, once. */
    @FunctionalInterface
    interface Start {
        void with(KeyPair hostKey, PublicKey clientKey) throws InterruptedException;
    }

    private final Start start;

    SshdCloud(CloudProvider cloud, Start start) {
        super(cloud);
        this.start = start;
    }

    /** The server runs on this host, which is no machine of the cloud. */
    @Override
    public Optional<URI> machineMetadata() {
        return Optional.empty();
    }

    @Override
    public LaunchResult launch(Launch launch) throws InterruptedException {
        start.with(launch.hostKey(), launch.clientKey());
        return super.launch(launch);
    }
}
