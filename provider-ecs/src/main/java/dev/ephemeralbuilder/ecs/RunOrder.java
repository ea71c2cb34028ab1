package dev.ephemeralbuilder.ecs;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one RunInstances call says. {@link #toString} shows no user data.
 *
 * @param spotPriceLimit the bid, null to buy on demand
 * @param userData the user data, in Base64
 */
record RunOrder(
        String token,
        int minimum,
        int count,
        String type,
        String zone,
        String vSwitch,
        String securityGroup,
        String image,
        String name,
        String diskCategory,
        int diskGib,
        int publicBandwidthMbit,
        Instant cap,
        @Nullable BigDecimal spotPriceLimit,
        int spotDuration,
        @Nullable String resourceGroup,
        Map<String, String> tags,
        String userData) {
    @Override
    public String toString() {
        return "RunOrder[" + token + ", " + type + " in " + zone + "]";
    }
}
