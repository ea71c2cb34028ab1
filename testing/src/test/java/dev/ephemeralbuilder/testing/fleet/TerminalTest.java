package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.Terminal;
import dev.ephemeralbuilder.TerminalSize;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.spi.TerminalChannel;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import dev.ephemeralbuilder.testing.ForwardingShell;
import dev.ephemeralbuilder.testing.TestTicker;
import dev.ephemeralbuilder.testing.simulator.LocalTerminal;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A builder that somebody types into. */
@Timeout(120)
class TerminalTest {
    private static Terminal open(FleetRig rig, EphemeralBuilder builder) {
        assumeTrue(LocalTerminal.available(), "this host has no script of util-linux");
        return rig.blocking(() -> builder.openTerminal(TerminalSize.DEFAULT));
    }

    private static void type(Terminal terminal, String keys) throws InterruptedException {
        terminal.write(keys.getBytes(StandardCharsets.US_ASCII));
    }

    private static String until(Terminal terminal, String wanted) throws InterruptedException {
        StringBuilder screen = new StringBuilder();
        while (screen.indexOf(wanted) < 0) {
            byte[] bytes = terminal.read();
            assertThat(bytes).as("what comes after: %s", screen).isNotEmpty();
            screen.append(new String(bytes, StandardCharsets.US_ASCII));
        }
        return screen.toString();
    }

    /** Reads what still comes, and returns how the terminal has ended. */
    private static OptionalInt end(Terminal terminal) throws Exception {
        byte[] rest = terminal.read();
        while (rest.length > 0) {
            rest = terminal.read();
        }
        return terminal.ended().get(1, TimeUnit.MINUTES);
    }

    @Test
    void keysGoInAndTheScreenComesOut() throws Exception {
        try (FleetRig rig = new FleetRig()) {
            Terminal terminal = open(rig, rig.acquire());
            type(terminal, "echo $(stty size) sc\"\"reen\r");
            until(terminal, "24 80 screen");
            type(terminal, "exit 4\r");
            assertThat(end(terminal)).hasValue(4);
        }
    }

    @Test
    void itDoesNotOutliveTheBuilder() throws Exception {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = rig.acquire();
            Terminal terminal = open(rig, builder);
            type(terminal, "echo be\"\"gun\r");
            until(terminal, "begun");
            builder.close();
            rig.passUntilEmpty(FleetRig.PATIENCE);
            assertThat(end(terminal)).isEmpty();
            assertThatThrownBy(() -> type(terminal, "x")).isInstanceOf(ProviderException.class);
        }
    }

    @Test
    void aBuilderThatWasGivenBackOpensNone() {
        try (FleetRig rig = new FleetRig()) {
            EphemeralBuilder builder = rig.acquire();
            builder.close();
            rig.passUntilEmpty(FleetRig.PATIENCE);
            assertThatThrownBy(() -> rig.blocking(() -> builder.openTerminal(TerminalSize.DEFAULT)))
                    .isInstanceOf(BuilderLostException.class);
        }
    }

    @Test
    void aProviderWithoutTerminalsSaysSoAtOnce() {
        try (FleetRig rig =
                new FleetRig(TestTicker.create(), cloud -> cloud, fleet -> fleet, next -> new ForwardingProvider(next) {
                    @Override
                    public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
                        return new WithoutTerminals(super.open(machine, keys));
                    }
                })) {
            EphemeralBuilder builder = rig.acquire();
            assertThatThrownBy(() -> rig.blocking(() -> builder.openTerminal(TerminalSize.DEFAULT)))
                    .isInstanceOf(ConfigurationException.class);
        }
    }

    private static final class WithoutTerminals extends ForwardingShell {
        WithoutTerminals(Shell next) {
            super(next);
        }

        @Override
        public TerminalChannel openTerminal(TerminalSize size) {
            throw new ConfigurationException("none here", null, null, null);
        }
    }
}
