package dev.ephemeralbuilder.event;

import static dev.ephemeralbuilder.event.MeterTags.SUCCESS;

import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ReapReport.Finding;
import dev.ephemeralbuilder.Transfer;
import dev.ephemeralbuilder.selection.Offer;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** One registry's meters of a fleet. Safe for use by many threads. */
final class FleetMeters {
    /** What takes a machine's time. */
    private static final Duration[] LONG = seconds(1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600);

    /** What takes a call's time. */
    private static final Duration[] SHORT = seconds(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60);

    private final MeterRegistry registry;
    private final LiveMachines machines;

    /** What there is a gauge of. */
    private final Set<Record> made = ConcurrentHashMap.newKeySet();

    FleetMeters(MeterRegistry registry, LiveMachines machines) {
        this.registry = registry;
        this.machines = machines;
    }

    private static Duration[] seconds(double... seconds) {
        return Arrays.stream(seconds)
                .mapToObj(s -> Duration.ofMillis(Math.round(s * 1000)))
                .toArray(Duration[]::new);
    }

    /** Makes the gauges of machines that there was none of before. */
    void onMachines() {
        for (LiveMachines.Group group : machines.groups()) {
            if (!made.add(group)) {
                continue;
            }
            Gauge.builder("ephemeral.builders", machines, all -> all.count(group))
                    .description("Machines that the fleet holds or gives back")
                    .baseUnit("builders")
                    .tags(
                            "state",
                            MeterTags.of(group.state()),
                            "provider",
                            group.provider(),
                            "market",
                            MeterTags.of(group.market()))
                    .register(registry);
        }
        for (LiveMachines.Purse purse : machines.purses()) {
            if (!made.add(purse)) {
                continue;
            }
            Gauge.builder("ephemeral.spend.hourly", machines, all -> all.hourly(purse))
                    .description("What the machines that are not given back cost in an hour, an estimate")
                    .tags(tags(purse))
                    .register(registry);
        }
    }

    private static Tags tags(LiveMachines.Purse purse) {
        return Tags.of(
                "currency", purse.currency(), "provider", purse.provider(), "market", MeterTags.of(purse.market()));
    }

    void onEvent(BuilderEvent event) {
        if (event instanceof BuilderEvent.Selected e) {
            timer("ephemeral.builder.select", "Reading the market and ranking the offers", Tags.empty(), e.took());
        } else if (event instanceof BuilderEvent.LaunchFailed e) {
            launchFailed(e);
        } else if (event instanceof BuilderEvent.Launched e) {
            timer("ephemeral.builder.launch", "Create calls, repetitions included", MeterTags.of(e.offer()), e.took());
        } else if (event instanceof BuilderEvent.Running e) {
            timer("ephemeral.builder.boot", "From the create call to a running machine", of(e.machineId()), e.took());
        } else if (event instanceof BuilderEvent.Ready e) {
            timer("ephemeral.builder.connect", "From a running machine to a builder", of(e.machineId()), e.took());
        } else if (event instanceof BuilderEvent.Acquired e) {
            acquired(SUCCESS, e.took());
        } else if (event instanceof BuilderEvent.AcquireFailed e) {
            acquired(e.failure() == null ? "cancelled" : MeterTags.kind(e.failure()), e.took());
        } else if (event instanceof BuilderEvent.LimitReached) {
            counter("ephemeral.builder.limits", "Launches cut short by the owner's own limits", Tags.empty(), 1);
        } else if (event instanceof BuilderEvent.ReclaimNoticed e) {
            counter("ephemeral.builder.reclaim.notices", "Notices of reclaim", of(e.machineId()), 1);
        } else if (event instanceof BuilderEvent.ReclaimWithdrawn e) {
            counter("ephemeral.builder.reclaim.withdrawn", "Notices that came to nothing", of(e.machineId()), 1);
        } else if (event instanceof BuilderEvent.Released e) {
            released(e);
        } else if (event instanceof BuilderEvent.Detached e) {
            held("detached", machines.offer(e.machineId()), e.held());
        } else if (event instanceof BuilderEvent.Gone e) {
            timer("ephemeral.builder.deletion", "From giving back to being seen gone", of(e.machineId()), e.took());
        } else {
            onWork(event);
        }
    }

    /** What is done on machines. */
    private void onWork(BuilderEvent event) {
        if (event instanceof BuilderEvent.ScriptEnded e) {
            script(MeterTags.outcome(e.result()), e.result().duration());
        } else if (event instanceof BuilderEvent.ScriptLost e) {
            script("lost", e.took());
        } else if (event instanceof BuilderEvent.CommandEnded e) {
            Integer code = e.exitCode();
            String outcome = code == null ? "lost" : code == 0 ? SUCCESS : "failure";
            timer("ephemeral.command", "Containers' own commands", Tags.of("outcome", outcome), e.took());
        } else if (event instanceof BuilderEvent.Transferred e) {
            transferred(e.direction(), SUCCESS, e.took());
            bytes(e.direction(), e.transfer());
        } else if (event instanceof BuilderEvent.TransferFailed e) {
            transferred(e.direction(), MeterTags.kind(e.failure()), e.took());
        } else if (event instanceof BuilderEvent.JobAttemptStarted e && e.attempt() > 1) {
            counter("ephemeral.job.retries", "Attempts of jobs after the first", Tags.empty(), 1);
        } else if (event instanceof BuilderEvent.JobAttemptEnded e) {
            Tags end = Tags.of("end", MeterTags.of(e.attempt().end()));
            timer("ephemeral.job.attempt", "Attempts of jobs", end, e.attempt().duration());
        }
    }

    void onCloudEvent(CloudEvent event) {
        Tags tags = Tags.of("provider", event.provider());
        if (event instanceof CloudEvent.Called e) {
            Tags call = tags.and("action", MeterTags.of(e.action()));
            String outcome = e.failure() == null ? SUCCESS : MeterTags.kind(e.failure());
            timer("ephemeral.cloud.calls", "Calls to the cloud", call.and("outcome", outcome), e.took(), SHORT);
            if (e.attempt() > 1) {
                counter("ephemeral.cloud.retries", "Calls to the cloud that repeat a failed one", call, 1);
            }
        } else if (event instanceof CloudEvent.Delayed e) {
            Tags wait = tags.and("action", MeterTags.of(e.action()), "reason", MeterTags.of(e.reason()));
            timer("ephemeral.cloud.waits", "Waits before a call to the cloud", wait, e.took(), SHORT);
        } else if (event instanceof CloudEvent.Swept e) {
            swept(tags, e);
        }
    }

    void onDropped(long count) {
        counter("ephemeral.events.dropped", "Events that came faster than they were counted", Tags.empty(), (double)
                count);
    }

    private void launchFailed(BuilderEvent.LaunchFailed e) {
        Tags offer = MeterTags.of(e.offer());
        counter(
                "ephemeral.builder.failures",
                "Offers that no machine came of",
                offer.and("kind", MeterTags.kind(e.failure())),
                1);
        if (e.failure() instanceof CapacityException capacity
                && capacity.reason() == CapacityException.Reason.NO_STOCK) {
            counter("ephemeral.builder.stockouts", "Offers that the cloud had no stock of", offer, 1);
        }
    }

    private void acquired(String outcome, Duration took) {
        timer("ephemeral.builder.acquire", "Acquires", Tags.of("outcome", outcome), took);
    }

    private void released(BuilderEvent.Released e) {
        held(MeterTags.of(e.ending()), e.offer(), e.held());
        Tags purse = tags(LiveMachines.purseOf(e.offer()));
        counter(
                "ephemeral.spend",
                "What machines have cost, an estimate",
                purse,
                e.cost().amount().amount().doubleValue());
        counter(
                "ephemeral.spend.on.demand",
                "What the same machines would have cost on demand, an estimate",
                purse,
                e.cost().onDemand().amount().doubleValue());
    }

    private void held(String ending, @Nullable Offer offer, Duration held) {
        timer(
                "ephemeral.builder.held",
                "Machines by why they ended",
                MeterTags.of(offer).and("ending", ending),
                held);
    }

    private void script(String outcome, Duration took) {
        timer("ephemeral.script", "Scripts", Tags.of("outcome", outcome), took);
    }

    private void transferred(BuilderEvent.Direction direction, String outcome, Duration took) {
        Tags tags = Tags.of("direction", MeterTags.of(direction), "outcome", outcome);
        timer("ephemeral.transfer", "Transfers of files", tags, took);
    }

    private void bytes(BuilderEvent.Direction direction, Transfer transfer) {
        Counter.builder("ephemeral.transfer.size")
                .description("Sizes of files that were transferred")
                .baseUnit("bytes")
                .tags("direction", MeterTags.of(direction))
                .register(registry)
                .increment((double) transfer.bytes());
    }

    private void swept(Tags provider, CloudEvent.Swept e) {
        String outcome =
                e.part().failure() == null ? SUCCESS : MeterTags.kind(e.part().failure());
        timer("ephemeral.sweeps", "Searches for orphans", provider.and("outcome", outcome), e.took());
        if (!e.dryRun()) {
            for (Finding finding : e.part().findings()) {
                if (finding.reason().shouldGo()) {
                    Tags fate = provider.and("fate", MeterTags.of(finding.fate()));
                    counter("ephemeral.orphans", "Orphans that were found", fate, 1);
                }
            }
        }
    }

    private Tags of(String machineId) {
        return MeterTags.of(machines.offer(machineId));
    }

    private void timer(String name, String description, Tags tags, Duration took) {
        timer(name, description, tags, took, LONG);
    }

    private void timer(String name, String description, Tags tags, Duration took, Duration... buckets) {
        Timer.builder(name)
                .description(description)
                .tags(tags)
                .serviceLevelObjectives(buckets)
                .register(registry)
                .record(took);
    }

    private void counter(String name, String description, Tags tags, double amount) {
        Counter.builder(name)
                .description(description)
                .tags(tags)
                .register(registry)
                .increment(amount);
    }
}
