package dev.ephemeralbuilder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.MachineTags;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BuilderSummaryTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_000_000);

    private static Machine.Builder machine(Map<String, String> tags) {
        Map<String, String> all = new HashMap<>(Map.of(
                MachineTags.SCHEMA,
                "1",
                MachineTags.OWNER,
                "ci",
                MachineTags.LEASE,
                "1000600",
                MachineTags.CAP,
                "1007200"));
        all.putAll(tags);
        return Machine.builder()
                .id("i-1")
                .region("cn-hangzhou")
                .zone("cn-hangzhou-i")
                .type("ecs.c7.large")
                .market(Market.SPOT)
                .state(MachineState.RUNNING)
                .createdAt(NOW)
                .tags(all);
    }

    private static BuilderSummary summary(Map<String, String> tags) {
        return BuilderSummary.of("ecs", machine(tags).build(), NOW, true);
    }

    @Test
    void aMachineInsideItsLeaseIsNoOrphan() {
        assertThat(summary(Map.of()).orphan()).isFalse();
        assertThat(summary(Map.of(MachineTags.LEASE, "1000000")).orphan()).isFalse();
    }

    @Test
    void aMachinePastItsLeaseIsAnOrphan() {
        BuilderSummary summary = summary(Map.of(MachineTags.LEASE, "999999"));
        assertThat(summary.orphan()).isTrue();
        assertThat(summary.leaseUntil()).contains(NOW.minusSeconds(1));
    }

    @Test
    void aReleasedMachineIsAnOrphanAndNotAttachable() {
        BuilderSummary summary = summary(Map.of(MachineTags.LEASE, MachineTags.RELEASED));
        assertThat(summary.orphan()).isTrue();
        assertThat(summary.released()).isTrue();
        assertThat(summary.leaseUntil()).isEmpty();
        assertThat(summary.attachable()).isFalse();
    }

    @Test
    void aLeaseThatIsNotReadableMakesNoOrphan() {
        for (String lease : new String[] {"", "soon", "99999999999999999999", "9223372036854775807"}) {
            BuilderSummary summary = summary(Map.of(MachineTags.LEASE, lease));
            assertThat(summary.leaseUntil()).as(lease).isEmpty();
            assertThat(summary.orphan()).as(lease).isFalse();
            assertThat(summary.detached()).as(lease).isFalse();
        }
    }

    @Test
    void whatTheCloudSaysOfTheCapGoesBeforeTheTag() {
        Machine machine = machine(Map.of()).cap(NOW.plusSeconds(600)).build();
        BuilderSummary summary = BuilderSummary.of("ecs", machine, NOW, true);
        assertThat(summary.cap()).contains(NOW.plusSeconds(600));
        assertThat(summary.detached()).isTrue();
        assertThat(summary(Map.of()).cap()).contains(Instant.ofEpochSecond(1_007_200));
    }

    @Test
    void tagsOfAnUnknownVersionSayNothing() {
        BuilderSummary summary =
                summary(Map.of(MachineTags.SCHEMA, "2", MachineTags.LEASE, "1", MachineTags.LABEL + "branch", "main"));
        assertThat(summary.schemaKnown()).isFalse();
        assertThat(summary.labels()).isEmpty();
        assertThat(summary.leaseUntil()).isEmpty();
        assertThat(summary.orphan() || summary.attachable() || summary.detached())
                .isFalse();
    }

    @Test
    void whatHasEndedIsNeitherOrphanNorAttachable() {
        Machine ended = machine(Map.of(MachineTags.LEASE, "1"))
                .state(MachineState.ENDED)
                .build();
        BuilderSummary summary = BuilderSummary.of("ecs", ended, NOW, true);
        assertThat(summary.orphan() || summary.attachable()).isFalse();
    }
}
