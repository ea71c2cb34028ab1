package dev.ephemeralbuilder.eci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.alibaba.ErrorKind;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Machine.FailureKind;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Outcome.Status;
import java.time.Clock;
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
import org.junit.jupiter.params.provider.ValueSource;

class EciProviderMachinesTest {
    private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");
    private static final String DONE = "{'RequestId':'R'}";
    private static final String DESCRIBE = "DescribeContainerGroups";
    private static final String IMAGE = "own.example/hub/library/app:503";

    private final FakeEci cloud = new FakeEci();
    private final EciProvider provider = EciFixtures.provider(cloud.uri())
            .imageRules(Map.of("docker.io/", "own.example/hub/"))
            .errors(Map.of("Company.Gone", ErrorKind.NOT_FOUND))
            .clock(Clock.fixed(NOW, ZoneOffset.UTC))
            .build();

    @AfterEach
    void close() {
        provider.close();
        cloud.close();
    }

    private static String group(String id, String status, String more) {
        return "{'ContainerGroupId':'" + id + "','Status':'" + status
                + "','ZoneId':'cn-test-a','VSwitchId':'vsw-a','Cpu':2.0,'Memory':4.0,"
                + "'CreationTime':'2029-12-31T23:50:00Z'" + more + "}";
    }

    private static String page(String next, int total, String... groups) {
        return "{'RequestId':'R','TotalCount':" + total + ",'NextToken':'" + next + "','ContainerGroups':["
                + String.join(",", groups) + "]}";
    }

    private static String container(String name, String state) {
        return ",'Containers':[{'Name':'" + name + "','Image':'" + IMAGE + "','CurrentState':{" + state + "}}]";
    }

    private static String event(String reason, String message, int count) {
        return "{'Type':'Warning','Reason':'" + reason + "','Message':'" + message + "','Count':" + count
                + ",'FirstTimestamp':'2029-12-31T23:59:00Z','LastTimestamp':'2029-12-31T23:59:30Z'}";
    }

    private static String events(String... events) {
        return ",'Events':[" + String.join(",", events) + "]";
    }

    private static final String SPOT = ",'SpotStrategy':'SpotWithPriceLimit','InstanceType':'ecs.c7.large'";

    private Machine only(String status, String more) throws InterruptedException {
        cloud.json(DESCRIBE, page("", 1, group("eci-1", status, more)));
        return Objects.requireNonNull(provider.describe(List.of("eci-1")).get("eci-1"));
    }

    private void malformed(String body) {
        cloud.json(DESCRIBE, body);
        assertThatThrownBy(() -> provider.describe(List.of("eci-1", "eci-2")))
                .asInstanceOf(InstanceOfAssertFactories.type(ProviderException.class))
                .satisfies(e -> {
                    assertThat(e.code()).contains("MalformedAnswer");
                    assertThat(e.effect()).isEqualTo(Effect.NONE);
                    assertThat(e.retryable()).isTrue();
                });
    }

    @Test
    void aGroupBecomesAMachine() throws InterruptedException {
        Machine machine = only(
                "Running",
                SPOT + ",'IntranetIp':'10.0.0.5','InternetIp':'8.8.4.4',"
                        + "'Tags':[{'Key':'ephemeral:owner','Value':'ci'},{'Key':'empty'}]"
                        + container("build", "'State':'Running'"));

        assertThat(machine.id()).isEqualTo("eci-1");
        assertThat(machine.region()).isEqualTo("cn-test");
        assertThat(machine.zone()).isEqualTo("cn-test-a");
        assertThat(machine.type()).isEqualTo("ecs.c7.large");
        assertThat(machine.market()).isEqualTo(Market.SPOT);
        assertThat(machine.state()).isEqualTo(MachineState.RUNNING);
        assertThat(machine.createdAt()).isEqualTo(Instant.parse("2029-12-31T23:50:00Z"));
        assertThat(machine.privateAddress()).contains("10.0.0.5");
        assertThat(machine.publicAddress()).contains("8.8.4.4");
        assertThat(machine.tags()).isEqualTo(Map.of("ephemeral:owner", "ci", "empty", ""));
        assertThat(machine.cap()).isEmpty();
        assertThat(machine.reclaimNotice()).isEmpty();
        assertThat(machine.failure()).isEmpty();
        assertThat(machine.exitCode()).isEmpty();
        assertThat(cloud.call(DESCRIBE))
                .containsEntry("ContainerGroupIds", "[\"eci-1\"]")
                .containsEntry("Limit", "20")
                .containsEntry("WithEvent", "true");
    }

    @Test
    void aGroupWithoutInstanceTypeIsASizeOnDemand() throws InterruptedException {
        Machine machine = only("Running", "");

        assertThat(machine.type()).isEqualTo("2-4Gi");
        assertThat(machine.market()).isEqualTo(Market.ON_DEMAND);
    }

    @Test
    void aGroupThatIsNotScheduledYetIsWhereItsVSwitchIs() throws InterruptedException {
        cloud.json(DESCRIBE, page("", 1, group("eci-1", "Scheduling", "").replace("'ZoneId':'cn-test-a',", "")));

        assertThat(provider.describe(List.of("eci-1")).values()).singleElement().returns("cn-test-a", Machine::zone);
    }

    @ParameterizedTest
    @CsvSource({
        "Scheduling,STARTING",
        "Pending,STARTING",
        "Running,RUNNING",
        "Restarting,RUNNING",
        "Updating,RUNNING",
        "Terminating,STOPPING",
        "Succeeded,ENDED",
        "Failed,ENDED",
        "Expired,ENDED",
        "ScheduleFailed,ENDED"
    })
    void statesAreTranslated(String status, MachineState state) throws InterruptedException {
        Machine machine = only(status, "");

        assertThat(machine.state()).isEqualTo(state);
        assertThat(machine.failure()).isEmpty();
        assertThat(machine.reclaimNotice()).isEmpty();
    }

    @Test
    void anAnnouncedReleaseIsANotice() throws InterruptedException {
        assertThat(only("Running", SPOT + events(event("Pulled", "x", 1), event("SpotToBeReleased", "soon", 2)))
                        .reclaimNotice())
                .contains(new ReclaimNotice(Instant.parse("2030-01-01T00:02:00Z"), "SpotToBeReleased"));
    }

    @Test
    void anEventThatComesAgainAfterItsTimeIsANewNotice() throws InterruptedException {
        String soon = event("SpotToBeReleased", "soon", 2);
        String again = soon.replace("'LastTimestamp':'2029-12-31T23:59:30Z'", "'LastTimestamp':'2030-01-01T00:05:00Z'");
        assertThat(only("Running", SPOT + events(again)).reclaimNotice())
                .map(ReclaimNotice::deadline)
                .contains(Instant.parse("2030-01-01T00:08:00Z"));
        String other = soon.replace("2029-12-31T23:59:", "2030-01-01T00:10:");
        assertThat(only("Running", SPOT + events(soon, other)).reclaimNotice())
                .map(ReclaimNotice::deadline)
                .contains(Instant.parse("2030-01-01T00:13:00Z"));
    }

    @Test
    void anExpiredSpotGroupWasReclaimed() throws InterruptedException {
        assertThat(only("Expired", SPOT + ",'ExpiredTime':'2029-12-31T23:58:00Z'")
                        .reclaimNotice())
                .contains(new ReclaimNotice(Instant.parse("2029-12-31T23:58:00Z"), "Expired"));
        assertThat(only("Expired", SPOT).reclaimNotice()).contains(new ReclaimNotice(NOW, "Expired"));
    }

    @Test
    void aGroupThatWasOutbidWasReclaimedAndHasNotFailed() throws InterruptedException {
        Machine byEvent = only("Failed", SPOT + events(event("BidFailed", "released", 1)));
        assertThat(byEvent.reclaimNotice()).map(ReclaimNotice::source).contains("BidFailed");

        Machine byState =
                only("Failed", SPOT + container("build", "'State':'Terminated','Reason':'BidFailed','ExitCode':137"));
        assertThat(byState.reclaimNotice()).map(ReclaimNotice::source).contains("BidFailed");
        assertThat(byState.failure()).isEmpty();
    }

    @Test
    void aGroupThatEndsAfterTheNoticeWasReclaimedUnlessItSucceeded() throws InterruptedException {
        String more = SPOT
                + events(event("SpotToBeReleased", "soon", 1))
                + container("command", "'State':'Terminated','Reason':'Error','ExitCode':143");

        assertThat(only("Failed", more).reclaimNotice()).isPresent();
        assertThat(only("Succeeded", more.replace("143", "0")).reclaimNotice()).isEmpty();
    }

    @Test
    void aGroupOnDemandIsNotReclaimed() throws InterruptedException {
        assertThat(only("Expired", "").reclaimNotice()).isEmpty();
    }

    private Machine pulling(String state, String... events) throws InterruptedException {
        return only("Pending", container("build", state) + events(events));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'State':'Waiting','Reason':'ErrImagePull'",
                "'State':'Waiting','DetailStatus':'ImagePullBackOff'"
            })
    void anImageThatCannotBePulledIsAFailureThatNamesImageRuleAndTheCloudsWords(String state)
            throws InterruptedException {
        Machine machine = pulling(
                state, event("Failed", "Failed to pull image: pull access denied, repository does not exist", 1));

        assertThat(machine.state()).isEqualTo(MachineState.STARTING);
        assertThat(machine.failureKind()).isEqualTo(FailureKind.IMAGE_PULL);
        assertThat(machine.failure())
                .hasValueSatisfying(words ->
                        assertThat(words).contains(IMAGE, "docker.io/ -> own.example/hub/", "pull access denied"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Failed to pull image: dial tcp 1.2.3.4:443: i/o timeout",
                "Failed to pull image: received unexpected HTTP status: 503 Service Unavailable",
                "Failed to pull image: unexpected status code 500",
                "Failed to pull image: read: connection reset by peer"
            })
    void whatLooksAsIfItPassesGetsOneMoreTry(String words) throws InterruptedException {
        String state = "'State':'Waiting','Reason':'ErrImagePull'";

        assertThat(pulling(state, event("Failed", words, 1)).failure()).isEmpty();
        assertThat(pulling(state, event("Failed", words, 2)).failure()).isPresent();
        assertThat(pulling(state, event("Failed", words, 1), event("Failed", words, 1))
                        .failure())
                .isPresent();
    }

    @Test
    void theNameOfTheImageDoesNotLookPassing() throws InterruptedException {
        assertThat(pulling(
                                "'State':'Waiting','Reason':'ErrImagePull'",
                                event("Failed", "Failed to pull image http://" + IMAGE + ": not found", 1))
                        .failure())
                .isPresent();
    }

    @Test
    void aFailureWithoutEventsSpeaksForItself() throws InterruptedException {
        assertThat(pulling("'State':'Waiting','Reason':'InvalidImageName','Message':'cannot parse'")
                        .failure())
                .hasValueSatisfying(words -> assertThat(words).contains("InvalidImageName", "cannot parse"));
    }

    @Test
    void aContainerThatWaitsForSomethingElseHasNotFailed() throws InterruptedException {
        assertThat(pulling("'State':'Waiting','Reason':'ContainerCreating'").failure())
                .isEmpty();
    }

    @Test
    void signedAddressesInTheCloudsWordsAreNotShown() throws InterruptedException {
        assertThat(pulling(
                                "'State':'Waiting','Reason':'ErrImagePull'",
                                event(
                                        "Failed",
                                        "Failed to pull image: GET https://u:pw@oss.example/blob?Signature=SECRET&x=1 denied",
                                        1))
                        .failure())
                .hasValueSatisfying(words -> assertThat(words)
                        .contains("oss.example/blob", "denied")
                        .doesNotContain("SECRET")
                        .doesNotContain("pw"));
    }

    @Test
    void aContainerThatCouldNotBeStartedIsAFailure() throws InterruptedException {
        Machine machine = only(
                "Failed",
                container(
                        "build",
                        "'State':'Terminated','Reason':'StartError','ExitCode':128,"
                                + "'Message':'exec: sh: executable file not found'"));

        assertThat(machine.state()).isEqualTo(MachineState.ENDED);
        assertThat(machine.failureKind()).isEqualTo(FailureKind.BOOT);
        assertThat(machine.failure())
                .hasValueSatisfying(words -> assertThat(words)
                        .contains(IMAGE, "could not be started", "128", "StartError", "executable file not found"));
        assertThat(machine.exitCode()).isEmpty();
    }

    @Test
    void aSupervisorThatEndsByItselfIsAFailureButNotWhileTheGroupIsDeleted() throws InterruptedException {
        String ended = container("build", "'State':'Terminated','Reason':'Error','ExitCode':127");

        assertThat(only("Failed", ended).failure())
                .hasValueSatisfying(words -> assertThat(words).contains("ended by itself", "127"));
        assertThat(only("Terminating", ended).failure()).isEmpty();
    }

    @Test
    void anOwnCommandHasItsExitCodeAndNoFailure() throws InterruptedException {
        Machine machine = only("Failed", container("command", "'State':'Terminated','Reason':'Error','ExitCode':3"));
        assertThat(machine.exitCode()).hasValue(3);
        assertThat(machine.failure()).isEmpty();

        assertThat(only("Running", container("command", "'State':'Running','ExitCode':0"))
                        .exitCode())
                .isEmpty();
    }

    @Test
    void aContainerThatCannotBeMadeIsAFailureWhileItWaits() throws InterruptedException {
        String waits = container("build", "'State':'Waiting','Reason':'CreateContainerError','Message':'no room'");

        assertThat(only("Pending", waits).failure())
                .hasValueSatisfying(words -> assertThat(words).contains("CreateContainerError", "no room"));
    }

    @Test
    void anOwnCommandThatTheCloudHasTakenBackHasNoExitCode() throws InterruptedException {
        String notice = SPOT + events(event("SpotToBeReleased", "soon", 1));

        for (int code : new int[] {137, 143}) {
            String killed = container("command", "'State':'Terminated','Reason':'Error','ExitCode':" + code);
            assertThat(only("Expired", SPOT + killed).exitCode()).isEmpty();
            assertThat(only("Failed", notice + killed).exitCode()).isEmpty();
        }
        String own = container("command", "'State':'Terminated','Reason':'Error','ExitCode':3");
        assertThat(only("Failed", notice + own).exitCode()).hasValue(3);
        String told = container("command", "'State':'Terminated','ExitCode':1,'FinishTime':'2030-01-01T00:01:59Z'");
        assertThat(only("Failed", notice + told).exitCode()).isEmpty();
        String killed = container("command", "'State':'Terminated','Reason':'Error','ExitCode':137");
        assertThat(only("Terminating", killed).exitCode()).isEmpty();
        assertThat(only("Running", SPOT + killed).exitCode()).isEmpty();
        assertThat(only("Failed", events(event("DeadlineExceeded", "late", 1)) + killed)
                        .exitCode())
                .isEmpty();
        assertThat(only("Failed", killed).exitCode()).hasValue(137);
        String oom = container("command", "'State':'Terminated','Reason':'OOMKilled','ExitCode':137");
        assertThat(only("Failed", SPOT + oom).exitCode()).hasValue(137);
    }

    @Test
    void anOwnCommandThatCouldNotBeStartedHasNoExitCode() throws InterruptedException {
        Machine machine =
                only("Failed", container("command", "'State':'Terminated','Reason':'StartError','ExitCode':128"));

        assertThat(machine.exitCode()).isEmpty();
        assertThat(machine.failure()).isPresent();
    }

    @Test
    void pagesAreFollowedToTheEndAndTheRestIsAbsent() throws InterruptedException {
        cloud.json(DESCRIBE, page("more", 2, group("eci-1", "Running", "")))
                .json(DESCRIBE, page("", 2, group("eci-2", "Running", "")));

        assertThat(provider.describe(List.of("eci-1", "eci-2", "eci-3"))).containsOnlyKeys("eci-1", "eci-2");
        assertThat(cloud.calls(DESCRIBE).get(1)).containsEntry("NextToken", "more");
    }

    @Test
    void aGroupOfAStatusThatIsNotKnownIsThereAndNothingMore() throws InterruptedException {
        assertThat(only("Dreaming", "").state()).isEqualTo(MachineState.STARTING);
        assertThat(only("WatingForDel", "").state()).isEqualTo(MachineState.STOPPING);
    }

    @Test
    void whatMakesNoSenseIsNoAbsence() {
        malformed(page("", 2, group("eci-1", "Running", "")));
        malformed("{'ContainerGroups':[]}");
        malformed("{'RequestId':'R'}");
        malformed(page("", 1, "{'Status':'Running'}"));
        malformed(page("", 1, group("eci-1", "Running", "").replace("2029-12-31T23:50:00Z", "yesterday")));
        malformed(page("", 1, group("eci-1", "Running", "").replace("'Cpu':2.0,", "")));
    }

    @Test
    void anUnknownIdThatIsAnErrorIsAbsent() throws InterruptedException {
        cloud.error(DESCRIBE, 400, "InvalidParameter.NotFound");

        assertThat(provider.describe(List.of("eci-1"))).isEmpty();
    }

    @Test
    void anUnknownIdThatIsAnErrorDoesNotHideTheOthers() throws InterruptedException {
        cloud.error(DESCRIBE, 400, "InvalidParameter.NotFound")
                .error(DESCRIBE, 400, "InvalidParameter.NotFound")
                .json(DESCRIBE, page("", 1, group("eci-2", "Running", "")));

        assertThat(provider.describe(List.of("eci-1", "eci-2"))).containsOnlyKeys("eci-2");
    }

    @Test
    void aListHasTheOwnersGroupsPageByPage() throws InterruptedException {
        cloud.json(DESCRIBE, page("more", 2, group("eci-1", "Running", "")));

        MachinePage page = provider.list("ci", "before");

        assertThat(page.machines()).extracting(Machine::id).containsExactly("eci-1");
        assertThat(page.next()).isEqualTo("more");
        assertThat(cloud.call(DESCRIBE))
                .containsEntry("Tag.1.Key", "ephemeral:owner")
                .containsEntry("Tag.1.Value", "ci")
                .containsEntry("NextToken", "before")
                .containsEntry("WithEvent", "true")
                .doesNotContainKey("ContainerGroupIds");
    }

    @Test
    void aLeaseIsATag() throws InterruptedException {
        cloud.json("TagResources", DONE);

        assertThat(provider.renew(List.of("eci-1", "eci-2"), NOW))
                .isEqualTo(Map.of("eci-1", Outcome.accepted(), "eci-2", Outcome.accepted()));
        assertThat(cloud.call("TagResources"))
                .containsEntry("ResourceType", "ContainerGroup")
                .containsEntry("ResourceId.1", "eci-1")
                .containsEntry("ResourceId.2", "eci-2")
                .containsEntry("Tag.1.Key", "ephemeral:lease")
                .containsEntry("Tag.1.Value", "1893456000");
    }

    @Test
    void aLeaseOfSeveralIsMovedForThoseThatAreThere() throws InterruptedException {
        cloud.error("TagResources", 400, "Company.Gone")
                .json("TagResources", DONE)
                .json(DESCRIBE, page("", 1, group("eci-2", "Running", "")));

        assertThat(provider.renew(List.of("eci-1", "eci-2"), NOW))
                .containsEntry("eci-1", new Outcome(Status.ABSENT, "Company.Gone"))
                .containsEntry("eci-2", Outcome.accepted());
    }

    @Test
    void aGroupIsDeletedAtOnce() throws InterruptedException {
        cloud.json("DeleteContainerGroup", DONE);

        assertThat(provider.delete(List.of("eci-1"))).isEqualTo(Map.of("eci-1", Outcome.accepted()));
        assertThat(cloud.call("DeleteContainerGroup"))
                .containsEntry("ContainerGroupId", "eci-1")
                .containsEntry("Force", "true");
    }

    @ParameterizedTest
    @CsvSource({"InvalidParameter.NotFound,ABSENT", "Company.Gone,ABSENT", "IncorrectStatus,LATER"})
    void aDeletionThatIsRefusedSaysWhy(String code, Status status) throws InterruptedException {
        cloud.error("DeleteContainerGroup", 400, code);

        assertThat(provider.delete(List.of("eci-1"))).containsEntry("eci-1", new Outcome(status, code));
    }

    @Test
    void aDeletionThatFailedMayHaveHadAnEffect() {
        cloud.error("DeleteContainerGroup", 500, "InternalError");

        assertThatThrownBy(() -> provider.delete(List.of("eci-1")))
                .isInstanceOfSatisfying(
                        ProviderException.class, e -> assertThat(e.effect()).isEqualTo(Effect.UNKNOWN));
    }

    @Test
    void moreThanABatchIsRefusedAndNothingNeedsNoCall() throws InterruptedException {
        List<String> ids = Collections.nCopies(21, "eci-1");

        assertThatThrownBy(() -> provider.describe(ids)).isInstanceOf(ConfigurationException.class);
        assertThatThrownBy(() -> provider.renew(ids, NOW)).isInstanceOf(ConfigurationException.class);
        assertThatThrownBy(() -> provider.delete(List.of("eci-1", "eci-2"))).isInstanceOf(ConfigurationException.class);
        assertThat(provider.describe(List.of())).isEmpty();
        assertThat(provider.renew(List.of(), NOW)).isEmpty();
        assertThat(provider.delete(List.of())).isEmpty();
        assertThat(cloud.urls()).isEmpty();
    }

    @Test
    void aCapStays() {
        assertThatThrownBy(() -> provider.extend("eci-1", NOW))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("lifetime");
    }

    @Test
    void aLaunchWithoutAnIdInItsAnswerMayHaveMadeAGroup() {
        cloud.json("CreateContainerGroup", DONE);

        assertThatThrownBy(() -> provider.launch(EciFixtures.launch().build()))
                .isInstanceOfSatisfying(
                        ProviderException.class, e -> assertThat(e.effect()).isEqualTo(Effect.UNKNOWN));
    }

    private BuilderException launchFailure(int status, String code) {
        cloud.error("CreateContainerGroup", status, code);
        try {
            provider.launch(EciFixtures.launch().build());
        } catch (BuilderException e) {
            return e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new AssertionError("the launch succeeded");
    }

    @ParameterizedTest
    @CsvSource({
        "403,OperationDenied.NoStock,NO_STOCK",
        "403,Spot.NotMatched,NO_STOCK",
        "403,InvalidVSwitchId.IpNotEnough,NO_STOCK",
        "400,InvalidParameter.CPU.Memory,UNSUITABLE",
        "400,InvalidInstanceTypeForEciBuy,UNSUITABLE"
    })
    void refusalsOfAnOfferAreCapacity(int status, String code, CapacityException.Reason reason) {
        assertThat(launchFailure(status, code)).isInstanceOfSatisfying(CapacityException.class, e -> {
            assertThat(e.reason()).isEqualTo(reason);
            assertThat(e.code()).contains(code);
        });
    }

    @ParameterizedTest
    @CsvSource({
        "403,Throttling.Vcpu.PerDay,QuotaException",
        "403,QuotaExceeded,QuotaException",
        "400,Throttling.User,ThrottledException",
        "400,EipPurchaseFlowControl,ThrottledException",
        "403,NoPermission,CredentialsException",
        "400,Payfor.CreditPayInsufficientBalance,CredentialsException",
        "400,InvalidParameter.ValueExceeded,ConfigurationException",
        "400,InvalidParameter.NotFound,ConfigurationException",
        "403,OperationDenied.SecurityGroupMisMatch,ConfigurationException",
        "503,ServiceUnavailable,ProviderException"
    })
    void refusalsOfALaunchAreTyped(int status, String code, String type) {
        BuilderException e = launchFailure(status, code);

        assertThat(e.getClass().getSimpleName()).isEqualTo(type);
        assertThat(e.code()).contains(code);
        assertThat(e.requestId()).contains("R-1");
    }

    @Test
    void whoCannotPayIsToldSo() {
        assertThat(launchFailure(400, "Payfor.CreditPayInsufficientBalance")).hasMessageContaining("money");
    }
}
