package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptSummary;
import dev.ephemeralbuilder.samples.product.ProviderChoice;
import dev.ephemeralbuilder.spi.StateStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
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
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** {@code attach} to machines that another fleet holds meanwhile. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ResourceLock(Resources.SYSTEM_PROPERTIES)
@Tag("once")
class AttachCommandTest {
    private static final String OWNER = "ci-test";
    private static final String UNTIL_GO = "echo begun; until [ -e go ]; do sleep 0.1; done; echo over; exit 4";

    @TempDir
    private static Path folder;

    private CloudRig setting;
    private StateStore store;
    private BuildFleet fleet;
    private EphemeralBuilder builder;
    private CommandRig rig;

    @BeforeAll
    void openCloud() throws IOException {
        setting = new CloudRig(folder);
        store = StateStore.directory(folder.resolve(".ephemeral-builder"), OWNER);
        BuildFleet.Builder settings = BuildFleet.builder().owner(OWNER).stateStore(store);
        Providers.simulated(setting.cloud, Settings.none(), ProviderChoice.ECS).forEach(settings::provider);
        fleet = settings.build();
    }

    @BeforeEach
    void acquire() throws InterruptedException {
        builder = fleet.acquire(MachineSpec.builder()
                .vcpus(2)
                .memoryGib(4)
                .machineImage(setting.cloud.machineImage())
                .build());
        rig = new CommandRig(folder, folder);
    }

    @AfterEach
    void release() {
        builder.close();
        rig.close();
    }

    @AfterAll
    void close() {
        fleet.close();
        store.close();
        setting.close();
    }

    private RunningScript start(String text) throws Exception {
        return builder.start(Script.of(text)).get(30, TimeUnit.SECONDS);
    }

    private int attach(String... more) {
        return attach(new Interruption(), more);
    }

    private int attach(Interruption interruption, String... more) {
        String[] arguments = new String[4 + more.length];
        arguments[0] = "attach";
        arguments[1] = "--owner";
        arguments[2] = OWNER;
        arguments[3] = builder.id();
        System.arraycopy(more, 0, arguments, 4, more.length);
        return rig.run(interruption, arguments);
    }

    private void awaitOutput(String text) {
        await("the output").atMost(Duration.ofSeconds(30)).until(() -> rig.out().equals(text));
    }

    @Test
    void theRunningScriptIsFollowedLiveFromItsFirstByteAndNothingElseHappens() throws Exception {
        start("echo earlier").result().get(30, TimeUnit.SECONDS);
        RunningScript script = start(UNTIL_GO);
        CompletableFuture<Integer> attached = CompletableFuture.supplyAsync(this::attach);
        awaitOutput("begun\n");
        start("touch go");
        assertThat(attached.get(60, TimeUnit.SECONDS)).as(rig.err()).isEqualTo(4);
        assertThat(rig.out()).isEqualTo("begun\nover\n");
        assertThat(script.result().get(30, TimeUnit.SECONDS).exitCode()).isEqualTo(4);
        assertThat(start("true").result().get(30, TimeUnit.SECONDS).exitCode()).isZero();
    }

    @Test
    void ofSeveralThatRunOneMustBeNamed() throws Exception {
        RunningScript one = start(UNTIL_GO);
        RunningScript other = start(UNTIL_GO);
        assertThat(attach()).isEqualTo(2);
        assertThat(rig.err()).contains("several scripts run", "SCRIPT_ID");
        assertThat(rig.out()).contains(one.id() + "  ", other.id() + "  ", "  running\n");
        start("touch go");
        assertThat(attach(other.id())).isEqualTo(4);
        assertThat(rig.out()).endsWith("begun\nover\n");
    }

    @Test
    void ctrlCEndsNeitherScriptNorMachine() throws Exception {
        RunningScript script = start(UNTIL_GO);
        CompletableFuture<Interruption> worker = new CompletableFuture<>();
        CompletableFuture<Integer> attached = CompletableFuture.supplyAsync(() -> {
            Interruption mine = new Interruption();
            worker.complete(mine);
            return attach(mine);
        });
        awaitOutput("begun\n");
        worker.get(30, TimeUnit.SECONDS).request();
        assertThat(attached.get(60, TimeUnit.SECONDS)).as(rig.err()).isEqualTo(130);
        assertThat(builder.scripts().get(30, TimeUnit.SECONDS))
                .extracting(ScriptSummary::state)
                .containsExactly(ScriptSummary.State.RUNNING);
        start("touch go");
        assertThat(script.result().get(30, TimeUnit.SECONDS).exitCode()).isEqualTo(4);
    }

    @Test
    void aMachineWithoutScriptsSaysSo() {
        assertThat(attach()).isEqualTo(125);
        assertThat(rig.err()).contains("no script was started on machine " + builder.id());
        assertThat(attach("nosuchscript")).isEqualTo(2);
        assertThat(rig.err()).contains("No script nosuchscript was started");
    }

    @Test
    void aMachineThatIsGoneSaysSo() {
        assertThat(rig.run("attach", "--owner", OWNER, "i-nosuchmachine")).isEqualTo(125);
        assertThat(rig.err()).contains("i-nosuchmachine is gone").doesNotContain("\tat ");
    }
}
