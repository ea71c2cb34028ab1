package com.example.ci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.alibaba.AlibabaCredentials;
import dev.ephemeralbuilder.ecs.EcsProvider;
import dev.ephemeralbuilder.testing.junit.EphemeralBuilderExtension;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.io.ByteArrayOutputStream;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.LoggerFactory;

class OldLoggingTest {
    @RegisterExtension
    static final EphemeralBuilderExtension EXTENSION = EphemeralBuilderExtension.onSimulator(
            simulator -> EcsProvider.builder()
                    .region(simulator.region())
                    .endpoint(simulator.endpoint())
                    .credentials(AlibabaCredentials.fixed(simulator.accessKeyId(), simulator.accessKeySecret()))
                    .securityGroup(simulator.securityGroup())
                    .vSwitches(simulator.vSwitches())
                    .sshPort(simulator.sshPort())
                    .build());

    @Test
    void aBuildRunsAndIsLoggedByLogback12(BuildFleet fleet, AlibabaCloudSimulator simulator) throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger("dev.ephemeralbuilder");
        ListAppender<ILoggingEvent> appender = new ListAppender<>();
        appender.start();
        logger.setLevel(Level.DEBUG);
        logger.addAppender(appender);
        MachineSpec spec = MachineSpec.builder()
                .vcpus(2)
                .memoryGib(4)
                .machineImage(simulator.machineImage())
                .build();
        try (EphemeralBuilder builder = fleet.acquire(spec)) {
            ByteArrayOutputStream log = new ByteArrayOutputStream();
            assertEquals(3, builder.run(Script.of("exit 3"), LogSink.to(log)).exitCode());
        } finally {
            logger.detachAppender(appender);
        }
        List<ILoggingEvent> events = List.copyOf(appender.list);
        assertTrue(
                events.stream().anyMatch(event -> event.getFormattedMessage().startsWith("Connected to i-")),
                events::toString);
    }
}
