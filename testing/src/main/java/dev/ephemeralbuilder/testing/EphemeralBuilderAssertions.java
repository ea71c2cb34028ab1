package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;

/**
 * AssertJ assertions about pretended clouds, builders and scripts. Import {@code assertThat} statically beside AssertJ's
 * own. Needs AssertJ 3 on the class path, which this module does not bring along.
 */
public final class EphemeralBuilderAssertions {
    private EphemeralBuilderAssertions() {}

    /** Begins an assertion about a simulator. */
    public static CloudAssert assertThat(AlibabaCloudSimulator simulator) {
        return CloudAssert.of(simulator);
    }

    /** Begins an assertion about a cloud in memory, whichever of its clients this is. */
    public static CloudAssert assertThat(InMemoryProvider cloud) {
        return CloudAssert.of(cloud);
    }

    /** Begins an assertion about a builder. */
    public static BuilderAssert assertThat(EphemeralBuilder builder) {
        return new BuilderAssert(builder);
    }

    /** Begins an assertion about how a script ended. */
    public static ScriptResultAssert assertThat(ScriptResult result) {
        return new ScriptResultAssert(result);
    }
}
