package dev.ephemeralbuilder.testing.simulator;

import java.math.BigDecimal;

/** List prices of cn-hangzhou in CNY per second (eci-openapi, 7); here they hold for every region. */
final class GroupPrices {
    static final BigDecimal GIB = new BigDecimal("0.00000613");

    private static final BigDecimal VCPU = new BigDecimal("0.000049");
    private static final BigDecimal ECONOMY_VCPU = new BigDecimal("0.000027");
    private static final BigDecimal HOUR = new BigDecimal(3_600);

    private GroupPrices() {}

    static BigDecimal vcpu(boolean economy) {
        return economy ? ECONOMY_VCPU : VCPU;
    }

    static BigDecimal perSecond(GroupSize size, boolean economy) {
        return vcpu(economy)
                .multiply(BigDecimal.valueOf(size.vcpus()))
                .add(GIB.multiply(BigDecimal.valueOf(size.memoryGib())));
    }

    static BigDecimal perHour(GroupSize size, boolean economy) {
        return perSecond(size, economy).multiply(HOUR);
    }
}
