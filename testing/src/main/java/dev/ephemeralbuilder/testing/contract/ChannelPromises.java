package dev.ephemeralbuilder.testing.contract;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.spi.Channel;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.testing.contract.ContractBytes.Output;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** {@link Channel}: every byte in both directions, and how a command ended. */
abstract class ChannelPromises extends Promises {
    private static final int LINES = 375_000;

    ChannelPromises(Supplier<ContractRig> rigs) {
        super(rigs);
    }

    private Output run(Shell shell, String command) throws Exception {
        return ContractBytes.run(rig().time, shell, command);
    }

    private static CompletableFuture<Void> write(Channel channel, String text) {
        return channel.write(ByteBuffer.wrap(text.getBytes(US_ASCII)));
    }

    @Test
    void exitCodesArriveWhereTheTransportHasThem() throws Exception {
        try (Shell shell = rig().connect(rig().running())) {
            for (int code : new int[] {0, 1, 7, 255}) {
                Output output = run(shell, "echo done; exit " + code);
                assertThat(output.text())
                        .as("output that comes just before the end must not be lost")
                        .isEqualTo("done\n");
                if (setup().exitCodes()) {
                    assertThat(output.exit())
                            .as("ended() must complete with the command's own exit code")
                            .hasValue(code);
                } else {
                    assertThat(output.exit())
                            .as(
                                    "ended() must be empty where setup().exitCodes() says that the transport knows none: never"
                                            + " invent one")
                            .isEmpty();
                }
            }
        }
    }

    @Test
    void aCommandThatIsKilledDoesNotEndWithZero() throws Exception {
        try (Shell shell = rig().connect(rig().running())) {
            Output output = run(shell, "kill -9 $$");
            assertThat(output.exit().orElse(-1))
                    .as(
                            "ended() of a command that a signal has killed must be empty or a code that is not 0; a transport"
                                    + " that reports a signal in place of a code must not become a success")
                    .isNotZero();
        }
    }

    @Test
    void errorOutputIsPartOfTheOutput() throws Exception {
        try (Shell shell = rig().connect(rig().running())) {
            assertThat(run(shell, "echo problem >&2").text())
                    .as("read must give standard output and standard error together")
                    .isEqualTo("problem\n");
        }
    }

    @Test
    void everyByteValueArrivesInBothDirections() throws Exception {
        byte[] bytes = ContractBytes.everyValue(200_000);
        try (Shell shell = rig().connect(rig().running());
                Channel channel = shell.open("head -c " + bytes.length)) {
            // Not waited for: the command may take it all and end before the transport can say so.
            CompletableFuture<Void> unused = channel.write(ByteBuffer.wrap(bytes));
            ContractBytes.assertSame(
                    "write and read must carry bytes as they are, NUL and line ends included: no terminal, no text",
                    ContractBytes.drain(rig().time, channel).bytes(),
                    bytes);
        }
    }

    @Test
    void threeMegabytesOfOutputArriveByteByByte() throws Exception {
        try (Shell shell = rig().connect(rig().running())) {
            byte[] output = run(shell, "seq 1000000 1374999").bytes();
            ContractBytes.assertSame("read must give all output, in order", output, numbers());
        }
    }

    @Test
    void outputWaitsForASlowReader() throws Exception {
        try (Shell shell = rig().connect(rig().running());
                Channel slow = shell.open("seq 1000000 1374999; head -c 60000000 /dev/zero; touch contract.done")) {
            assertThat(run(shell, "sleep 1; test -f contract.done && echo done").text())
                    .as("output that nobody reads must wait on the machine: let the transport's window bound what is"
                            + " buffered here, or a thousand builders need a thousand logs of memory")
                    .isEmpty();
            byte[] expected = numbers();
            byte[] begin = new byte[expected.length];
            int length = 0;
            while (length < begin.length) {
                byte[] chunk = ContractBytes.next(rig().time, slow);
                int wanted = Math.min(chunk.length, begin.length - length);
                System.arraycopy(chunk, 0, begin, length, wanted);
                length = chunk.length == 0 ? begin.length : length + wanted;
            }
            ContractBytes.assertSame("read must give all output, in order, to a slow reader too", begin, expected);
        }
    }

    private static byte[] numbers() {
        StringBuilder text = new StringBuilder(8 * LINES);
        IntStream.range(1_000_000, 1_000_000 + LINES)
                .forEach(i -> text.append(i).append('\n'));
        return text.toString().getBytes(US_ASCII);
    }

    @Test
    void theEndOfInputReachesTheCommand() throws Exception {
        assumeTrue(
                setup().inputEnds(),
                "not checked: the end of input, since setup().inputEnds() says that the transport cannot tell it");
        try (Shell shell = rig().connect(rig().running());
                Channel channel = shell.open("cat; echo over")) {
            rig().time.get("write of input that the command takes", write(channel, "input\n"));
            rig().time.get("closeInput", channel.closeInput());
            assertThat(ContractBytes.drain(rig().time, channel).text())
                    .as("closeInput must let the command see the end of its input, after all that was written")
                    .isEqualTo("input\nover\n");
        }
    }

    @Test
    void twoChannelsWorkAtTheSameTime() throws Exception {
        try (Shell shell = rig().connect(rig().running());
                Channel first = shell.open("head -c 4")) {
            assertThat(run(shell, "echo second").text())
                    .as("a second channel must work while the first is open")
                    .isEqualTo("second\n");
            CompletableFuture<Void> unused = write(first, "one\n");
            assertThat(ContractBytes.drain(rig().time, first).text())
                    .as("the first channel must still work after a second one has ended")
                    .isEqualTo("one\n");
        }
    }

    @Test
    void closingAChannelEndsItsFutures() throws Exception {
        try (Shell shell = rig().connect(rig().running())) {
            Channel channel = shell.open("sleep 600");
            CompletableFuture<ByteBuffer> read = channel.read();
            channel.close();
            assertThat(rig().time.get("after close(), a pending read", read).hasRemaining())
                    .as("a pending read must complete with an empty buffer when the channel is closed")
                    .isFalse();
            assertThat(rig().time.get("after close(), ended()", channel.ended()))
                    .as("ended() of a channel that was closed before its command ended must be empty: its end is not"
                            + " known")
                    .isEmpty();
            assertThatThrownBy(
                            () -> rig().time.get("a write to a closed channel", write(channel, "x")),
                            "a write to a closed channel must fail with a ProviderException, in its future")
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(ProviderException.class);
        }
    }
}
