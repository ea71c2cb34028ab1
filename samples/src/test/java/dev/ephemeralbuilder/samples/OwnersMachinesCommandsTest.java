package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.alibaba.AlibabaCredentials;
import dev.ephemeralbuilder.ecs.EcsProvider;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** {@code list}, {@code reap} and {@code release} against a simulated cloud in which another fleet has a machine. */
@Timeout(120)
@ResourceLock(Resources.SYSTEM_PROPERTIES)
class OwnersMachinesCommandsTest {
    private static final String OWNER = "ci-test";

    @TempDir
    private Path folder;

    private CloudRig setting;
    private AlibabaCloudSimulator cloud;
    private CommandRig rig;
    private BuildFleet fleet;
    private EphemeralBuilder builder;

    @BeforeEach
    void open() throws IOException, InterruptedException {
        setting = new CloudRig(folder);
        cloud = setting.cloud;
        rig = setting.commands;
        fleet = BuildFleet.builder()
                .owner(OWNER)
                .host("build-host-1")
                .provider(Providers.simulated(cloud, Settings.none()))
                .build();
        builder = fleet.acquire(
                MachineSpec.builder()
                        .vcpus(2)
                        .memoryGib(4)
                        .machineImage(cloud.machineImage())
                        .build(),
                AcquireRequest.builder()
                        .requestId("job-7")
                        .putLabel("branch", "a \"b\"")
                        .build());
    }

    @AfterEach
    void close() {
        fleet.close();
        setting.close();
    }

    /** Lets the lease of the machine have passed long ago. */
    private void orphan() throws InterruptedException {
        try (CloudProvider other = EcsProvider.builder()
                .region(cloud.region())
                .endpoint(cloud.endpoint())
                .credentials(AlibabaCredentials.fixed(cloud.accessKeyId(), cloud.accessKeySecret()))
                .securityGroup(cloud.securityGroup())
                .vSwitches(cloud.vSwitches())
                .build()) {
            var unused = other.renew(List.of(builder.id()), Instant.ofEpochSecond(1_000_000_000));
        }
    }

    private boolean isThere() {
        return cloud.machines().stream().anyMatch(machine -> machine.id().equals(builder.id()));
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
        assertThat(isThere()).isTrue();
    }

    @Test
    void aDryRunSaysWhatReapThenDoes() throws InterruptedException {
        orphan();
        assertThat(rig.run("reap", "--dry-run", "--owner", OWNER)).isEqualTo(1);
        assertThat(rig.out()).contains("would delete " + builder.id() + ": its lease has passed");
        assertThat(isThere()).isTrue();
        assertThat(rig.run("reap", "--owner", OWNER)).as(rig.err()).isZero();
        assertThat(rig.out()).contains("\ndeleted " + builder.id() + ": its lease has passed");
        assertThat(isThere()).isFalse();
    }

    @Test
    void aReapThatCannotAskSaysSo() {
        setting.secret("wrong-and-hidden");
        assertThat(rig.run("reap", "--owner", OWNER)).isEqualTo(125);
        assertThat(rig.err()).contains("could not be asked for everything", "SignatureDoesNotMatch");
    }

    @Test
    void releaseGivesAMachineBack() {
        assertThat(rig.run("release", "--owner", OWNER, builder.id()))
                .as(rig.err())
                .isZero();
        assertThat(rig.out()).isEqualTo("gone " + builder.id() + "\n");
        assertThat(isThere()).isFalse();
        assertThat(rig.run("release", "--owner", OWNER, builder.id())).isZero();
    }

    @Test
    void aMachineOfAnotherOwnerIsNotReleased() {
        assertThat(rig.run("release", "--owner", "somebody", builder.id())).isEqualTo(2);
        assertThat(rig.err()).contains("does not belong to owner somebody");
        assertThat(isThere()).isTrue();
    }
}
