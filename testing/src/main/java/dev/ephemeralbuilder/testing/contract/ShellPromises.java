package dev.ephemeralbuilder.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Door;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** {@link CloudProvider#open} and {@link Shell}: who gets in, and what a connection's end does. */
abstract class ShellPromises extends Promises {
    /** As {@link CloudProvider#knock} promises. */
    private static final Duration KNOCK = Duration.ofSeconds(10);

    ShellPromises(Supplier<ContractRig> rigs) {
        super(rigs);
    }

    private String run(Shell shell, String command) throws Exception {
        return ContractBytes.run(rig().time, shell, command).text();
    }

    @Test
    void aWrongHostKeyIsRefusedForGood() throws Exception {
        assumeTrue(
                setup().provesKeys(),
                "not checked: that another host key is refused; the transport of this provider needs no keys");
        Machine machine = rig().running();
        rig().connect(machine).close();
        ShellKeys wrong = new ShellKeys(rig().client, ContractRig.fingerprint(ContractRig.newKey()));
        assertHostKeyRefused(machine, wrong);
    }

    @Test
    void aMachineThatShowsAnotherHostKeyIsRefusedForGood() throws Exception {
        Machine machine = rig().running();
        rig().connect(machine).close();
        setup().changeHostKey(machine);
        assertHostKeyRefused(machine, rig().keys());
    }

    @Test
    void eitherOfTwoHostKeysIsAccepted() throws Exception {
        Machine machine = rig().running();
        rig().connect(machine).close();
        ShellKeys either = new ShellKeys(
                rig().client,
                Set.of(ContractRig.fingerprint(rig().host), ContractRig.fingerprint(ContractRig.newKey())));
        try (Shell shell = provider().open(machine, either)) {
            assertThat(run(shell, "echo in"))
                    .as(
                            "open must accept a machine that shows any one of keys.hostKeyFingerprints(): while its host key is"
                                    + " replaced, it may show the old one or the new one")
                    .isEqualTo("in\n");
        }
    }

    @Test
    void aHostKeyThatWasReplacedIsShownToNobodyAnyMore() throws Exception {
        assumeTrue(
                setup().provesKeys(),
                "not checked: that a host key that was replaced is refused; the transport of this provider needs no keys");
        Machine machine = rig().running();
        KeyPair next = ContractRig.newKey();
        ShellKeys known = new ShellKeys(rig().client, ContractRig.fingerprint(next));
        try (Shell before = rig().connect(machine)) {
            if (!before.replaceHostKey(next)) {
                rig().connect(machine).close();
                assertHostKeyRefused(machine, known);
                return;
            }
            assertThat(catchThrowable(() -> provider().open(machine, known).close()))
                    .as("after replaceHostKey has returned true, new connections must be shown the new key, without a"
                            + " moment of waiting: the engine connects at once, and to this key alone")
                    .isNull();
            try (Shell shell = provider().open(machine, known)) {
                assertThat(shell.replaceHostKey(next))
                        .as(
                                "replaceHostKey must return true again for a key that the machine has already: an engine that"
                                        + " lost the answer asks again")
                        .isTrue();
            }
            assertHostKeyRefused(machine, rig().keys());
            assertThat(run(before, "echo still in"))
                    .as("connections that were open before replaceHostKey must stay open")
                    .isEqualTo("still in\n");
        }
    }

    private void assertHostKeyRefused(Machine machine, ShellKeys keys) {
        assertThatThrownBy(
                        () -> provider().open(machine, keys).close(),
                        "open must compare the machine's host key with keys.hostKeyFingerprints() before it logs in, and throw"
                                + " a ProviderException that is not retryable when it is another one: whoever shows it is not"
                                + " our machine")
                .isInstanceOf(ProviderException.class)
                .matches(Promises::forGood, "retryable() is false");
    }

    @Test
    void aWrongClientKeyIsRefused() throws Exception {
        assumeTrue(
                setup().provesKeys(),
                "not checked: that another client key is refused; the transport of this provider needs no keys");
        Machine machine = rig().running();
        rig().connect(machine).close();
        ShellKeys wrong = new ShellKeys(ContractRig.newKey(), ContractRig.fingerprint(rig().host));
        assertThatThrownBy(
                        () -> provider().open(machine, wrong).close(),
                        "a machine must let in only the client key that its launch named, and open must throw a"
                                + " ProviderException for any other; see that launch authorizes no other key")
                .isInstanceOf(ProviderException.class);
    }

    @Test
    void anotherInstanceGetsInWithTheSameKeys() throws Exception {
        Machine machine = rig().running();
        rig().connect(machine).close();
        try (Shell shell = setup().other().open(machine, rig().keys())) {
            assertThat(run(shell, "echo in"))
                    .as("open must need the machine and the keys alone: another process may hold them")
                    .isEqualTo("in\n");
        }
    }

    @Test
    void aMachineThatStillStartsIsRetryable() throws Exception {
        Machine machine = rig().described(rig().launchOne());
        Throwable refusal =
                catchThrowable(() -> provider().open(machine, rig().keys()).close());
        if (refusal == null) {
            assertThat(rig().described(machine.id()).state())
                    .as("open must succeed only on a machine that runs; this one may have been quicker than two calls")
                    .isEqualTo(MachineState.RUNNING);
            return;
        }
        assertThat(refusal)
                .as(
                        "open of a machine that still starts must be a retryable BuilderException: the engine tries until it"
                                + " answers")
                .isInstanceOf(BuilderException.class)
                .matches(Promises::retryable, "retryable() is true");
    }

    @Test
    void aMachineThatDoesNotAnswerIsRetryable() throws Exception {
        Machine machine = rig().running();
        rig().connect(machine).close();
        setup().refuseConnections(machine, true);
        assertThatThrownBy(
                        () -> {
                            try (Shell shell = provider().open(machine, rig().keys())) {
                                shell.open("true").close();
                            }
                        },
                        "open of a machine that does not answer, or of the first channel where shells connect no sooner, must"
                                + " be a retryable ProviderException")
                .isInstanceOf(ProviderException.class)
                .matches(Promises::retryable, "retryable() is true");
        setup().refuseConnections(machine, false);
        rig().connect(machine).close();
    }

    @Test
    void aKnockIsNotShutWhereAShellOpens() throws Exception {
        Machine machine = rig().described(rig().launchOne());
        assertThat(knock(machine))
                .as(
                        "knock must tell of a machine that still starts too: the engine knocks as soon as it has an address")
                .isNotNull();
        Machine running = rig().running(machine.id());
        rig().connect(running).close();
        assertThat(knock(running))
                .as(
                        "knock must not be SHUT where open succeeds: the engine waits until it is not; answer UNKNOWN where a"
                                + " knock cannot tell")
                .isNotEqualTo(Door.SHUT);
    }

    private Door knock(Machine machine) throws Exception {
        return provider().knock(machine).get(KNOCK.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void aShellHasAsManyChannelsAsTheLimitsSay() throws Exception {
        int most = provider().limits().channelsPerShell();
        try (Shell shell = rig().connect(rig().running())) {
            List<Channel> open = new ArrayList<>();
            for (int i = 0; i < most; i++) {
                open.add(shell.open("echo " + i));
            }
            for (int i = 0; i < most; i++) {
                assertThat(ContractBytes.drain(rig().time, open.get(i)).text())
                        .as(
                                "a shell must have room for %s channels at the same time, as limits().channelsPerShell()"
                                        + " says, and keep them apart",
                                most)
                        .isEqualTo(i + "\n");
            }
            assertThat(run(shell, "echo again"))
                    .as("a shell must have room again when its channels have ended")
                    .isEqualTo("again\n");
        }
    }

    @Test
    void closingTheShellEndsItsChannels() throws Exception {
        Shell shell = rig().connect(rig().running());
        Channel channel = shell.open("sleep 600");
        assertThat(shell.isOpen()).as("isOpen of a new shell must be true").isTrue();
        shell.close();
        assertThat(shell.isOpen()).as("isOpen of a closed shell must be false").isFalse();
        assertThat(rig().time.get("after close() of the shell, ended() of its channel", channel.ended()))
                .as("a channel that ends because its shell was closed must have no exit code")
                .isEmpty();
        assertThatThrownBy(() -> shell.open("true"), "open on a closed shell must throw a ProviderException")
                .isInstanceOf(ProviderException.class);
    }

    @Test
    void closingTheShellStopsNothingOnTheMachine() throws Exception {
        Machine machine = rig().running();
        try (Shell shell = rig().connect(machine)) {
            startInBackground(shell);
        }
        assertBackgroundLives(machine, "closing a shell");
    }

    @Test
    void closingAChannelStopsNothingOnTheMachine() throws Exception {
        Machine machine = rig().running();
        try (Shell shell = rig().connect(machine)) {
            Channel channel =
                    shell.open("echo $$ > contract.new; mv contract.new contract.pid; echo up; exec sleep 600");
            assertThat(ContractBytes.next(rig().time, channel))
                    .as("read must give output as soon as there is any, not only when the command has ended")
                    .isEqualTo(new byte[] {'u', 'p', '\n'});
            channel.close();
        }
        assertBackgroundLives(machine, "closing a channel");
    }

    @Test
    void aLostConnectionIsNeitherSuccessNorFailure() throws Exception {
        Machine machine = rig().running();
        try (Shell shell = rig().connect(machine)) {
            startInBackground(shell);
            Channel channel = shell.open("echo up; exec sleep 600");
            assertThat(ContractBytes.next(rig().time, channel))
                    .as("read must give output as soon as there is any, not only when the command has ended")
                    .isEqualTo(new byte[] {'u', 'p', '\n'});
            setup().cutConnections(machine);
            ContractBytes.Output rest = ContractBytes.drain(rig().time, channel);
            assertThat(rest.exit())
                    .as(
                            "ended() of a channel whose connection is lost must be empty: nobody knows how the command ends,"
                                    + " so an exit code, 0 above all, would be invented")
                    .isEmpty();
            assertThatThrownBy(
                            () -> shell.open("true"),
                            "open on a shell whose connection is lost must throw a retryable ProviderException")
                    .isInstanceOf(ProviderException.class)
                    .matches(Promises::retryable, "retryable() is true");
            assertThat(shell.isOpen())
                    .as("isOpen of a shell whose connection is lost must be false")
                    .isFalse();
        }
        assertBackgroundLives(machine, "losing a connection");
    }

    private void startInBackground(Shell shell) throws Exception {
        assertThat(run(
                        shell,
                        "setsid sh -c 'echo $$ > contract.new; mv contract.new contract.pid; exec sleep 600' </dev/null"
                                + " >/dev/null 2>&1 & while [ ! -f contract.pid ]; do sleep 0.05; done; echo up"))
                .as("a command must be able to start a process in the background; machines need setsid")
                .isEqualTo("up\n");
    }

    private void assertBackgroundLives(Machine machine, String after) throws Exception {
        try (Shell shell = rig().connect(machine)) {
            assertThat(run(shell, "kill -0 \"$(cat contract.pid)\" && echo alive"))
                    .as("%s must stop nothing on the machine: scripts outlive the connection that started them", after)
                    .isEqualTo("alive\n");
        }
    }
}
