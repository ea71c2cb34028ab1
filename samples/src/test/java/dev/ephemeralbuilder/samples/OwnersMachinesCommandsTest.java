package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.samples.product.ProviderChoice;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** {@code list}, {@code reap} and {@code release} against a simulated cloud in which another fleet has a machine. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ResourceLock(Resources.SYSTEM_PROPERTIES)
@Tag("once")
class OwnersMachinesCommandsTest {
    private static final String OWNER = "ci-test";

    /** All tests have one cloud and one machine, but for those that end one. */
    @TempDir
    private static Path folder;

    private CloudRig setting;
    private AlibabaCloudSimulator cloud;
    private BuildFleet fleet;
    private EphemeralBuilder builder;
    private CommandRig rig;

    @BeforeAll
    void open() throws IOException, InterruptedException {
        setting = new CloudRig(folder);
        cloud = setting.cloud;
        BuildFleet.Builder both = BuildFleet.builder().owner(OWNER).host("build-host-1");
        Providers.simulated(cloud, Settings.none(), ProviderChoice.ANY).forEach(both::provider);
        fleet = both.build();
        builder = acquire("job-7");
    }

    private EphemeralBuilder acquire(String requestId) throws InterruptedException {
        return acquire(requestId, new Images(cloud.machineImage(), null));
    }

    private EphemeralBuilder acquire(String requestId, Images images) throws InterruptedException {
        return fleet.acquire(
                images.in(MachineSpec.builder().vcpus(2).memoryGib(4).build()),
                AcquireRequest.builder()
                        .requestId(requestId)
                        .putLabel("branch", "a \"b\"")
                        .build());
    }

    @BeforeEach
    void begin() {
        setting.secret(cloud.accessKeySecret());
        rig = new CommandRig(folder, folder);
    }

    @AfterEach
    void end() {
        rig.close();
    }

    @AfterAll
    void close() {
        fleet.close();
        setting.close();
    }

    /** Lets the lease of a machine have passed long ago. */
    private void orphan(EphemeralBuilder machine) throws InterruptedException {
        for (CloudProvider other : Providers.simulated(cloud, Settings.none(), ProviderChoice.ANY)) {
            try (other) {
                if (other.name().equals(machine.offer().provider())) {
                    var unused = other.renew(List.of(machine.id()), Instant.ofEpochSecond(1_000_000_000));
                }
            }
        }
    }

    private boolean isThere(EphemeralBuilder wanted) {
        return cloud.machines().stream().anyMatch(machine -> machine.id().equals(wanted.id()));
    }

    @Test
    void listShowsATable() {
        assertThat(rig.run("list", "--owner", OWNER)).as(rig.err()).isZero();
        assertThat(rig.out().lines().toList()).hasSize(2).satisfies(lines -> {
            assertThat(lines.get(0)).startsWith("ID").contains("LEASE", "CAP", "HOST", "LABELS");
            assertThat(lines.get(1))
                    .startsWith(builder.id())
                    .contains("running", "job-7", "build-host-1", "branch=a \"b\"", " min", " h");
        });
    }

    @Test
    void listWritesJson() {
        assertThat(rig.run("list", "--owner", OWNER, "--json")).as(rig.err()).isZero();
        assertThat(rig.out())
                .startsWith("[{\"id\": \"" + builder.id() + "\", \"provider\": \"ecs\"")
                .contains("\"orphan\": false", "\"labels\": {\"branch\": \"a \\\"b\\\"\"}")
                .endsWith("}]\n");
    }

    @Test
    void anOwnerWithoutMachinesHasAnEmptyTable() {
        assertThat(rig.run("list", "--owner", "nobody")).isZero();
        assertThat(rig.out().lines().toList()).hasSize(1);
    }

    @Test
    void aCloudThatCannotBeAskedIsNoEmptyTable() {
        setting.secret("wrong-and-hidden");
        assertThat(rig.run("list", "--owner", OWNER)).isEqualTo(125);
        assertThat(rig.out()).isEmpty();
        assertThat(rig.err()).contains("SignatureDoesNotMatch").doesNotContain("wrong-and-hidden");
    }

    @Test
    void reapLeavesALiveMachine() {
        assertThat(rig.run("reap", "--owner", OWNER)).as(rig.err()).isZero();
        assertThat(rig.out()).isEqualTo("left " + builder.id() + ": its lease runs (launched by build-host-1)\n");
        assertThat(isThere(builder)).isTrue();
    }

    @Test
    void aDryRunSaysWhatReapThenDoes() throws InterruptedException {
        EphemeralBuilder own = acquire("job-8");
        orphan(own);
        assertThat(rig.run("reap", "--dry-run", "--owner", OWNER)).isEqualTo(1);
        assertThat(rig.out()).contains("would delete " + own.id() + ": its lease has passed");
        assertThat(isThere(own)).isTrue();
        assertThat(rig.run("reap", "--owner", OWNER)).as(rig.err()).isZero();
        assertThat(rig.out()).contains("\ndeleted " + own.id() + ": its lease has passed");
        assertThat(isThere(own)).isFalse();
    }

    @Test
    void aReapThatCannotAskSaysSo() {
        setting.secret("wrong-and-hidden");
        assertThat(rig.run("reap", "--owner", OWNER)).isEqualTo(125);
        assertThat(rig.err()).contains("could not be asked for everything", "SignatureDoesNotMatch");
    }

    @Test
    void releaseGivesAMachineBack() throws InterruptedException {
        EphemeralBuilder own = acquire("job-9");
        assertThat(rig.run("release", "--owner", OWNER, own.id())).as(rig.err()).isZero();
        assertThat(rig.out()).isEqualTo("gone " + own.id() + "\n");
        assertThat(isThere(own)).isFalse();
        assertThat(rig.run("release", "--owner", OWNER, own.id())).isZero();
    }

    @Test
    void aMachineOfAnotherOwnerIsNotReleased() {
        assertThat(rig.run("release", "--owner", "somebody", builder.id())).isEqualTo(2);
        assertThat(rig.err()).contains("does not belong to owner somebody");
        assertThat(isThere(builder)).isTrue();
    }

    @Test
    void aContainerGroupIsListedAndReapedAsAMachineIs() throws InterruptedException {
        EphemeralBuilder group = acquire("job-10", new Images(null, Simulation.CONTAINER_IMAGE));
        assertThat(rig.run("list", "--owner", OWNER)).as(rig.err()).isZero();
        assertThat(rig.out())
                .containsPattern("(?m)^" + group.id() + " +eci +cn-hangzhou-. .* job-10 ")
                .containsPattern("(?m)^" + builder.id() + " +ecs ");
        assertThat(rig.run("list", "--owner", OWNER, "--provider", "ecs", "--json"))
                .isZero();
        assertThat(rig.out().substring(rig.out().indexOf('['))).doesNotContain(group.id());
        orphan(group);
        assertThat(rig.run("reap", "--owner", OWNER)).as(rig.err()).isZero();
        assertThat(rig.out()).contains("\ndeleted " + group.id() + ": its lease has passed");
        assertThat(isThere(group)).isFalse();
    }

    @Test
    void releaseGivesAContainerGroupBack() throws InterruptedException {
        EphemeralBuilder group = acquire("job-11", new Images(null, Simulation.CONTAINER_IMAGE));
        assertThat(rig.run("release", "--owner", OWNER, group.id()))
                .as(rig.err())
                .isZero();
        assertThat(rig.out()).isEqualTo("gone " + group.id() + "\n");
        assertThat(isThere(group)).isFalse();
    }
}
