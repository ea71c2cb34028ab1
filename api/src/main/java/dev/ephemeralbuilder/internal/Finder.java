package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderSummary;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Finds a machine by its id alone: every provider is asked. That there is none is only said when all of them have
 * answered, and not of one that was created so short a while ago that it may not be shown yet. Confined to the ticker.
 */
final class Finder {
    /** For how long providers that cannot be asked are asked again. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** Between two looks for a machine that may not be shown yet. */
    private static final Duration PAUSE = Duration.ofSeconds(2);

    private final List<Region> regions;
    private final Records records;
    private final Ticker ticker;
    private final String owner;

    /** A machine of this owner, and who shows it. */
    record Found(Region region, Machine machine, BuilderSummary summary) {}

    private record Answer(
            Region region,
            @Nullable Machine machine,
            @Nullable Throwable failure) {}

    Finder(List<Region> regions, Records records, Ticker ticker, String owner) {
        this.regions = List.copyOf(regions);
        this.records = records;
        this.ticker = ticker;
        this.owner = owner;
    }

    /**
     * Returns a machine of this owner; empty if it is absent, and then its record is removed. Fails if the machine is
     * another owner's, if its tags are of an unknown version, or if somebody cannot be asked.
     */
    CompletableFuture<Optional<Found>> find(String id) {
        return ask(id, ticker.now().plus(PATIENCE)).thenCompose(shown -> {
            if (shown.isPresent()) {
                Found found = shown.get();
                check(found.summary());
                return CompletableFuture.completedFuture(shown);
            }
            return records.ofMachine(id).thenCompose(record -> {
                if (record.isEmpty()) {
                    return CompletableFuture.completedFuture(Optional.empty());
                }
                return mayBeInvisible(record.get())
                        ? Stages.after(ticker, PAUSE).thenCompose(v -> find(id))
                        : bury(id, record.get());
            });
        });
    }

    private CompletableFuture<Optional<Found>> ask(String id, Instant deadline) {
        List<CompletableFuture<Answer>> answers = new ArrayList<>();
        for (Region region : regions) {
            answers.add(region.cloud()
                    .repeat(
                            CloudAction.DESCRIBE,
                            deadline,
                            () -> region.provider().describe(List.of(id)))
                    .handle((machines, failure) ->
                            new Answer(region, failure == null ? machines.get(id) : null, failure)));
        }
        return CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new))
                .thenCompose(
                        v -> weigh(answers.stream().map(CompletableFuture::join).toList()));
    }

    private CompletableFuture<Optional<Found>> weigh(List<Answer> answers) {
        Throwable failure = null;
        for (Answer answer : answers) {
            Machine machine = answer.machine();
            if (machine != null && !Held.isEntryOnly(machine)) {
                BuilderSummary summary = BuilderSummary.of(
                        answer.region().provider().name(),
                        machine,
                        answer.region().clock().now(),
                        false);
                return CompletableFuture.completedFuture(Optional.of(new Found(answer.region(), machine, summary)));
            }
            failure = failure == null ? answer.failure() : failure;
        }
        return failure == null
                ? CompletableFuture.completedFuture(Optional.empty())
                : CompletableFuture.failedFuture(Failures.asBuilderException(failure));
    }

    private boolean mayBeInvisible(BuilderRecord record) {
        Instant launchedAt = record.launchedAt();
        return launchedAt != null && ticker.now().isBefore(launchedAt.plus(Held.INVISIBLE));
    }

    private CompletableFuture<Optional<Found>> bury(String id, BuilderRecord record) {
        Origin origin = record.origin();
        Duration lead = regions.stream()
                .filter(region -> region.serves(origin.offer()))
                .map(region -> region.clock().lead())
                .findFirst()
                .orElse(Duration.ZERO);
        return records.endedUnseen(origin, id, lead).thenApply(v -> Optional.empty());
    }

    private void check(BuilderSummary summary) {
        if (!summary.owner().filter(owner::equals).isPresent()) {
            throw refused("Machine " + summary.id() + " does not belong to owner " + owner + " but to "
                    + summary.owner().map(other -> "owner " + other).orElse("nobody")
                    + "; use a fleet of its owner");
        }
        if (!summary.schemaKnown()) {
            throw refused("The tags of machine " + summary.id() + " are of a version that this library does not know;"
                    + " use the version that made it");
        }
    }

    private static BuilderException refused(String why) {
        return new ConfigurationException(why, null, null, null);
    }
}
