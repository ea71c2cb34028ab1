package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.DuplicateRequestException;
import dev.ephemeralbuilder.Job;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The machines of one job: where the next one may be, by which request it is asked for, and what dead processes have left
 * of the job on the way. Confined to the ticker.
 */
final class JobMachines {
    /** As many request ids one job may use up, its dead processes included. */
    private static final int MOST_IDS = 20;

    private final Jobs fleet;
    private final Ticker ticker;
    private final Job job;
    private final String id;
    private final JobRemains remains;
    private final Map<Market, Integer> begun = new EnumMap<>(Market.class);
    private final Set<String> lost = new HashSet<>();

    /** How many request ids were used: attempts have one each, or more. */
    private int ids;

    /**
     * @param id the job's
     * @param untilGone for how long what a dead process has left is waited for to be gone
     */
    JobMachines(Jobs fleet, Job job, String id, Duration untilGone) {
        this.fleet = fleet;
        this.ticker = fleet.ticker();
        this.job = job;
        this.id = id;
        this.remains = new JobRemains(ticker, untilGone);
    }

    /** Whether the job's recovery policy allows another one. */
    boolean allowsAnother() {
        return !marketsLeft().isEmpty();
    }

    /** Returns where another attempt may begin. */
    private Set<Market> marketsLeft() {
        Set<Market> left = EnumSet.noneOf(Market.class);
        for (Market market : job.spec().markets()) {
            int most = market == Market.SPOT
                    ? job.recovery().spotAttempts()
                    : job.recovery().onDemandAttempts();
            if (begun.getOrDefault(market, 0) < most) {
                left.add(market);
            }
        }
        return left;
    }

    /** The cloud takes back what was had of an offer: the next ones are to be from elsewhere. */
    void leaveOut(Offer offer) {
        if (offer.market() == Market.SPOT && lost.add(offer.pool())) {
            fleet.lost(offer.pool());
        }
    }

    /** Completes when nothing of the job runs any more where dead processes had begun it, or that was waited for long enough. */
    CompletableFuture<@Nullable Void> remainsGone() {
        return remains.gone();
    }

    /**
     * Gets one for an attempt: none on which anybody has begun the job. Completes on the ticker; never, and gives back what
     * comes, once the attempt has ended.
     */
    CompletableFuture<BuilderHandle> get(JobTry now) {
        CompletableFuture<BuilderHandle> machine = new CompletableFuture<>();
        acquire(now, machine);
        return machine;
    }

    private void acquire(JobTry now, CompletableFuture<BuilderHandle> machine) {
        ids++;
        if (!named() || ids > 1) {
            ask(now, machine);
            return;
        }
        List<String> all =
                IntStream.rangeClosed(1, MOST_IDS).mapToObj(this::idOf).toList();
        Stages.whenDone(fleet.lastBegun(all), ticker, (last, failure) -> {
            if (now.ended()) {
                return;
            }
            if (failure != null) {
                // The job may be at work elsewhere.
                machine.completeExceptionally(Failures.asBuilderException(failure));
                return;
            }
            // Whoever has begun that one had left those before it.
            for (; ids < last; ids++) {
                remains.found(idOf(ids));
            }
            ask(now, machine);
        });
    }

    private boolean named() {
        return job.request().requestId().isPresent();
    }

    private String idOf(int number) {
        return number == 1 ? id : id + "." + number;
    }

    private void ask(JobTry now, CompletableFuture<BuilderHandle> machine) {
        CompletableFuture<BuilderHandle> acquiring;
        try {
            acquiring = fleet.acquire(
                    id, new Acquisitions.Wish(job.spec(), job.request(), idOf(ids), marketsLeft(), Set.copyOf(lost)));
        } catch (BuilderException e) {
            acquiring = CompletableFuture.failedFuture(e);
        }
        now.acquiring(acquiring);
        Stages.whenDone(acquiring, ticker, (builder, failure) -> {
            if (now.ended()) {
                if (failure == null) {
                    builder.close();
                }
            } else if (failure == null) {
                had(now, builder, machine);
            } else {
                machine.completeExceptionally(Failures.unwrap(failure));
            }
        });
    }

    private void had(JobTry now, BuilderHandle builder, CompletableFuture<BuilderHandle> machine) {
        if (!named()) {
            take(builder, machine);
            return;
        }
        // This one was a dead process's, if it was anybody's, and so were those.
        remains.giveBack(fleet::giveBack);
        Stages.whenDone(builder.begun(), ticker, (scripts, failure) -> {
            if (now.ended()) {
                builder.close();
            } else if (failure != null || scripts.stream().noneMatch(script -> Supervisor.isMadeUp(script.id()))) {
                // One that cannot be asked is found lost by whoever works on it.
                take(builder, machine);
            } else {
                anothers(now, builder, machine);
            }
        });
    }

    private void take(BuilderHandle builder, CompletableFuture<BuilderHandle> machine) {
        begun.merge(builder.offer().market(), 1, Integer::sum);
        machine.complete(builder);
    }

    /** A process that is dead now has begun the job on this machine: that was an attempt, and its output is gone. */
    private void anothers(JobTry now, BuilderHandle builder, CompletableFuture<BuilderHandle> machine) {
        remains.await(builder.held().gone());
        builder.close();
        if (ids >= MOST_IDS) {
            machine.completeExceptionally(new DuplicateRequestException(
                    "Other processes have begun job " + id + " on " + MOST_IDS
                            + " machines and have died; is it the job that ends them?",
                    null));
            return;
        }
        Market market = builder.offer().market();
        begun.merge(market, 1, Integer::sum);
        if (marketsLeft().isEmpty()) {
            begun.remove(market);
        }
        acquire(now, machine);
    }
}
