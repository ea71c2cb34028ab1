package dev.ephemeralbuilder.eci;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.alibaba.AlibabaCredentials;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.testing.contract.JobProcess;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.Properties;
import java.util.Set;

/** Jobs on container groups. */
final class EciJobProcess extends JobProcess {
    public static void main(String[] args) throws IOException, InterruptedException {
        new EciJobProcess().runUntilKilled();
    }

    @Override
    protected CloudProvider provider(Properties settings) {
        return EciProvider.builder()
                .region(settings.getProperty("region"))
                .endpoint(URI.create(settings.getProperty("endpoint")))
                .credentials(AlibabaCredentials.fixed(settings.getProperty("keyId"), settings.getProperty("keySecret")))
                .securityGroup(settings.getProperty("securityGroup"))
                .vSwitches(Map.of(settings.getProperty("zone"), settings.getProperty("vSwitch")))
                .families(Set.of("ecs.c7"))
                .build();
    }

    @Override
    protected MachineSpec spec(Properties settings) {
        return MachineSpec.builder()
                .vcpus(2)
                .memoryGib(4)
                .containerImage("build:1")
                .build();
    }
}
