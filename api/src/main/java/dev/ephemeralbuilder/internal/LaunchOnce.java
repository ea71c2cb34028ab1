package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineTags;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/**
 * Makes a create call so that it has one known outcome: the same call again while the outcome is unknown, then a search
 * by the attempt's tag, until the machine is found or two complete lists, a while apart, do not contain it.
 */
final class LaunchOnce {
    /** For how long the same call is repeated. */
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    /** Between two looks for a machine that may have been created; a new one may be invisible for a while. */
    private static final Duration GRACE = Duration.ofSeconds(30);

    private static final int LOOKS = 3;

    /** Until a cloud that could not be asked is asked again. */
    private static final Duration UNASKED = Duration.ofMinutes(1);

    private final Region region;
    private final Launch launch;
    private final String owner;
    private final boolean shared;
    private volatile boolean inDoubt;
    private volatile boolean tokenUsed;

    /** @param shared whether other processes may use the same token */
    LaunchOnce(Region region, Launch launch, String owner, boolean shared) {
        this.region = region;
        this.launch = launch;
        this.owner = owner;
        this.shared = shared;
    }

    /**
     * Makes the call, whose turn has come, and returns the ids of the machines; fails when it is certain that there are none, or that nobody can tell.
     *
     * @param abandoned whether nobody wants the machine any more; then the call is not repeated without need
     */
    CompletableFuture<List<String>> run(BooleanSupplier abandoned) {
        Instant deadline = region.ticker().now().plus(PATIENCE);
        return Stages.then(
                region.cloud().repeatWithTurn(CloudAction.LAUNCH, deadline, () -> once(abandoned)),
                (result, failure) -> {
                    if (failure == null) {
                        return CompletableFuture.completedFuture(result.ids());
                    }
                    BuilderException reason = Failures.asBuilderException(failure);
                    if (!inDoubt) {
                        return CompletableFuture.failedFuture(reason);
                    }
                    return search(tokenUsed ? 1 : LOOKS).thenCompose(found -> {
                        inDoubt = false;
                        return found.isEmpty()
                                ? CompletableFuture.failedFuture(
                                        Failures.effectUnknown(reason) ? provenAbsent(reason) : reason)
                                : CompletableFuture.completedFuture(found);
                    });
                });
    }

    /** Returns whether the cloud has said that somebody used the token for another call. */
    boolean tokenUsed() {
        return tokenUsed;
    }

    /** Returns the ids of what a call that was made long ago by somebody else has made; often none. */
    CompletableFuture<List<String>> find() {
        return search(1);
    }

    /** Returns whether the last run failed and nobody knows yet whether there is a machine. */
    boolean inDoubt() {
        return inDoubt;
    }

    /** Searches until the cloud has told, however long it cannot be asked; returns what there is, often nothing. */
    CompletableFuture<List<String>> settle() {
        return Stages.then(
                search(LOOKS),
                (found, failure) -> failure == null
                        ? CompletableFuture.completedFuture(found)
                        : Stages.after(region.ticker(), UNASKED).thenCompose(v -> settle()));
    }

    private LaunchResult once(BooleanSupplier abandoned) throws InterruptedException {
        if (abandoned.getAsBoolean() && !inDoubt) {
            throw new CancellationException("the acquire was cancelled");
        }
        try {
            return region.provider().launch(launch);
        } catch (InterruptedException | RuntimeException | Error e) {
            // One call in doubt is enough: a later one that surely had no effect says nothing about it.
            inDoubt |= !(e instanceof BuilderException) || Failures.effectUnknown(e);
            // Of all outcomes that are unknown, only this one is not worth a repetition.
            tokenUsed |= shared && Failures.effectUnknown(e) && e instanceof BuilderException b && !b.retryable();
            throw e;
        }
    }

    /** Fails only if the cloud cannot be asked. */
    private CompletableFuture<List<String>> search(int looks) {
        return machinesOfThisAttempt().thenCompose(found -> {
            if (!found.isEmpty() || looks == 1) {
                return CompletableFuture.completedFuture(
                        found.stream().map(Machine::id).toList());
            }
            return Stages.after(region.ticker(), GRACE).thenCompose(v -> search(looks - 1));
        });
    }

    private static ProviderException provenAbsent(BuilderException reason) {
        return new ProviderException(
                "The create call failed and the cloud shows no machine of it: " + reason.getMessage(),
                ProviderException.Effect.NONE,
                true,
                reason.code().orElse(null),
                reason.requestId().orElse(null),
                reason);
    }

    /** Somebody else may have used the same token: the machine is ours only if it shows our host key. */
    private CompletableFuture<List<Machine>> machinesOfThisAttempt() {
        return Listing.of(region, owner, region.ticker().now().plus(PATIENCE))
                .thenApply(all -> all.stream()
                        .filter(m -> launch.token().equals(m.tags().get(MachineTags.ATTEMPT)))
                        // A command that has run already must not run again.
                        .filter(m -> !Held.isEntryOnly(m))
                        .filter(this::isOurs)
                        .toList());
    }

    private boolean isOurs(Machine machine) {
        return Objects.equals(
                launch.tags().get(MachineTags.HOST_KEY), machine.tags().get(MachineTags.HOST_KEY));
    }
}
