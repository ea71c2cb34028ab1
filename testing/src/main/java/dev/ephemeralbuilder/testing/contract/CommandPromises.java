package dev.ephemeralbuilder.testing.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.LogPage;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** {@link CloudProvider#log} and exit codes: machines whose own command is the job. */
abstract class CommandPromises extends Promises {
    CommandPromises(Supplier<ContractRig> rigs) {
        super(rigs);
    }

    /** Launches a machine that runs a script by itself. */
    private String launch(String script) throws Exception {
        return launch(ContainerCommand.of("sh", "-c", script));
    }

    private String launch(ContainerCommand command) throws Exception {
        assumeTrue(
                provider().runsContainerCommands(),
                "not checked: commands of containers, since runsContainerCommands() says that the provider has none");
        List<Offer> offers =
                provider().offers(setup().containerSpec(), rig().snapshot()).offers();
        assertThat(offers)
                .as("offers must return something for setup().containerSpec()")
                .isNotEmpty();
        return rig().launch(rig().launchOf(offers.get(0))
                        .spec(setup().containerSpec())
                        .containerCommand(command)
                        .build())
                .get(0);
    }

    private Machine ended(String id) throws Exception {
        return rig().time
                .until(
                        "the exit code of a machine's own command",
                        setup(),
                        () -> Optional.of(rig().described(id))
                                .filter(machine -> machine.exitCode().isPresent()));
    }

    private Machine running(String id) throws Exception {
        return rig().time
                .until(
                        "a machine's own command",
                        setup(),
                        () -> Optional.of(rig().described(id))
                                .filter(machine -> machine.state() == MachineState.RUNNING));
    }

    /** Reads on until a text is there, each time from the cursor of the page before; returns the last page. */
    private LogPage readUntil(String id, StringBuilder log, String text) throws Exception {
        rig().time
                .until(
                        "a machine's own command to begin",
                        setup(),
                        () -> Optional.of(rig().described(id))
                                .filter(machine -> machine.state() == MachineState.RUNNING
                                        || machine.state() == MachineState.ENDED));
        String[] cursor = {null};
        return rig().time.until("the line " + text.strip() + " in the log of a machine's own command", setup(), () -> {
            LogPage page = provider().log(id, cursor[0]);
            cursor[0] = page.cursor();
            log.append(page.text());
            assertThat(page.gap())
                    .as("a page of the log must say that there is a gap only if lines were dropped")
                    .isFalse();
            return Optional.of(page).filter(p -> log.toString().contains(text));
        });
    }

    @Test
    void theExitCodeIsTheCommandsOwn() throws Exception {
        String good = launch("exit 0");
        String bad = launch("exit 7");
        assertThat(ended(good).exitCode())
                .as("describe must show the exit code of the machine's own command once that has ended")
                .hasValue(0);
        assertThat(ended(bad).exitCode())
                .as(
                        "describe must show the exit code of the machine's own command as it is: other than 0 is no failure of"
                                + " the machine")
                .hasValue(7);
        assertThat(rig().described(bad).failure())
                .as("a command that ends with an exit code must not be a failure of its machine")
                .isEmpty();
    }

    @Test
    void thereIsNoExitCodeWhileTheCommandRuns() throws Exception {
        String id = launch("echo begun; exec sleep 600");
        assertThat(running(id).exitCode())
                .as("describe must show no exit code while the command runs: 0 would be invented")
                .isEmpty();
        readUntil(id, new StringBuilder(), "begun\n");
        assertThat(rig().described(id).exitCode())
                .as("describe must show no exit code while the command runs: 0 would be invented")
                .isEmpty();
    }

    @Test
    void bothStreamsAreInTheLogAsTheyWereWritten() throws Exception {
        String id = launch("echo 'größer'; echo '  second  ' >&2");
        ended(id);
        StringBuilder log = new StringBuilder();
        readUntil(id, log, "second");
        readUntil(id, new StringBuilder(), "größer");
        assertThat(log.toString().lines())
                .as("log must return the lines of standard output and standard error, without timestamps or other"
                        + " additions")
                .containsExactlyInAnyOrder("größer", "  second  ");
    }

    @Test
    void theCommandGetsItsWordsAndVariablesAsTheyAre() throws Exception {
        String id = launch(new ContainerCommand(
                List.of("sh", "-c", "echo \"$1|$2|$CONTRACT\""),
                List.of("self", "it's", "a  \"b\" $HOME *"),
                Map.of("CONTRACT", "x y")));
        ended(id);
        StringBuilder log = new StringBuilder();
        readUntil(id, log, "\n");
        assertThat(log.toString())
                .as("launch must pass the words of a command on one by one, and its variables")
                .isEqualTo("it's|a  \"b\" $HOME *|x y\n");
    }

    @Test
    void aLogIsReadOnFromACursorWithoutLossOrRepetition() throws Exception {
        String id = launch("seq 1 600; sleep 1; seq 601 1200");
        StringBuilder log = new StringBuilder();
        LogPage last = readUntil(id, log, "\n1200\n");
        ContractBytes.assertSame(
                "pages that are read one after the other must hold each line once and in order: log must go on behind the"
                        + " last line of the cursor's page, also within one second",
                log.toString().getBytes(UTF_8),
                IntStream.rangeClosed(1, 1200)
                        .mapToObj(i -> i + "\n")
                        .collect(Collectors.joining())
                        .getBytes(UTF_8));
        assertThat(last.text()).as("the text of a page must be whole lines").endsWith("\n");
    }

    @Test
    void equalLinesAreNotTakenForOne() throws Exception {
        String id = launch("for i in 1 2 3; do echo same; done; sleep 1; for i in 1 2 3; do echo same; done; echo end");
        StringBuilder log = new StringBuilder();
        readUntil(id, log, "end\n");
        assertThat(log.toString())
                .as(
                        "log must return equal lines as often as they were written: what was read before is told by its place,"
                                + " not by its text")
                .isEqualTo("same\n".repeat(6) + "end\n");
    }

    @Test
    void nothingNewIsAnEmptyPage() throws Exception {
        String id = launch("echo all; exec sleep 600");
        LogPage page = readUntil(id, new StringBuilder(), "all\n");
        for (int i = 0; i < 3; i++) {
            page = provider().log(id, page.cursor());
            assertThat(page.text())
                    .as("log must return an empty text from a cursor behind which nothing was written")
                    .isEmpty();
            assertThat(page.gap()).as("a page without news must have no gap").isFalse();
        }
    }

    @Test
    void theLogIsThereAfterTheEndFromTheBeginningAndFromACursor() throws Exception {
        String id = launch("echo one; echo two; exit 3");
        ended(id);
        StringBuilder log = new StringBuilder();
        LogPage last = readUntil(id, log, "two\n");
        assertThat(log.toString())
                .as("log must return what a command has written after its end, until its machine is deleted")
                .isEqualTo("one\ntwo\n");
        assertThat(provider().log(id, last.cursor()).text())
                .as("log must return an empty text at the end of the log of a command that has ended")
                .isEmpty();
        assertThat(setup().other().log(id, null).text())
                .as("log must return the log from the beginning without a cursor, for every instance")
                .isEqualTo("one\ntwo\n");
    }

    @Test
    void aCursorHoldsForAnotherInstance() throws Exception {
        String id = launch("echo one; exec sleep 600");
        LogPage page = readUntil(id, new StringBuilder(), "one\n");
        assertThat(setup().other().log(id, page.cursor()).text())
                .as("a cursor must hold all that log has to know: the provider keeps no memory of what was read")
                .isEmpty();
    }
}
