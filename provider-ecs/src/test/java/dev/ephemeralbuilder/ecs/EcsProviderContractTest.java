package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.testing.contract.CloudProviderContract;
import dev.ephemeralbuilder.testing.contract.ContractSetup;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

@ExtendWith(EcsProviderContractTest.LoginRefusalsAreRetryable.class)
class EcsProviderContractTest extends CloudProviderContract {
    @Override
    protected ContractSetup setup() {
        return new Setup();
    }

    /**
     * On ECS a refused login is worth another try: sshd may be up before cloud-init has made the user and before the
     * system lets users in at all. {@code SshShellTest} tests that.
     */
    static final class LoginRefusalsAreRetryable implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            boolean refusal = context.getTestMethod()
                    .filter(method -> method.getName().equals("aWrongClientKeyIsRefusedForGood"))
                    .isPresent();
            return refusal
                    ? ConditionEvaluationResult.disabled("a machine that boots refuses logins for a while")
                    : ConditionEvaluationResult.enabled("part of the contract");
        }
    }

    private static final class Setup implements ContractSetup {
        private final SimulatedCloud cloud = new SimulatedCloud();
        private final EcsProvider provider = cloud.provider().build();
        private final EcsProvider other = cloud.provider().build();

        @Override
        public CloudProvider provider() {
            return provider;
        }

        @Override
        public CloudProvider other() {
            return other;
        }

        @Override
        public MachineSpec spec() {
            return cloud.spec().build();
        }

        @Override
        public Instant now() {
            return cloud.now();
        }

        @Override
        public void pass(Duration time) throws InterruptedException {
            cloud.pass(time);
        }

        @Override
        public void stockOut(Offer offer) {
            cloud.simulator().stockOut(offer.type().id(), offer.zone());
        }

        @Override
        public void loseNextLaunchAnswer() {
            cloud.simulator().faults().on("RunInstances").times(1).loseAnswer();
        }

        @Override
        public void refuseConnections(Machine machine, boolean refuse) {
            cloud.refuse(machine, refuse);
        }

        @Override
        public int moreThanAPage() {
            return 101;
        }

        @Override
        public void close() {
            provider.close();
            other.close();
            cloud.close();
        }
    }
}
