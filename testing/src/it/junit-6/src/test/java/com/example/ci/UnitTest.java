package com.example.ci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import dev.ephemeralbuilder.testing.TestTicker;
import dev.ephemeralbuilder.testing.junit.EphemeralBuilderExtension;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class UnitTest {
    // recipe: unit test
    @RegisterExtension
    final EphemeralBuilderExtension extension = EphemeralBuilderExtension.inMemory();

    @Test
    void theBuildsExitCodeIsTheScripts(BuildFleet fleet, InMemoryProvider cloud, TestTicker ticker) throws Exception {
        BuildRunner runner = new BuildRunner(fleet, "m-any");
        ByteArrayOutputStream log = new ByteArrayOutputStream();

        int exitCode = ticker.advanceWhile(() -> runner.build("echo hello; exit 3", log), Duration.ofHours(1));

        assertThat(exitCode).isEqualTo(3);
        assertThat(log.toString(StandardCharsets.UTF_8)).isEqualTo("hello\n");
        assertThat(cloud.calls(InMemoryProvider.Call.LAUNCH)).isEqualTo(1);
    }
    // end of recipe
}
