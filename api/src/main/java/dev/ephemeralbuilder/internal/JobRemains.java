package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What dead processes have left of a job: machines on which its scripts may run until they are gone. Confined to the
 * ticker.
 */
final class JobRemains {
    private static final Logger log = LoggerFactory.getLogger(JobRemains.class);

    private final Ticker ticker;
    private final Duration most;

    /** Requests of dead processes that had gone on to the next one. */
    private final List<String> requests = new ArrayList<>();

    private CompletableFuture<@Nullable Void> gone = CompletableFuture.completedFuture(null);

    /** @param most for how long a machine is waited for to be gone */
    JobRemains(Ticker ticker, Duration most) {
        this.ticker = ticker;
        this.most = most;
    }

    /** A dead process had gone on from this request. */
    void found(String requestId) {
        requests.add(requestId);
    }

    /** Gives back what was found. */
    void giveBack(Function<String, CompletableFuture<Void>> call) {
        requests.forEach(request -> await(call.apply(request)));
        requests.clear();
    }

    /** Waits for a machine to be gone; for as long as may be if that cannot be seen. */
    void await(CompletableFuture<Void> end) {
        CompletableFuture<@Nullable Void> over = Stages.after(ticker, most);
        Stages.whenDone(end, (v, failure) -> {
            if (failure == null) {
                over.complete(null);
            } else {
                log.debug(
                        "It is not known whether a dead process's machine is gone: {}",
                        Failures.unwrap(failure).toString());
            }
        });
        gone = gone.thenCompose(v -> over);
    }

    /** Completes when nothing of the job runs there any more, or that was waited for long enough. */
    CompletableFuture<@Nullable Void> gone() {
        return gone;
    }
}
