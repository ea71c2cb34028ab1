package dev.ephemeralbuilder.testing.contract;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ScriptResult;
import dev.ephemeralbuilder.ScriptResult.Ending;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.testing.contract.ContractFleet.Ran;
import java.io.ByteArrayOutputStream;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Scripts: every byte once, and the exit code that the machine wrote down, whatever becomes of connections. */
abstract class ScriptPromises extends FleetPromises {
    ScriptPromises(Supplier<ContractRig> rigs, Supplier<ContractFleet> fleets) {
        super(rigs, fleets);
    }

    @Test
    void exitCodesArrive() throws Exception {
        EphemeralBuilder builder = fleet().acquire();
        for (int code : new int[] {0, 1, 255}) {
            ScriptResult result =
                    fleet().run(builder, Script.of("exit " + code)).result();
            assertThat(result.exitCode())
                    .as("the exit code of a script must be its own; channels must carry the supervisor's answers whole")
                    .isEqualTo(code);
        }
        assertThat(fleet().run(builder, Script.of("kill -9 $$")).result().exitCode())
                .as("a script that signal 9 has killed must end with 128 + 9")
                .isEqualTo(137);
    }

    @Test
    void everyByteValueArrivesInBothDirections() throws Exception {
        EphemeralBuilder builder = fleet().acquire();
        byte[] bytes = ContractBytes.everyValue(300_000);
        Ran ran = fleet().run(builder, Script.of("cat").stdin(bytes));
        ContractBytes.assertSame(
                "a script's input and output must arrive byte by byte: channels must carry bytes as they are",
                ran.output(),
                bytes);
    }

    @Test
    void outputGoesOnAtTheByteWhereItWasCut() throws Exception {
        EphemeralBuilder builder = fleet().acquire();
        Machine machine = fleet().machine(builder);
        int[] cuts = {1, 1_000_000, 2_500_000};
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        int[] made = {0};
        LogSink cutting = (stream, bytes, length) -> {
            output.write(bytes, 0, length);
            if (made[0] < cuts.length && output.size() >= cuts[made[0]]) {
                made[0]++;
                setup().cutConnections(machine);
            }
        };
        ScriptResult result = fleet().time()
                .await(
                        "the end of a script whose connections are cut",
                        ContractTime.onAThread(() -> builder.run(Script.of("seq 1000000 1374999; exit 9"), cutting)));
        StringBuilder expected = new StringBuilder();
        IntStream.range(1_000_000, 1_375_000).forEach(i -> expected.append(i).append('\n'));
        ContractBytes.assertSame(
                "no byte of a script's output may be lost or doubled when connections are cut: read must give what has"
                        + " arrived before a cut and nothing that has not",
                output.toByteArray(),
                expected.toString().getBytes(US_ASCII));
        assertThat(made[0]).as("connections must have been cut").isEqualTo(cuts.length);
        assertThat(result.exitCode())
                .as("a cut connection must not change a script's exit code")
                .isEqualTo(9);
    }

    @Test
    void aScriptOutlivesTheConnectionThatStartedIt() throws Exception {
        EphemeralBuilder builder = fleet().acquire();
        RunningScript script =
                fleet().start(builder, "echo begun; while [ ! -f contract.go ]; do sleep 0.1; done; exit 4");
        setup().cutConnections(fleet().machine(builder));
        assertThat(fleet().run(builder, Script.of("touch contract.go")).result().success())
                .as("a builder must take scripts after its connections were cut: open must connect anew")
                .isTrue();
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        fleet().time().await("the output of a script", script.follow(LogSink.to(output)));
        assertThat(output.toString(US_ASCII))
                .as("a script must be followed from its first byte after its connection was cut")
                .isEqualTo("begun\n");
        assertThat(fleet().time().await("the end of a script", script.result()).exitCode())
                .as("a script must go on when its connection is cut: see that losing a connection kills nothing")
                .isEqualTo(4);
    }

    @Test
    void aCancelledScriptEnds() throws Exception {
        EphemeralBuilder builder = fleet().acquire();
        RunningScript script = fleet().start(builder, "sleep 600");
        fleet().time().await("the cancelling of a script", script.cancel());
        assertThat(fleet().time()
                        .await("the end of a cancelled script", script.result())
                        .ending())
                .as("cancel must end a script: commands of a shell must be able to signal the machine's processes")
                .isEqualTo(Ending.CANCELLED);
    }
}
