package dev.ephemeralbuilder.cost;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.Money;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.Currency;

/**
 * The sum of lines of one currency. All amounts are estimates.
 *
 * @param machines how many machines it is of
 * @param running how many of them have no end yet
 * @param withoutDisk how many of them have a disk of unknown cost, which is not in the amounts
 * @param bootFailed how many of them never got ready
 * @param times what their time went into, together
 * @param amount what they cost
 * @param onDemand what they would have cost on demand
 * @param waste the part of the amount that was of no use, see {@link CostLine#waste}
 */
public record CostTotals(
        int machines,
        int running,
        int withoutDisk,
        int bootFailed,
        CostTimes times,
        Money amount,
        Money onDemand,
        Money waste) {
    /** Checks the parts. */
    public CostTotals {
        requireNonNull(times, "times");
        requireNonNull(amount, "amount");
        requireNonNull(onDemand, "onDemand");
        requireNonNull(waste, "waste");
    }

    /** Returns the currency of all its amounts. */
    public Currency currency() {
        return amount.currency();
    }

    /** Returns how much less it was than on demand; negative if it was more. */
    public Money saved() {
        return onDemand.minus(amount);
    }

    /** Returns the sum of what is of one currency. */
    static CostTotals of(Currency currency, Collection<CostLine> lines) {
        Money zero = new Money(BigDecimal.ZERO, currency);
        CostTotals sum = new CostTotals(0, 0, 0, 0, CostTimes.NONE, zero, zero, zero);
        for (CostLine line : lines) {
            if (line.cost().amount().currency().equals(currency)) {
                sum = sum.plus(line);
            }
        }
        return sum;
    }

    private CostTotals plus(CostLine line) {
        return new CostTotals(
                machines + 1,
                running + (line.running() ? 1 : 0),
                withoutDisk + (line.cost().disk().isEmpty() ? 1 : 0),
                bootFailed + (line.end() == CostLine.End.BOOT_FAILED ? 1 : 0),
                times.plus(line.times()),
                amount.plus(line.cost().amount()),
                onDemand.plus(line.cost().onDemand()),
                waste.plus(line.waste()));
    }
}
