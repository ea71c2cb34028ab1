package dev.ephemeralbuilder.eci;

import dev.ephemeralbuilder.testing.contract.JobProcess;
import dev.ephemeralbuilder.testing.contract.KilledJobContract;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Over the API's calls and its WebSocket. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the process is killed by a signal")
@Tag("once")
class KilledJobTest extends KilledJobContract {
    @Override
    protected JobProcess program() {
        return new EciJobProcess();
    }
}
