package dev.ephemeralbuilder.spi;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/**
 * How a store waits for locks.
 *
 * @param bound at most this long for threads, and again for processes
 * @param closed opens when the store is closed, which ends all its waiting
 */
record StateWaits(Duration bound, CountDownLatch closed) {}
