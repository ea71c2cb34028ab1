package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.testing.contract.JobProcess;
import java.io.IOException;
import java.util.Properties;

/** Jobs on instances. */
final class EcsJobProcess extends JobProcess {
    public static void main(String[] args) throws IOException, InterruptedException {
        new EcsJobProcess().runUntilKilled();
    }

    @Override
    protected CloudProvider provider(Properties settings) {
        return SharedMachines.provider(settings);
    }

    @Override
    protected MachineSpec spec(Properties settings) {
        return SharedMachines.spec(settings);
    }
}
