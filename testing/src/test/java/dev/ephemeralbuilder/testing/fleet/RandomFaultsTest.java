package dev.ephemeralbuilder.testing.fleet;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What must hold whatever goes wrong, over random sequences with fixed seeds. */
@Timeout(120)
@Tag("once")
class RandomFaultsTest {
    /** As many as take some ten seconds; more, from elsewhere, with these properties. */
    private static final int SEQUENCES = Integer.getInteger("ephemeral.sequences", 150);

    private static final long FIRST = Long.getLong("ephemeral.firstSeed", 1);

    static LongStream seeds() {
        return LongStream.range(FIRST, FIRST + SEQUENCES);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void nothingIsLostAndNothingIsLeft(long seed) {
        new RandomSequence(seed).run();
    }
}
