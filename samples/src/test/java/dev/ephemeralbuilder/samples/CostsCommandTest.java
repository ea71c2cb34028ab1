package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.StateStore.Log;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ephemeral costs} on a state folder that another process has written to. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("once")
class CostsCommandTest {
    private static final String OWNER = "ci-test";
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private static Path folder;

    private Path state;
    private CommandRig rig;

    /** Launches two machines and gives one of them back. */
    @BeforeAll
    void write() throws Exception {
        state = folder.resolve("state");
        try (Ticker ticker = Ticker.system("test-ticker");
                StateStore store = StateStore.directory(state, OWNER);
                InMemoryProvider provider = InMemoryProvider.builder()
                        .ticker(ticker)
                        .bootTime(Duration.ofMillis(100))
                        .deletionTime(Duration.ofMillis(50))
                        .build();
                BuildFleet fleet = BuildFleet.builder()
                        .owner(OWNER)
                        .stateStore(store)
                        .ticker(ticker)
                        .provider(provider)
                        .build()) {
            EphemeralBuilder ended = acquire(fleet, "job-1", "core");
            EphemeralBuilder left = acquire(fleet, "job-2", "web");
            ended.close();
            ended.gone().get(60, TimeUnit.SECONDS);
            left.detach();
        }
    }

    private static EphemeralBuilder acquire(BuildFleet fleet, String id, String team) throws InterruptedException {
        return fleet.acquire(
                MachineSpec.builder()
                        .vcpus(1)
                        .memoryGib(1)
                        .machineImage("m-any")
                        .build(),
                AcquireRequest.builder().requestId(id).putLabel("team", team).build());
    }

    @BeforeEach
    void begin() {
        rig = new CommandRig(folder, folder);
    }

    @AfterEach
    void end() {
        rig.close();
    }

    @AfterAll
    void nothingElseWasMade() {
        assertThat(folder.resolve("nowhere")).doesNotExist();
    }

    private int costs(String... more) {
        String[] arguments = new String[more.length + 5];
        System.arraycopy(new String[] {"costs", "--owner", OWNER, "--state", "state"}, 0, arguments, 0, 5);
        System.arraycopy(more, 0, arguments, 5, more.length);
        return rig.run(arguments);
    }

    @Test
    void theTableHasALineForEachJobAndTheirSum() {
        assertThat(costs()).as(rig.err()).isZero();
        assertThat(rig.out().lines().map(line -> line.split(" ", 2)[0]))
                .startsWith("JOB", "job-1", "job-2", "TOTAL", "");
        assertThat(rig.out()).contains("1 machine without a known end");
        assertThat(rig.err()).isEmpty();
    }

    @Test
    void machinesAreGroupedByALabel() {
        assertThat(costs("--by", "label:team")).isZero();
        assertThat(rig.out().lines().map(line -> line.split(" ", 2)[0])).startsWith("team", "core", "web", "TOTAL");
    }

    @Test
    void aLabelThatNoMachineHasIsSaid() {
        assertThat(costs("--by", "label:tema")).isZero();
        assertThat(rig.err()).contains("no machine has a label tema");
    }

    @Test
    void jsonHasEachMachine() throws IOException {
        assertThat(costs("--json", "--by", "provider")).isZero();
        JsonNode json = JSON.readTree(rig.out());
        assertThat(json.get("machines")).hasSize(2);
        assertThat(json.get("machines").get(0).get("end").textValue()).isEqualTo("closed");
        assertThat(json.get("machines").get(1).get("end").textValue()).isEqualTo("running");
        assertThat(json.get("machines").get(0).get("labels").get("team").textValue())
                .isEqualTo("core");
    }

    @Test
    void csvHasARowForEachMachine() {
        assertThat(costs("--csv")).isZero();
        String[] rows = rig.out().split("\r\n", -1);
        assertThat(rows).hasSize(4);
        assertThat(rows[0]).startsWith("group,machine,request,job,labels");
        assertThat(rows[3]).isEmpty();
    }

    @Test
    void whatEndedBeforeIsNotShown() {
        assertThat(costs("--since", "2999-01-01", "--zone", "UTC")).isZero();
        assertThat(rig.out()).doesNotContain("job-1").contains("job-2");
    }

    @Test
    void theSettingsMaySayWhereTheStateIs() throws IOException {
        Files.writeString(folder.resolve("here.toml"), "[fleet]\nowner = \"" + OWNER + "\"\nstate = \"state\"\n");
        assertThat(rig.run("costs", "--config", "here.toml")).as(rig.err()).isZero();
        assertThat(rig.out()).contains("job-1");
    }

    @Test
    void anEmptyLedgerIsSaidAndNotMade() {
        assertThat(rig.run("costs", "--owner", OWNER, "--state", "nowhere")).isZero();
        assertThat(rig.out()).isEmpty();
        assertThat(rig.err()).contains("nothing is written down in ").contains("nowhere");
    }

    @Test
    void jsonOfAnEmptyLedgerIsStillJson() throws IOException {
        assertThat(rig.run("costs", "--owner", OWNER, "--state", "nowhere", "--json"))
                .isZero();
        assertThat(JSON.readTree(rig.out()).get("machines")).isEmpty();
    }

    @Test
    void linesThatCannotBeReadAreCounted() {
        try (StateStore store = StateStore.directory(state, "other")) {
            store.append(Log.LEDGER, Instant.parse("2999-01-01T00:00:00Z"), Map.of("token", "t", "machine", "m"));
        }
        assertThat(rig.run("costs", "--owner", "other", "--state", "state")).isEqualTo(ExitCodes.LEFT_OVER);
        assertThat(rig.err()).contains("1 line could not be understood and left out");
    }

    @Test
    void aFolderThatOthersMayReadIsRefused() throws IOException {
        Path open = Files.createDirectories(folder.resolve("open"));
        Files.writeString(open.resolve(OWNER), "no folder");
        assertThat(rig.run("costs", "--owner", OWNER, "--state", "open")).isEqualTo(ExitCodes.USAGE);
        assertThat(rig.err()).contains("open");
    }
}
