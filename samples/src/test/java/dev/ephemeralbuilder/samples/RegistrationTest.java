package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.HookException;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.samples.product.ProviderChoice;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Machines that register and unregister themselves, on simulated clouds of both products. */
@Timeout(120)
@Tag("once")
@Execution(ExecutionMode.CONCURRENT)
class RegistrationTest {
    private static final String OWNER = "ci-test";

    private static final Duration BOOT = Duration.ofMillis(200);

    private final AlibabaCloudSimulator cloud =
            AlibabaCloudSimulator.builder().bootTime(BOOT, BOOT).start();

    @TempDir
    private Path folder;

    private Path registry;

    @AfterEach
    void stop() {
        cloud.close();
    }

    @BeforeEach
    void makeRegistry() throws IOException {
        registry = Files.writeString(Files.createTempDirectory(folder, "all").resolve("runners"), "");
    }

    private BuildFleet fleet(ProviderChoice product, StateStore store) {
        BuildFleet.Builder fleet =
                BuildFleet.builder().owner(OWNER).stateStore(store).maxAttempts(2);
        Providers.simulated(cloud, Settings.none(), product).forEach(fleet::provider);
        return fleet.build();
    }

    private EphemeralBuilder acquire(BuildFleet fleet, ProviderChoice product, AcquireRequest.Builder request)
            throws InterruptedException {
        Images images = product == ProviderChoice.ECI
                ? new Images(null, Simulation.CONTAINER_IMAGE)
                : new Images(cloud.machineImage(), null);
        return fleet.acquire(
                images.in(MachineSpec.builder().vcpus(2).memoryGib(4).build()), request.build());
    }

    private AcquireRequest.Builder registered() {
        return Registration.registered(registry.toString(), "a-token");
    }

    private List<String> runners() throws IOException {
        return Files.readAllLines(registry);
    }

    @ParameterizedTest
    @EnumSource(
            value = ProviderChoice.class,
            names = {"ECS", "ECI"})
    void aMachineIsKnownForAsLongAsItLives(ProviderChoice product) throws Exception {
        try (StateStore store = StateStore.inMemory();
                BuildFleet fleet = fleet(product, store)) {
            EphemeralBuilder one = acquire(fleet, product, registered());
            assertThat(runners()).hasSize(1);
            EphemeralBuilder other = acquire(fleet, product, registered());
            assertThat(runners()).hasSize(2).doesNotHaveDuplicates();
            String kept = runners().get(1);
            one.close();
            one.gone().get(60, TimeUnit.SECONDS);
            assertThat(runners()).containsExactly(kept);
            assertThat(other.gone()).isNotDone();
        }
        assertThat(runners()).isEmpty();
        assertThat(cloud.machines()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = ProviderChoice.class,
            names = {"ECS", "ECI"})
    void anotherProcessThatGivesTheMachineBackUnregistersItToo(ProviderChoice product) throws Exception {
        try (StateStore store = StateStore.directory(folder, OWNER)) {
            String id;
            try (BuildFleet prepares = fleet(product, store)) {
                EphemeralBuilder builder = acquire(prepares, product, registered());
                id = builder.id();
                builder.detach();
            }
            assertThat(runners()).hasSize(1);
            try (BuildFleet cleansUp = fleet(product, store)) {
                cleansUp.release(id);
            }
        }
        assertThat(runners()).isEmpty();
        assertThat(cloud.machines()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = ProviderChoice.class,
            names = {"ECS", "ECI"})
    void aMachineThatCannotRegisterIsReplaced(ProviderChoice product) throws Exception {
        try (StateStore store = StateStore.inMemory();
                BuildFleet fleet = fleet(product, store)) {
            Script onTheSecond = Script.of("mkdir \"$MARK\" && exit 9; echo second >\"$MARK/ran\"")
                    .env("MARK", registry.resolveSibling("mark").toString());
            EphemeralBuilder builder = acquire(fleet, product, registered().onReady(onTheSecond));
            assertThat(registry.resolveSibling("mark").resolve("ran")).hasContent("second");
            assertThat(cloud.machines()).anyMatch(machine -> machine.id().equals(builder.id()));

            HookException failure = catchThrowableOfType(
                    HookException.class,
                    () -> acquire(fleet, product, Registration.registered(registry.toString(), "")));
            assertThat(failure.result())
                    .hasValueSatisfying(result -> assertThat(result.exitCode()).isEqualTo(1));
            assertThat(failure.output()).contains("");
        }
        assertThat(runners()).isEmpty();
        assertThat(cloud.machines()).isEmpty();
    }
}
