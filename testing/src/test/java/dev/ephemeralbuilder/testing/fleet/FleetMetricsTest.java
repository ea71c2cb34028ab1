package dev.ephemeralbuilder.testing.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.event.FleetMetrics;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.ProviderLimits;
import dev.ephemeralbuilder.testing.InMemoryProvider.Call;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class FleetMetricsTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final FleetMetrics metrics = new FleetMetrics();

    private FleetRig rig() {
        metrics.bindTo(registry);
        return new FleetRig(cloud -> cloud, fleet -> fleet.listener(metrics).selectionPolicy(LostTest.UNPROTECTED));
    }

    private double builders(String state) {
        return registry.find("ephemeral.builders").tag("state", state).gauges().stream()
                .mapToDouble(Gauge::value)
                .sum();
    }

    private double hourly() {
        return registry.find("ephemeral.spend.hourly").gauges().stream()
                .mapToDouble(Gauge::value)
                .sum();
    }

    private void await(String what, Callable<Boolean> condition) {
        Awaitility.await(what).atMost(Duration.ofSeconds(20)).until(condition);
    }

    private void awaitTimer(String name, String... tags) {
        await(name, () -> !registry.find(name).tags(tags).timers().isEmpty());
    }

    private void awaitCounter(String name, String... tags) {
        await(name, () -> !registry.find(name).tags(tags).counters().isEmpty());
    }

    @Test
    void gaugesFollowEachMachineAndGoBackToZero() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder first = rig.acquire();
            rig.acquire();
            await("two ready", () -> builders("ready") == 2);
            assertThat(hourly())
                    .isEqualTo(2 * first.offer().hourlyPrice().amount().doubleValue());
            first.close();
            rig.await(first.gone());
            await("one ready", () -> builders("ready") == 1 && builders("releasing") == 0);
        }
        for (String state : List.of("booting", "connecting", "ready", "releasing")) {
            await(state, () -> builders(state) == 0);
        }
        assertThat(hourly()).isZero();
        assertThat(registry.find("ephemeral.spend").counters()).hasSize(1);
        assertThat(registry.get("ephemeral.builder.held").timer().count()).isEqualTo(2);
        assertThat(registry.get("ephemeral.builder.acquire")
                        .tag("outcome", "success")
                        .timer()
                        .count())
                .isEqualTo(2);
    }

    @Test
    void aDetachedMachineIsCountedNoMore() {
        try (FleetRig rig = rig()) {
            EphemeralBuilder builder = rig.acquire();
            await("one ready", () -> builders("ready") == 1);
            rig.detach(builder);
            awaitTimer("ephemeral.builder.held", "ending", "detached");
            await("none ready", () -> builders("ready") == 0 && hourly() == 0);
        }
    }

    @Test
    void aRegistryThatIsBoundLateKnowsWhatIsThere() {
        FleetMetrics late = new FleetMetrics();
        try (FleetRig rig = new FleetRig(cloud -> cloud, fleet -> fleet.listener(late))) {
            rig.acquire();
            rig.event(BuilderEvent.Acquired.class);
            late.bindTo(registry);
            await("one ready", () -> builders("ready") == 1);
        }
    }

    @Test
    void whatIsLeftBehindIsCountedNoMore() {
        metrics.bindTo(registry);
        try (FleetRig rig = new FleetRig(
                cloud -> cloud.deletionTime(Duration.ofMinutes(10)),
                fleet -> fleet.listener(metrics).closeTimeout(Duration.ofSeconds(5)))) {
            rig.acquire();
        }
        await("none", () -> builders("ready") == 0 && builders("releasing") == 0);
    }

    /** Lets a fleet meet all that is counted. */
    private void keepBusy(Path folder) throws IOException, InterruptedException {
        metrics.bindTo(registry);
        ProviderLimits limits =
                ProviderLimits.builder().callsPerMinute(CloudAction.LIST, 1).build();
        try (FleetRig rig = new FleetRig(
                cloud -> cloud.limits(limits),
                fleet -> fleet.listener(metrics)
                        .selectionPolicy(LostTest.UNPROTECTED)
                        .maxMachines(2))) {
            rig.cloud.failNext(
                    Call.LAUNCH, new CapacityException("none", CapacityException.Reason.NO_STOCK, "none", null, null));
            rig.cloud.failNext(Call.LAUNCH, new ThrottledException("too many", "Throttling", null, null));
            EphemeralBuilder builder = rig.acquire();
            RunningScript script = rig.await(builder.start(Script.of("exit 1")));
            rig.await(script.result());
            Path file = Files.writeString(folder.resolve("a.txt"), "12345");
            rig.blocking(() -> FleetEventsTest.quietly(() -> builder.upload(file, "a.txt")));
            EphemeralBuilder second = rig.acquire();
            assertThatThrownBy(rig::acquire).isInstanceOf(QuotaException.class);
            rig.cloud.reclaim(builder.id(), Duration.ofMinutes(3));
            rig.await(builder.gone());
            second.close();
            rig.await(second.gone());
            rig.pass(Duration.ofSeconds(5));

            MachineSpec container = MachineSpec.builder()
                    .vcpus(1)
                    .memoryGib(1)
                    .containerImage("image")
                    .build();
            rig.await(rig.fleet.runOnceAsync(
                    container,
                    AcquireRequest.defaults(),
                    ContainerCommand.of("sh", "-c", "exit 0"),
                    LogSink.discard()));
            rig.pass(Duration.ofMinutes(1));
            Job job = Job.builder(FleetRig.SPEC).script(Script.of("true")).build();
            rig.await(rig.fleet.runAsync(job, LogSink.discard()));
            rig.pass(Duration.ofMinutes(1));

            rig.acquire();
            rig.orphan();
            rig.blocking(() -> rig.fleet.reap());
            rig.blocking(() -> rig.fleet.reap());
        }
        awaitTimer("ephemeral.cloud.calls", "outcome", "throttled");
        awaitTimer("ephemeral.cloud.waits", "reason", "rate_limit", "action", "list");
        awaitTimer("ephemeral.builder.held", "ending", "reclaimed");
        awaitTimer("ephemeral.script", "outcome", "failure");
        awaitTimer("ephemeral.command", "outcome", "success");
        awaitTimer("ephemeral.job.attempt", "end", "succeeded");
        awaitCounter("ephemeral.orphans", "fate", "deleted");
    }

    @Test
    void aBusyFleetHasTheMetersThatAreDocumentedWithTagsOfFewValues(@TempDir Path folder) throws Exception {
        keepBusy(folder);
        // A fleet on a good day has no more of these.
        metrics.onDropped(3);
        metrics.onEvent(new BuilderEvent.JobAttemptStarted(Instant.EPOCH, "r", 2));
        metrics.onEvent(new BuilderEvent.ReclaimWithdrawn(
                Instant.EPOCH, "r", "m", new ReclaimNotice(Instant.EPOCH, "said so")));

        Map<String, String> registered = new TreeMap<>();
        for (Meter meter : meters()) {
            String line = type(meter) + "|" + unit(meter) + "|"
                    + meter.getId().getTags().stream().map(Tag::getKey).sorted().collect(Collectors.joining(","));
            assertThat(registered.put(meter.getId().getName(), line)).isIn(null, line);
            assertThat(meter.getId().getDescription()).isNotEmpty();
        }
        assertThat(registered).isEqualTo(documented());
        // Nothing tells machines or requests apart.
        assertThat(meters())
                .flatExtracting(meter -> meter.getId().getTags())
                .extracting(Tag::getValue)
                .allMatch(value -> value.matches("[a-z_]{1,20}|[A-Z]{3}"));
    }

    /** Returns the meters, without what this registry makes of a timer's buckets. */
    private List<Meter> meters() {
        return registry.getMeters().stream()
                .filter(meter -> meter.getId().syntheticAssociation() == null)
                .toList();
    }

    private static String type(Meter meter) {
        return meter instanceof Timer
                ? "timer"
                : meter instanceof Counter ? "counter" : meter instanceof Gauge ? "gauge" : "unknown";
    }

    private static String unit(Meter meter) {
        String unit = meter.getId().getBaseUnit();
        return unit == null ? "" : unit.toLowerCase(Locale.ROOT);
    }

    private static Map<String, String> documented() throws IOException {
        Map<String, String> rows = new TreeMap<>();
        Matcher row = Pattern.compile("(?m)^\\| `(ephemeral[a-z.]*)` \\| (\\w+) \\| (\\w*) ?\\| ([^|]*)\\| \\S.*\\|$")
                .matcher(Files.readString(Path.of("../docs/metrics.md")));
        while (row.find()) {
            List<String> tags = new ArrayList<>();
            Matcher tag = Pattern.compile("`(\\w+)`").matcher(row.group(4));
            while (tag.find()) {
                tags.add(tag.group(1));
            }
            tags.sort(null);
            rows.put(row.group(1), row.group(2) + "|" + row.group(3) + "|" + String.join(",", tags));
        }
        return rows;
    }

    @Test
    void aFleetNeedsNoMicrometer() throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            if (!entry.contains("micrometer")) {
                urls.add(Path.of(entry).toUri().toURL());
            }
        }
        try (URLClassLoader loader =
                new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            assertThatThrownBy(() -> loader.loadClass("io.micrometer.core.instrument.MeterRegistry"))
                    .isInstanceOf(ClassNotFoundException.class);
            Object user = loader.loadClass(WithoutMicrometer.class.getName())
                    .getConstructor()
                    .newInstance();
            Thread thread = Thread.currentThread();
            ClassLoader before = thread.getContextClassLoader();
            thread.setContextClassLoader(loader);
            try {
                assertThat((Integer) ((Callable<?>) user).call()).isPositive();
            } finally {
                thread.setContextClassLoader(before);
            }
        }
    }
}
