package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Ticker;
import java.util.Set;

/**
 * What serves one provider in one region.
 *
 * @param calls for calls to the cloud and to the store
 * @param shellCalls for connections to machines, which may take long and must not keep the others waiting
 * @param held the machines of the whole fleet that were created and not seen gone yet; on the ticker
 * @param launching the attempts of the whole fleet whose create call has no known outcome yet; on the ticker
 */
record Region(
        CloudProvider provider,
        Ticker ticker,
        Calls calls,
        Calls shellCalls,
        Retries retries,
        MarketBook market,
        Watcher watcher,
        Terminator terminator,
        Leases leases,
        Records records,
        Events events,
        Handouts handouts,
        Set<Held> held,
        Set<Attempt> launching) {}
