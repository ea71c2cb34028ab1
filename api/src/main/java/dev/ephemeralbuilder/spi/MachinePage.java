package dev.ephemeralbuilder.spi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of machines.
 *
 * @param machines the machines
 * @param next the cursor of the next page, null if this is the last
 */
public record MachinePage(List<Machine> machines, @Nullable String next) {
    /** Copies the list. */
    public MachinePage {
        machines = List.copyOf(machines);
    }
}
