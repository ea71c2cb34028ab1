package dev.ephemeralbuilder.testing.simulator;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/**
 * What a group got.
 *
 * @param size what is billed where no type is
 * @param type the instance type, if one was asked for or it is a spot group; null for a group by size
 * @param named whether the create call named the type, so that describe calls show it
 * @param pricePerHour CNY at the time of creation
 */
record GroupPlace(
        String zone,
        String vSwitch,
        GroupSize size,
        Catalogue.@Nullable Type type,
        boolean named,
        BigDecimal pricePerHour) {
    /** Returns the type, or the size where none was asked for. */
    String kind() {
        return type != null && named ? type.name() : size.key();
    }
}
