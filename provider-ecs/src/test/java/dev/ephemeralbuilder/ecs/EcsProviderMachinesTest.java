package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.alibaba.FakeEndpoint;
import dev.ephemeralbuilder.spi.Door;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Outcome.Status;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EcsProviderMachinesTest {
    private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");
    private static final Duration KNOCK = Duration.ofSeconds(10);
    private static final String DONE = "{'RequestId':'R'}";

    private final FakeEndpoint endpoint = new FakeEndpoint();
    private final EcsProvider provider = Fixtures.provider(endpoint.uri())
            .clock(Clock.fixed(NOW, ZoneOffset.UTC))
            .build();

    @AfterEach
    void close() {
        provider.close();
        endpoint.close();
    }

    private static String row(String id, String status, String more) {
        return "{'InstanceId':'" + id + "','Status':'" + status
                + "','ZoneId':'cn-test-a','InstanceType':'ecs.c7.large',"
                + "'CreationTime':'2029-12-31T23:50Z','SpotStrategy':'SpotWithPriceLimit'" + more + "}";
    }

    private static String page(String next, int total, String... rows) {
        return "{'RequestId':'R','TotalCount':" + total + ",'NextToken':'" + next + "','Instances':{'Instance':["
                + String.join(",", rows) + "]}}";
    }

    private Machine only(String row) throws InterruptedException {
        endpoint.json("DescribeInstances", page("", 1, row));
        return Objects.requireNonNull(provider.describe(List.of("i-1")).get("i-1"));
    }

    private Machine at(String address) throws InterruptedException {
        return only(row("i-1", "Starting", ",'VpcAttributes':{'PrivateIpAddress':{'IpAddress':[" + address + "]}}"));
    }

    @Test
    void aKnockTellsWhetherThePortOfTheMachineIsOpen() throws Exception {
        Machine machine = at("'127.0.0.1'");
        int port;
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = server.getLocalPort();
            try (EcsProvider there =
                    Fixtures.provider(endpoint.uri()).sshPort(port).build()) {
                assertThat(there.knock(machine)).succeedsWithin(KNOCK).isEqualTo(Door.OPEN);
            }
        }
        try (EcsProvider there = Fixtures.provider(endpoint.uri()).sshPort(port).build()) {
            assertThat(there.knock(machine)).succeedsWithin(KNOCK).isEqualTo(Door.SHUT);
        }
    }

    @Test
    void aKnockCannotTellWithoutAnAddressOrOnAClosedProvider() throws Exception {
        assertThat(provider.knock(at(""))).isCompletedWithValue(Door.UNKNOWN);
        Machine machine = at("'127.0.0.1'");
        provider.close();
        assertThat(provider.knock(machine)).succeedsWithin(KNOCK).isEqualTo(Door.UNKNOWN);
    }

    @Test
    void aRowBecomesAMachine() throws InterruptedException {
        Machine machine = only(row(
                "i-1",
                "Running",
                ",'AutoReleaseTime':'2030-01-01T02:00Z','VpcAttributes':{'PrivateIpAddress':{'IpAddress':['10.0.0.5']}},"
                        + "'PublicIpAddress':{'IpAddress':['8.8.4.4']},"
                        + "'Tags':{'Tag':[{'TagKey':'ephemeral:owner','TagValue':'ci'}]}"));

        assertThat(machine.id()).isEqualTo("i-1");
        assertThat(machine.region()).isEqualTo("cn-test");
        assertThat(machine.zone()).isEqualTo("cn-test-a");
        assertThat(machine.type()).isEqualTo("ecs.c7.large");
        assertThat(machine.market()).isEqualTo(Market.SPOT);
        assertThat(machine.state()).isEqualTo(MachineState.RUNNING);
        assertThat(machine.createdAt()).isEqualTo(Instant.parse("2029-12-31T23:50:00Z"));
        assertThat(machine.cap()).contains(Instant.parse("2030-01-01T02:00:00Z"));
        assertThat(machine.privateAddress()).contains("10.0.0.5");
        assertThat(machine.publicAddress()).contains("8.8.4.4");
        assertThat(machine.tags()).isEqualTo(Map.of("ephemeral:owner", "ci"));
        assertThat(machine.reclaimNotice()).isEmpty();
        assertThat(endpoint.call().query())
                .containsEntry("InstanceIds", "[\"i-1\"]")
                .containsEntry("MaxResults", "100");
    }

    @ParameterizedTest
    @CsvSource({"Pending,STARTING", "Starting,STARTING", "Running,RUNNING", "Stopping,STOPPING", "Stopped,STOPPED"})
    void statesAreTranslated(String status, MachineState state) throws InterruptedException {
        assertThat(only(row("i-1", status, "")).state()).isEqualTo(state);
    }

    @Test
    void whatIsNotThereYetIsEmpty() throws InterruptedException {
        Machine machine = only(row(
                "i-1",
                "Pending",
                ",'AutoReleaseTime':'','EipAddress':{'IpAddress':''},'PublicIpAddress':{'IpAddress':[]}"));

        assertThat(machine.cap()).isEmpty();
        assertThat(machine.privateAddress()).isEmpty();
        assertThat(machine.publicAddress()).isEmpty();
    }

    @Test
    void anElasticAddressIsAPublicOne() throws InterruptedException {
        assertThat(only(row("i-1", "Running", ",'EipAddress':{'IpAddress':'8.8.8.8'}"))
                        .publicAddress())
                .contains("8.8.8.8");
    }

    @Test
    void aRecyclingLockIsANoticeOfReclaim() throws InterruptedException {
        Machine machine = only(row("i-1", "Running", ",'OperationLocks':{'LockReason':[{'LockReason':'Recycling'}]}"));

        assertThat(machine.state()).isEqualTo(MachineState.RUNNING);
        assertThat(machine.reclaimNotice()).contains(new ReclaimNotice(NOW.plusSeconds(300), "Recycling"));
    }

    @Test
    void aStoppedMachineWithARecyclingLockIsOver() throws InterruptedException {
        Machine machine = only(row("i-1", "Stopped", ",'OperationLocks':{'LockReason':[{'LockReason':'Recycling'}]}"));

        assertThat(machine.state()).isEqualTo(MachineState.ENDED);
        assertThat(machine.reclaimNotice()).isPresent();
    }

    @Test
    void otherLocksAreNoNotice() throws InterruptedException {
        assertThat(only(row("i-1", "Running", ",'OperationLocks':{'LockReason':[{'LockReason':'financial'}]}"))
                        .reclaimNotice())
                .isEmpty();
    }

    @Test
    void pagesAreFollowedToTheEndAndTheRestIsAbsent() throws InterruptedException {
        endpoint.json("DescribeInstances", page("more", 2, row("i-1", "Running", "")))
                .json("DescribeInstances", page("", 2, row("i-2", "Running", "")));

        assertThat(provider.describe(List.of("i-1", "i-2", "i-3"))).containsOnlyKeys("i-1", "i-2");
        assertThat(endpoint.calls().get(1).query()).containsEntry("NextToken", "more");
    }

    @Test
    void anAnswerThatCountsMoreThanItHasIsNoAbsence() {
        endpoint.json("DescribeInstances", page("", 2, row("i-1", "Running", "")));

        assertThatThrownBy(() -> provider.describe(List.of("i-1", "i-2")))
                .asInstanceOf(InstanceOfAssertFactories.type(ProviderException.class))
                .satisfies(e -> {
                    assertThat(e.effect()).isEqualTo(Effect.NONE);
                    assertThat(e.retryable()).isTrue();
                });
    }

    @Test
    void aCountThatCannotBeAboutTheQuestionIsIgnored() throws InterruptedException {
        endpoint.json("DescribeInstances", page("", 4711, row("i-1", "Running", "")));

        assertThat(provider.describe(List.of("i-1", "i-2"))).containsOnlyKeys("i-1");
    }

    @Test
    void anAnswerWithoutRequestIdIsNoAbsence() {
        endpoint.json("DescribeInstances", "{}");

        assertThatThrownBy(() -> provider.describe(List.of("i-1"))).isInstanceOf(ProviderException.class);
    }

    @Test
    void pagesThatDoNotEndAreNoAnswer() {
        endpoint.json("DescribeInstances", page("again", 1));

        assertThatThrownBy(() -> provider.describe(List.of("i-1"))).isInstanceOf(ProviderException.class);
    }

    @Test
    void aStatusThatNobodyKnowsIsNoAnswer() {
        assertThatThrownBy(() -> only(row("i-1", "Dreaming", ""))).isInstanceOf(ProviderException.class);
    }

    @Test
    void aTimeThatIsNoneIsNoAnswer() {
        assertThatThrownBy(() -> only(row("i-1", "Running", ",'AutoReleaseTime':'soon'")))
                .isInstanceOf(ProviderException.class);
    }

    @Test
    void nothingAskedIsNoCall() throws InterruptedException {
        assertThat(provider.describe(List.of())).isEmpty();
        assertThat(provider.delete(List.of())).isEmpty();
        assertThat(provider.renew(List.of(), NOW)).isEmpty();
        assertThat(endpoint.calls()).isEmpty();
    }

    @Test
    void tooManyIdsAreRefusedBeforeAnyCall() {
        List<String> ids = Collections.nCopies(101, "i-1");
        assertThatThrownBy(() -> provider.describe(ids)).isInstanceOf(ConfigurationException.class);
        assertThatThrownBy(() -> provider.delete(ids)).isInstanceOf(ConfigurationException.class);
        assertThatThrownBy(() -> provider.renew(ids.subList(0, 51), NOW)).isInstanceOf(ConfigurationException.class);
        assertThat(endpoint.calls()).isEmpty();
    }

    @Test
    void machinesOfAnOwnerAreListedAPageAtATime() throws InterruptedException {
        endpoint.json("DescribeInstances", page("p2", 2, row("i-1", "Running", "")))
                .json("DescribeInstances", page("", 2, row("i-2", "Stopped", "")));

        MachinePage first = provider.list("ci", null);
        MachinePage second = provider.list("ci", first.next());

        assertThat(first.machines()).extracting(Machine::id).containsExactly("i-1");
        assertThat(first.next()).isEqualTo("p2");
        assertThat(second.machines()).extracting(Machine::id).containsExactly("i-2");
        assertThat(second.next()).isNull();
        assertThat(endpoint.calls().get(0).query())
                .containsEntry("Tag.1.Key", "ephemeral:owner")
                .containsEntry("Tag.1.Value", "ci")
                .containsEntry("MaxResults", "100")
                .doesNotContainKeys("NextToken", "InstanceIds");
        assertThat(endpoint.calls().get(1).query()).containsEntry("NextToken", "p2");
    }

    @Test
    void aLeaseIsMovedInOneCall() throws InterruptedException {
        endpoint.json("TagResources", DONE);

        assertThat(provider.renew(List.of("i-1", "i-2"), NOW))
                .isEqualTo(Map.of("i-1", Outcome.accepted(), "i-2", Outcome.accepted()));
        assertThat(endpoint.call().query())
                .containsEntry("ResourceType", "instance")
                .containsEntry("ResourceId.1", "i-1")
                .containsEntry("ResourceId.2", "i-2")
                .containsEntry("Tag.1.Key", "ephemeral:lease")
                .containsEntry("Tag.1.Value", Long.toString(NOW.getEpochSecond()));
    }

    @Test
    void aMissingMachineDoesNotKeepTheOthersFromTheirLease() throws InterruptedException {
        endpoint.error("TagResources", 404, "InvalidInstanceId.NotFound")
                .json("TagResources", DONE)
                .json("DescribeInstances", page("", 1, row("i-2", "Running", "")));

        Map<String, Outcome> outcomes = provider.renew(List.of("i-1", "i-2"), NOW);

        assertThat(outcomes)
                .containsEntry("i-1", new Outcome(Status.ABSENT, "InvalidInstanceId.NotFound"))
                .containsEntry("i-2", Outcome.accepted());
    }

    @Test
    void theCapIsMovedToTheFullMinute() throws InterruptedException {
        endpoint.json("ModifyInstanceAutoReleaseTime", DONE);

        assertThat(provider.extend("i-1", NOW.plusSeconds(61))).isEqualTo(NOW.plusSeconds(120));
        assertThat(endpoint.call().query())
                .containsEntry("InstanceId", "i-1")
                .containsEntry("AutoReleaseTime", "2030-01-01T00:02:00Z");
    }

    @Test
    void deletionIsForcedAndInOneCall() throws InterruptedException {
        endpoint.json("DeleteInstances", DONE);

        assertThat(provider.delete(List.of("i-1", "i-2")))
                .isEqualTo(Map.of("i-1", Outcome.accepted(), "i-2", Outcome.accepted()));
        assertThat(endpoint.call().query())
                .containsEntry("InstanceId.1", "i-1")
                .containsEntry("InstanceId.2", "i-2")
                .containsEntry("Force", "true");
    }

    @Test
    void aMachineThatIsNotReadyIsDeletedLater() throws InterruptedException {
        endpoint.error("DeleteInstances", 403, "IncorrectInstanceStatus.Initializing");

        assertThat(provider.delete(List.of("i-1")))
                .isEqualTo(Map.of("i-1", new Outcome(Status.LATER, "IncorrectInstanceStatus.Initializing")));
        assertThat(endpoint.calls()).hasSize(1);
    }

    @Test
    void aMachineThatTheCloudDoesNotKnowIsAbsent() throws InterruptedException {
        endpoint.error("DeleteInstances", 404, "InvalidInstanceId.NotFound");

        assertThat(provider.delete(List.of("i-1")))
                .isEqualTo(Map.of("i-1", new Outcome(Status.ABSENT, "InvalidInstanceId.NotFound")));
    }

    @Test
    void absentAndUnreadyMachinesDoNotKeepTheOthersFromDeletion() throws InterruptedException {
        endpoint.error("DeleteInstances", 404, "InvalidInstanceId.NotFound")
                .error("DeleteInstances", 403, "IncorrectInstanceStatus.Initializing")
                .json("DeleteInstances", DONE)
                .json("DescribeInstances", page("", 2, row("i-new", "Pending", ""), row("i-old", "Running", "")));

        Map<String, Outcome> outcomes = provider.delete(List.of("i-gone", "i-new", "i-old"));

        assertThat(outcomes)
                .containsEntry("i-gone", new Outcome(Status.ABSENT, "InvalidInstanceId.NotFound"))
                .containsEntry("i-new", new Outcome(Status.LATER, "IncorrectInstanceStatus.Initializing"))
                .containsEntry("i-old", Outcome.accepted());
        assertThat(endpoint.calls()).hasSize(5);
    }

    @Test
    void aBatchThatIsRefusedForNoVisibleReasonIsForLater() throws InterruptedException {
        endpoint.error("DeleteInstances", 403, "IncorrectInstanceStatus")
                .json("DescribeInstances", page("", 2, row("i-1", "Running", ""), row("i-2", "Running", "")));

        assertThat(provider.delete(List.of("i-1", "i-2")).values())
                .containsOnly(new Outcome(Status.LATER, "IncorrectInstanceStatus"));
        assertThat(endpoint.calls()).hasSize(2);
    }

    @Test
    void aBatchThatFailsAsAWholeThrows() {
        endpoint.error("DeleteInstances", 400, "Throttling.User");

        assertThatThrownBy(() -> provider.delete(List.of("i-1", "i-2"))).isInstanceOf(ThrottledException.class);
    }
}
