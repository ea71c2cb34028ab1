package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.samples.product.ProviderChoice;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("once")
class JobSampleTest {
    @TempDir
    private Path folder;

    @Test
    void theJobOfTheDocumentWorks() throws IOException, InterruptedException {
        Path checkout = StubCheckout.in(folder);
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        try (AlibabaCloudSimulator cloud = AlibabaCloudSimulator.builder().start();
                BuildFleet fleet = BuildFleet.builder()
                        .owner("job-sample")
                        .provider(Providers.simulated(cloud, Settings.none(), ProviderChoice.ECS)
                                .get(0))
                        .build()) {
            MachineSpec spec =
                    MachineSpec.builder().machineImage(cloud.machineImage()).build();
            assertThat(JobSample.build(fleet, spec, checkout, folder.resolve("jars"), log))
                    .isEqualTo(3);
        }
        assertThat(log.toString(StandardCharsets.UTF_8)).isEqualTo("called with -B verify\n");
        assertThat(folder.resolve("jars/a.jar")).hasContent("jar");
    }
}
