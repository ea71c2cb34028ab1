package dev.ephemeralbuilder.testing.fleet;

import dev.ephemeralbuilder.spi.CloudProvider;

/** The forwarding provider under the name that the tests of this package know. */
abstract class ForwardingProvider extends dev.ephemeralbuilder.testing.ForwardingProvider {
    ForwardingProvider(CloudProvider next) {
        super(next);
    }
}
