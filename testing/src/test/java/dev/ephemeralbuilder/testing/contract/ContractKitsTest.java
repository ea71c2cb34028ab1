package dev.ephemeralbuilder.testing.contract;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectNestedClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectNestedMethod;

import dev.ephemeralbuilder.testing.contract.CloudProviderContract.Channels;
import dev.ephemeralbuilder.testing.contract.CloudProviderContract.Commands;
import dev.ephemeralbuilder.testing.contract.CloudProviderContract.Deletions;
import dev.ephemeralbuilder.testing.contract.CloudProviderContract.Failures;
import dev.ephemeralbuilder.testing.contract.CloudProviderContract.Launches;
import dev.ephemeralbuilder.testing.contract.CloudProviderContract.Leases;
import dev.ephemeralbuilder.testing.contract.CloudProviderContract.Looks;
import dev.ephemeralbuilder.testing.contract.CloudProviderContract.Secrets;
import dev.ephemeralbuilder.testing.contract.CloudProviderContract.Shells;
import dev.ephemeralbuilder.testing.contract.CloudProviderContract.Terminals;
import dev.ephemeralbuilder.testing.contract.CloudProviderContract.Tokens;
import dev.ephemeralbuilder.testing.simulator.LocalTerminal;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;
import org.junit.platform.testkit.engine.Events;

/** The kits find what is broken, and nothing else, and say what is to be done about it. */
@Tag("once")
class ContractKitsTest {
    private static Events run(DiscoverySelector... selectors) {
        return EngineTestKit.engine("junit-jupiter")
                .selectors(selectors)
                .execute()
                .testEvents();
    }

    /** Runs groups of a kit and returns the message of each test that failed, by its name. */
    private static Map<String, String> failures(Class<?> kit, Class<?>... groups) {
        Events events = run(Arrays.stream(groups)
                .map(group -> selectNestedClass(List.of(kit), group))
                .toArray(DiscoverySelector[]::new));
        assertThat(events.started().count())
                .as("tests that were run")
                .isGreaterThan(events.failed().count());
        return events.failed().stream()
                .collect(toMap(ContractKitsTest::name, ContractKitsTest::message, (a, b) -> a, TreeMap::new));
    }

    private static String name(Event event) {
        TestDescriptor test = event.getTestDescriptor();
        String method = test.getSource()
                .map(source -> ((MethodSource) source).getMethodName())
                .orElseThrow();
        return test.getUniqueId().toString().contains("dynamic-test") ? method + ": " + test.getDisplayName() : method;
    }

    private static String message(Event event) {
        return event.getRequiredPayload(TestExecutionResult.class)
                .getThrowable()
                .orElseThrow()
                .toString();
    }

    private static void assertSays(Map<String, String> failures, String demand, String... tests) {
        assertThat(failures).containsOnlyKeys(tests);
        assertThat(failures.values())
                .as("what the author of the provider is told")
                .anySatisfy(message -> assertThat(message).contains(demand))
                .allSatisfy(message -> assertThat(message).contains(" must "))
                .noneSatisfy(message -> assertThat(message).startsWith("dev.ephemeralbuilder."));
    }

    @Test
    void aProviderThatForgetsTags() {
        assertSays(
                failures(BrokenProviders.ForgetsTags.class, Launches.class, Tokens.class, Looks.class),
                "launch must send all tags in the create call itself",
                "aLaunchedMachineCarriesAllItsTagsFromTheCreateCallOn",
                "oneCallLaunchesSeveralEqualMachines");
    }

    @Test
    void aProviderThatTakesAFailureForAbsence() {
        assertSays(
                failures(BrokenProviders.TakesAFailureForAbsence.class, Looks.class, Failures.class),
                "It must not swallow it",
                "aServerErrorIsAProviderException: describe",
                "anAnswerThatMakesNoSenseIsAProviderException: describe",
                "aLostAnswerIsAProviderException: describe");
    }

    @Test
    void aProviderThatMakesUpTokens() {
        assertSays(
                failures(BrokenProviders.MakesUpTokens.class, Launches.class, Tokens.class),
                "launch must send an equal launch exactly as before, token included",
                "theSameLaunchAgainGivesTheSameMachines",
                "theSameLaunchFromAnotherInstanceGivesTheSameMachines",
                "theSameLaunchFromManyThreadsMakesOneMachine",
                "theSameLaunchLaterGivesTheSameMachines",
                "aChangedLaunchUnderAUsedTokenIsRefused",
                "aLostAnswerAndTheSameLaunchAgainMakeOneMachine");
    }

    @Test
    void aProviderThatReadsOnlyTheFirstPage() {
        assertSays(
                failures(BrokenProviders.ReadsOnlyTheFirstPage.class, Looks.class, Leases.class),
                "mind the cloud's default page size",
                "aFullBatchIsAnswered");
    }

    @Test
    void aProviderThatRepeatsFailedCalls() {
        assertSays(
                failures(BrokenProviders.RepeatsFailedCalls.class, Looks.class, Failures.class),
                "and not repeat the call by itself",
                "aServerErrorIsAProviderException: describe",
                "anAnswerThatMakesNoSenseIsAProviderException: describe",
                "aLostAnswerIsAProviderException: describe",
                "tooManyCallsAreAThrottledException: describe");
    }

    @Test
    void aProviderThatFailsForUnknownIds() {
        assertSays(
                failures(BrokenProviders.FailsForUnknownIds.class, Deletions.class),
                "what the cloud does not know is ABSENT",
                "aDeletedMachineIsSoonAbsent",
                "aFullDeleteBatchIsAnswered",
                "anIdThatIsGoneIsAbsent",
                "anUnknownIdIsAbsentAndSparesTheRestOfTheBatch",
                "anotherInstanceCanDelete",
                "deletingTwiceIsNoError");
    }

    @Test
    void aProviderThatShowsItsSecrets() {
        assertSays(
                failures(BrokenProviders.ShowsItsSecrets.class, Secrets.class),
                "must show no secret",
                "noFailedLaunchShowsASecret: SERVER_ERROR",
                "noFailedLaunchShowsASecret: NONSENSE",
                "noFailedLaunchShowsASecret: LOST_ANSWER");
    }

    @Test
    void aProviderThatIgnoresTheHostKey() {
        assertSays(
                failures(BrokenProviders.IgnoresTheHostKey.class, Shells.class),
                "open must compare the machine's host key",
                "aWrongHostKeyIsRefusedForGood",
                "aHostKeyThatWasReplacedIsShownToNobodyAnyMore");
    }

    @Test
    void aProviderThatOnlySaysThatItReplacesHostKeys() {
        assertSays(
                failures(BrokenProviders.PretendsToReplaceHostKeys.class, Shells.class),
                "new connections must be shown the new key",
                "aHostKeyThatWasReplacedIsShownToNobodyAnyMore");
    }

    @Test
    void aProviderThatCutsOutput() {
        assertSays(
                failures(BrokenProviders.CutsOutput.class, Channels.class),
                "read must give all output, in order; of 3000000 bytes",
                "everyByteValueArrivesInBothDirections",
                "outputWaitsForASlowReader",
                "threeMegabytesOfOutputArriveByteByByte");
    }

    @Test
    void aProviderThatInventsExitCodes() {
        assertSays(
                failures(BrokenProviders.InventsExitCodes.class, Channels.class, Shells.class),
                "an exit code, 0 above all, would be invented",
                "aLostConnectionIsNeitherSuccessNorFailure",
                "closingAChannelEndsItsFutures",
                "closingTheShellEndsItsChannels");
    }

    @Test
    void aProviderThatIgnoresTheSizeOfTerminals() {
        assumeTrue(LocalTerminal.available(), "this host has no script of util-linux");
        assertSays(
                failures(BrokenProviders.IgnoresTheSizeOfTerminals.class, Terminals.class),
                "with the size that was asked for",
                "aTerminalIsOneAndHasTheSizeThatWasAskedFor");
    }

    @Test
    void aProviderThatKeepsWhatMachinesSayToItself() {
        assertSays(
                failures(BrokenProviders.KeepsWhatMachinesSay.class, Looks.class),
                "consoleOutput must return what the machine has said",
                "whatAMachineHasSaidCanBeReadAndHoldsNoKeyOfItsLaunch");
    }

    @Test
    void aProviderThatNeverTakesANoticeBack() {
        Events events = run(selectNestedMethod(
                List.of(BrokenProviders.NeverTakesANoticeBack.class),
                FleetContract.Reclaims.class,
                "aFalseAlarmLeavesTheBuilderAsItWasAndALossAfterItIsTyped"));
        assertThat(events.failed().stream().map(ContractKitsTest::message))
                .singleElement()
                .asString()
                .contains("ReclaimWithdrawn");
    }

    @Test
    void aProviderThatStartsLogsAnew() {
        assertSays(
                failures(BrokenProviders.StartsLogsAnew.class, Commands.class),
                "log must go on behind the last line of the cursor's page",
                "aCursorHoldsForAnotherInstance",
                "aLogIsReadOnFromACursorWithoutLossOrRepetition",
                "equalLinesAreNotTakenForOne",
                "nothingNewIsAnEmptyPage",
                "theLogIsThereAfterTheEndFromTheBeginningAndFromACursor");
    }

    @Test
    void aProviderThatInventsExitCodesOfCommands() {
        assertSays(
                failures(BrokenProviders.InventsExitCodesOfCommands.class, Commands.class),
                "describe must show no exit code while the command runs",
                "theExitCodeIsTheCommandsOwn",
                "thereIsNoExitCodeWhileTheCommandRuns");
    }

    @Test
    void aProviderThatWaitsForMachinesToRun() {
        Events events = run(selectNestedMethod(
                List.of(BrokenProviders.WaitsForMachinesToRun.class),
                FleetContract.Acquires.class,
                "acquireRunCloseLeavesNothing"));
        assertThat(events.failed().stream().map(ContractKitsTest::message))
                .singleElement()
                .asString()
                .contains("launch at ", "BrokenProviders", "must not sleep, poll or wait for a state of the cloud");
    }

    @Test
    void aSetupWithoutHooksIsToldWhichOnesToImplement() {
        Events events = run(selectNestedClass(List.of(BrokenProviders.NoHooks.class), Failures.class));
        assertThat(events.failed().count()).isZero();
        assertThat(events.aborted().stream().map(ContractKitsTest::message))
                .isNotEmpty()
                .allSatisfy(message -> assertThat(message)
                        .contains("not checked: ", "implement ContractSetup.failNext to have it checked"));
    }
}
