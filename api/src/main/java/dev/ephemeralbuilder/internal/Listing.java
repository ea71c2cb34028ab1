package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** All machines of an owner that one provider shows: every page or a failure, never a part. On the ticker. */
final class Listing {
    /** The same order for everyone who looks. */
    static final Comparator<Machine> OLDEST_FIRST =
            Comparator.comparing(Machine::createdAt).thenComparing(Machine::id);

    private final Region region;
    private final String owner;
    private final Instant deadline;
    private final List<Machine> found = new ArrayList<>();

    private Listing(Region region, String owner, Instant deadline) {
        this.region = region;
        this.owner = owner;
        this.deadline = deadline;
    }

    /** Returns them, oldest first. No page is asked for after the deadline. */
    static CompletableFuture<List<Machine>> of(Region region, String owner, Instant deadline) {
        return new Listing(region, owner, deadline).from(null);
    }

    private CompletableFuture<List<Machine>> from(@Nullable String cursor) {
        return region.cloud()
                .repeat(CloudAction.LIST, deadline, () -> region.provider().list(owner, cursor))
                .thenCompose((MachinePage page) -> {
                    found.addAll(page.machines());
                    if (page.next() == null) {
                        found.sort(OLDEST_FIRST);
                        return CompletableFuture.completedFuture(found);
                    }
                    if (region.ticker().now().isAfter(deadline)) {
                        return CompletableFuture.failedFuture(new BuilderTimeoutException(
                                "The list of provider " + region.provider().name()
                                        + " has more pages than can be read in" + " time; " + found.size()
                                        + " machines were shown until now",
                                null,
                                null,
                                null));
                    }
                    return from(page.next());
                });
    }
}
