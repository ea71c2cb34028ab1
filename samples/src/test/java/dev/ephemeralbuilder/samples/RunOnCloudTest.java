package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** The command as it goes to the real cloud: by a file of settings and the SDK's chain of credentials. */
@Timeout(120)
@ResourceLock(Resources.SYSTEM_PROPERTIES)
@Tag("once")
class RunOnCloudTest {
    @TempDir
    private Path folder;

    private CloudRig setting;
    private AlibabaCloudSimulator cloud;
    private CommandRig rig;

    @BeforeEach
    void open() throws IOException {
        setting = new CloudRig(folder);
        cloud = setting.cloud;
        rig = setting.commands;
    }

    @AfterEach
    void close() {
        setting.close();
    }

    @Test
    void theSettingsThatTheSimulatorWritesAreAllThatIsNeeded() {
        assertThat(rig.run("run", "--", "echo hello")).as(rig.err()).isZero();
        assertThat(rig.out()).isEqualTo("hello\n");
        assertThat(cloud.machines()).isEmpty();
    }

    @Test
    void aWrongKeyIsToldWithItsCodeAndHowToGiveOne() {
        setting.secret("wrong-and-hidden");
        assertThat(rig.run("run", "--", "true")).isEqualTo(125);
        assertThat(rig.err())
                .contains("SignatureDoesNotMatch", "ALIBABA_CLOUD_ACCESS_KEY_ID")
                .doesNotContain("wrong-and-hidden")
                .doesNotContain("\tat ");
    }

    @Test
    void withoutStockAnywhereEveryTryIsToldOnce() {
        cloud.faults().on("RunInstances").error("OperationDenied.NoStock");
        cloud.faults().on("CreateContainerGroup").error("OperationDenied.NoStock");
        assertThat(rig.run("run", "--market", "spot", "--", "true")).isEqualTo(125);
        assertThat(rig.err())
                .contains("OperationDenied.NoStock", "None of the offers for", "or allow --market any")
                .doesNotContain("\tat ");
        assertThat(cloud.machines()).isEmpty();
    }

    @Test
    void threeCutsOfTheConnectionCostNoByte() {
        cloud.faults().ssh().cutAfterBytes(100_000, 700_000, 300_000);
        assertThat(rig.run("run", "--provider", "ecs", "--", "seq 1 200000"))
                .as(rig.err())
                .isZero();
        String expected =
                LongStream.rangeClosed(1, 200_000).mapToObj(Long::toString).collect(Collectors.joining("\n"));
        assertThat(rig.out()).isEqualTo(expected + "\n");
    }

    @Test
    void threeCutsOfAContainersConnectionCostNoByte() {
        cloud.faults().exec().cutAfterBytes(100_000, 700_000, 300_000);
        assertThat(rig.run("run", "--provider", "eci", "--", "seq 1 200000"))
                .as(rig.err())
                .isZero();
        String expected =
                LongStream.rangeClosed(1, 200_000).mapToObj(Long::toString).collect(Collectors.joining("\n"));
        assertThat(rig.out()).isEqualTo(expected + "\n");
    }

    @Test
    void withoutStockOfInstancesABuildRunsInAContainer() throws IOException {
        Files.writeString(
                folder.resolve("ephemeral.toml"),
                Files.readString(folder.resolve("ephemeral.toml"))
                        .replace("[ecs]", "[ecs]\ntypes = [\"ecs.c7.large\"]")
                        .replaceFirst("(?m)^families = .*$", ""));
        cloud.vSwitches().keySet().forEach(zone -> cloud.stockOut("ecs.c7.large", zone));
        assertThat(rig.run("run", "--", "echo built")).as(rig.err()).isZero();
        assertThat(rig.out()).isEqualTo("built\n");
        assertThat(cloud.journal().action("CreateContainerGroup").succeeded().count())
                .isEqualTo(1);
        assertThat(cloud.journal().action("RunInstances").count()).isZero();
        assertThat(cloud.machines()).isEmpty();
    }

    @Test
    void thePolicyOfContainerGroupsHasEveryCallThatABuildMakes() throws IOException {
        assertThat(rig.run("run", "--provider", "eci", "--", "true"))
                .as(rig.err())
                .isZero();
        List<String> allowed = Pattern.compile("\"ec[is]:(\\w+)\"")
                .matcher(Files.readString(Path.of("../docs/eci.md")))
                .results()
                .map(action -> action.group(1))
                .toList();
        assertThat(allowed).containsAll(cloud.journal().countPerAction().keySet());
    }

    @Test
    void anInterruptDuringTheScriptGivesTheMachineBack() {
        assertThat(interruptedWhen(() -> rig.out().contains("up"))).isEqualTo(130);
        assertThat(rig.err()).contains("interrupted; the machine is given back", "no machine is left");
        assertThat(cloud.machines()).isEmpty();
    }

    @Test
    void anInterruptDuringTheBootGivesTheMachineBack() {
        assertThat(interruptedWhen(() -> rig.err().contains("ephemeral: launch")))
                .isEqualTo(130);
        assertThat(rig.err()).contains("interrupted", "no machine is left").doesNotContain("script");
        assertThat(cloud.machines()).isEmpty();
    }

    private int interruptedWhen(Callable<Boolean> condition) {
        CompletableFuture<Interruption> interruption = new CompletableFuture<>();
        CompletableFuture<Integer> ended = new CompletableFuture<>();
        Thread worker = new Thread(
                () -> {
                    Interruption own = new Interruption();
                    interruption.complete(own);
                    ended.complete(rig.run(own, "run", "--", "echo up; sleep 300"));
                },
                "ephemeral-test-worker");
        worker.start();
        await().atMost(Duration.ofSeconds(60)).until(condition);
        interruption.join().request();
        return ended.orTimeout(60, TimeUnit.SECONDS).join();
    }
}
