package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.samples.product.ProviderChoice;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingTest {
    @TempDir
    private Path folder;

    @Test
    void theExecutorOfTheReadmeWorks() throws IOException, InterruptedException {
        Path checkout = StubCheckout.in(folder);
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        try (AlibabaCloudSimulator cloud = AlibabaCloudSimulator.builder().start()) {
            int exitCode =
                    Embedding.build(provider(cloud), cloud.machineImage(), checkout, folder.resolve("jars"), log);
            assertThat(exitCode).isEqualTo(3);
            assertThat(cloud.machines()).isEmpty();
        }
        assertThat(log.toString(StandardCharsets.UTF_8)).isEqualTo("called with -B verify\n");
        assertThat(folder.resolve("jars/a.jar")).hasContent("jar");
    }

    @Test
    void aCloudWithoutStockIsAReasonToTryAgain() throws IOException, InterruptedException {
        try (AlibabaCloudSimulator cloud = AlibabaCloudSimulator.builder().start()) {
            cloud.faults().on("RunInstances").error("OperationDenied.NoStock");
            int exitCode = Embedding.build(
                    provider(cloud), cloud.machineImage(), folder, folder.resolve("jars"), new ByteArrayOutputStream());
            assertThat(exitCode).isEqualTo(75);
        }
    }

    private static CloudProvider provider(AlibabaCloudSimulator cloud) {
        return Providers.simulated(cloud, Settings.none(), ProviderChoice.ECS).get(0);
    }
}
