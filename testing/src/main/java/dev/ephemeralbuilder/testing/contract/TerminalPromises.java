package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.TerminalChannel;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** {@link Shell#openTerminal}: a login shell for somebody to type into. Skipped where it says that there are none. */
abstract class TerminalPromises extends Promises {
    private static final TerminalSize SIZE = new TerminalSize(97, 31);

    TerminalPromises(Supplier<ContractRig> rigs) {
        super(rigs);
    }

    private TerminalChannel open(Shell shell) throws InterruptedException {
        try {
            return shell.openTerminal(SIZE);
        } catch (ConfigurationException e) {
            return Assumptions.abort("not checked: terminals; openTerminal says that there are none");
        }
    }

    private void type(TerminalChannel terminal, String keys) throws Exception {
        var unused = rig().time
                .get(
                        "write() to a terminal",
                        terminal.write(ByteBuffer.wrap(keys.getBytes(StandardCharsets.US_ASCII)))
                                .thenApply(v -> true));
    }

    /** Reads until something is on the screen; what was typed is there too, so it must be made of something else. */
    private String until(TerminalChannel terminal, String demand, String wanted) throws Exception {
        StringBuilder screen = new StringBuilder();
        while (screen.indexOf(wanted) < 0) {
            byte[] chunk = ContractBytes.next(rig().time, terminal);
            assertThat(chunk.length)
                    .as("%s; the terminal ended, and what it showed was: %s", demand, screen)
                    .isPositive();
            screen.append(new String(chunk, StandardCharsets.ISO_8859_1));
        }
        return screen.toString();
    }

    @Test
    void aTerminalIsOneAndHasTheSizeThatWasAskedFor() throws Exception {
        try (Shell shell = rig().connect(rig().running());
                TerminalChannel terminal = open(shell)) {
            type(terminal, "test -t 0; a=$?; test -t 1; echo sho\"\"wn $a$? $(stty size) $TERM do\"\"ne\r");
            assertThat(until(terminal, "a terminal must take keys", "done"))
                    .as("openTerminal must give the shell a terminal of the type xterm-256color, with the size that was"
                            + " asked for before the shell begins")
                    .contains("shown 00 31 97 xterm-256color done");
        }
    }

    @Test
    void aNewSizeIsTold() throws Exception {
        try (Shell shell = rig().connect(rig().running());
                TerminalChannel terminal = open(shell)) {
            Assumptions.assumeTrue(
                    setup().resizesTerminals(),
                    "not checked: that a terminal takes another size; the transport of this provider cannot say so");
            type(terminal, "echo be\"\"gun\r");
            until(terminal, "a terminal must take keys", "begun");
            terminal.resize(new TerminalSize(61, 17));
            type(terminal, "while [ \"$(stty size)\" != '17 61' ]; do sleep 0.1; done; echo si\"\"zed\r");
            until(terminal, "resize must change the size that programs on the machine see", "sized");
        }
    }

    @Test
    void controlCInterruptsWhatRunsAndNotTheShell() throws Exception {
        try (Shell shell = rig().connect(rig().running());
                TerminalChannel terminal = open(shell)) {
            type(terminal, "sh -c 'echo be\"\"gun; exec sleep 600'; echo not int\"\"errupted\r");
            until(terminal, "a terminal must take keys", "begun");
            type(terminal, "\u0003");
            type(terminal, "echo sti\"\"ll here\r");
            String demand = "the byte 3 must interrupt what runs in front on the terminal, and the shell must go on";
            assertThat(until(terminal, demand, "still here")).as(demand).doesNotContain("not interrupted");
        }
    }

    @Test
    void theEndOfTheShellIsTheEndOfTheTerminal() throws Exception {
        try (Shell shell = rig().connect(rig().running());
                TerminalChannel terminal = open(shell)) {
            type(terminal, "exit 7\r");
            ContractBytes.Output rest = ContractBytes.drain(rig().time, terminal);
            if (setup().exitCodes()) {
                assertThat(rest.exit())
                        .as("ended() must tell the shell's exit code")
                        .hasValue(7);
            } else {
                assertThat(rest.exit())
                        .as("ended() must be empty where the transport has no exit codes")
                        .isEmpty();
            }
            assertThat(shell.isOpen())
                    .as("the shell that a terminal was opened on must stay open when that ends")
                    .isTrue();
        }
    }

    @Test
    void aLostConnectionEndsTheTerminalWithoutAnExitCode() throws Exception {
        Machine machine = rig().running();
        try (Shell shell = rig().connect(machine);
                TerminalChannel terminal = open(shell)) {
            type(terminal, "echo be\"\"gun\r");
            until(terminal, "a terminal must take keys", "begun");
            setup().cutConnections(machine);
            ContractBytes.Output rest = ContractBytes.drain(rig().time, terminal);
            assertThat(rest.exit())
                    .as("ended() of a terminal whose connection is lost must be empty")
                    .isEmpty();
        }
    }

    @Test
    void closingTheTerminalLeavesTheShellOpen() throws Exception {
        try (Shell shell = rig().connect(rig().running())) {
            TerminalChannel terminal = open(shell);
            terminal.close();
            assertThat(rig().time.get("after close() of a terminal, its ended()", terminal.ended()))
                    .as("a terminal that was closed must have no exit code")
                    .isEmpty();
            assertThat(ContractBytes.run(rig().time, shell, "echo in").text())
                    .as("commands must go on being taken after a terminal was closed")
                    .isEqualTo("in\n");
        }
    }
}
