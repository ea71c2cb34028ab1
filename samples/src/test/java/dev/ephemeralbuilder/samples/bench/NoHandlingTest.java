package dev.ephemeralbuilder.samples.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NoHandlingTest {
    private static final CloudFacts NOWHERE =
            new CloudFacts("http://127.0.0.1:9", "", "", "", "", "", Map.of(), 22, "", "");

    /** Its machines are there, and their connections are lost. */
    private record Cut(String id) implements PlainWay {
        @Override
        public String create(String request) {
            return id;
        }

        @Override
        public boolean awaitRunning(String machine) {
            return true;
        }

        @Override
        public Ran script(String machine, BuildLog script, IntConsumer seen) {
            return new Ran(null, "");
        }

        @Override
        public void delete(String machine) {}

        @Override
        public void close() {}
    }

    @ParameterizedTest
    @CsvSource({"i-1, UNACCOUNTED", "eci-1, FAILED"})
    void onlyWhereThereIsSshALostConnectionIsTakenForAnExitCode(String id, Contestant.End end) throws Exception {
        Mischief none = new Mischief(NOWHERE, 1, Mischief.Shares.NONE, machine -> {});
        NoHandling loop = new NoHandling(new PlainLoop(List.of(new Cut(id)), none));
        Contestant.Result result = loop.run(Work.of("job-1-0"), machine -> {});
        assertThat(result.end()).isEqualTo(end);
        assertThat(result.machines()).containsExactly(new Contestant.Use(id, Contestant.Claim.OTHER));
    }
}
