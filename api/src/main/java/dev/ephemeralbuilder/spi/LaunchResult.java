package dev.ephemeralbuilder.spi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a create call made.
 *
 * @param ids the ids of the machines, at least one
 * @param requestId the cloud's id of the call, if it gave one
 */
public record LaunchResult(List<String> ids, @Nullable String requestId) {
    /** Copies and checks the ids. */
    public LaunchResult {
        ids = List.copyOf(ids);
        if (ids.isEmpty()) {
            throw new IllegalArgumentException("ids must not be empty: that is an unknown outcome");
        }
    }
}
