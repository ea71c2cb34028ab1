package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.testing.contract.JobProcess;
import dev.ephemeralbuilder.testing.contract.KilledJobContract;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Over the real SDK and real SSH. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "the machines need addresses of their own, as Linux has them")
@Tag("once")
class KilledJobTest extends KilledJobContract {
    @Override
    protected JobProcess program() {
        return new EcsJobProcess();
    }
}
