package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.Faults;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FaultOptionTest {
    private AlibabaCloudSimulator simulator;
    private Faults faults;

    @BeforeAll
    void start() {
        simulator = AlibabaCloudSimulator.builder().start();
        faults = simulator.faults();
    }

    @AfterAll
    void stop() {
        simulator.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "RunInstances=error:OperationDenied.NoStock",
                "RunInstances=error:OperationDenied.NoStock/3",
                "*=throttle/2",
                "*=latency:1s",
                "DescribeInstances=html-503",
                "RunInstances=lose-answer",
                "RunInstances=vanish/1",
                "DescribeInstances=slow:20s",
                "ssh=cut:1000,20000"
            })
    void faultsAreUnderstood(String option) {
        assertThatCode(() -> FaultOption.of(option).order(faults)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "rain",
                "RunInstances=rain",
                "RunInstances=error",
                "RunInstances=throttle:5",
                "RunInstances=slow",
                "RunInstances=slow:soon",
                "ssh=cut:",
                "ssh=cut:-1"
            })
    void otherTextsAreRefused(String option) {
        assertThatThrownBy(() -> FaultOption.of(option).order(faults)).isInstanceOf(IllegalArgumentException.class);
    }
}
