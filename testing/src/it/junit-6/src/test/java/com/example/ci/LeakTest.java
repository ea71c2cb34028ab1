package com.example.ci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.testing.InMemoryProvider;
import dev.ephemeralbuilder.testing.TestTicker;
import dev.ephemeralbuilder.testing.junit.EphemeralBuilderExtension;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

class LeakTest {
    @Test
    void aTestThatForgetsABuilderFailsAndIsToldWhere() {
        Throwable failure = onlyFailure(Forgetting.class);
        assertTrue(failure instanceof AssertionError, failure.toString());
        assertTrue(failure.getMessage().startsWith("the test forgets("), failure.getMessage());
        assertTrue(
                failure.getMessage().contains(" of request job-17 was not closed; acquired at "), failure.getMessage());
        assertTrue(
                failure.getMessage().contains(LeakTest.class.getName() + ".acquire(LeakTest.java:"),
                failure.getMessage());
    }

    @Test
    void aTestThatLeavesAMachineFailsAndItIsNamed() {
        Throwable failure = onlyFailure(Leaving.class);
        assertTrue(
                failure.getMessage().contains("  - machine i-memory-000001 (mem.c1.large, "), failure.getMessage());
        assertTrue(
                failure.getMessage().contains(", request job-18) is still there"),
                failure.getMessage());
        assertFalse(failure.getMessage().contains("was not closed"), failure.getMessage());
    }

    private static Throwable onlyFailure(Class<?> examples) {
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(selectClass(examples))
                                .build(),
                        listener);
        TestExecutionSummary summary = listener.getSummary();
        assertEquals(1, summary.getFailures().size());
        return summary.getFailures().get(0).getException();
    }

    private static EphemeralBuilder acquire(BuildFleet fleet, TestTicker ticker, String requestId) {
        MachineSpec spec =
                MachineSpec.builder().vcpus(2).memoryGib(4).machineImage("m-any").build();
        AcquireRequest request = AcquireRequest.builder().requestId(requestId).build();
        return ticker.advanceUntil(fleet.acquireAsync(spec, request), Duration.ofHours(1));
    }

    static class Forgetting {
        @RegisterExtension
        final EphemeralBuilderExtension extension = EphemeralBuilderExtension.inMemory();

        @Test
        void forgets(BuildFleet fleet, TestTicker ticker) {
            EphemeralBuilder builder = acquire(fleet, ticker, "job-17");
            assertEquals("job-17", builder.requestId());
        }
    }

    static class Leaving {
        @RegisterExtension
        final EphemeralBuilderExtension extension = EphemeralBuilderExtension.inMemory()
                .cloud(cloud -> cloud.deletionTime(Duration.ofHours(1)))
                .fleet(fleet -> fleet.closeTimeout(Duration.ZERO));

        @Test
        void leaves(BuildFleet fleet, InMemoryProvider cloud, TestTicker ticker) {
            acquire(fleet, ticker, "job-18").close();
            assertFalse(cloud.machines().isEmpty());
        }
    }
}
