package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Currency;

/**
 * An amount in one currency, never a {@code double}.
 *
 * @param amount the amount in major units (yuan, not fen); may be negative
 * @param currency the currency
 */
public record Money(BigDecimal amount, Currency currency) implements Comparable<Money> {
    private static final BigDecimal NANOS_PER_HOUR =
            BigDecimal.valueOf(Duration.ofHours(1).toNanos());

    /** Checks the parts. */
    public Money {
        requireNonNull(amount, "amount");
        requireNonNull(currency, "currency");
    }

    /**
     * Returns an amount from text.
     *
     * @param amount a decimal number, such as {@code "0.097"}
     * @param currency an ISO 4217 code, such as {@code "CNY"}
     * @throws IllegalArgumentException if either is malformed
     */
    public static Money of(String amount, String currency) {
        return new Money(new BigDecimal(amount), Currency.getInstance(currency));
    }

    /** Returns this amount multiplied by a factor, exactly. */
    public Money times(BigDecimal factor) {
        return new Money(amount.multiply(factor), currency);
    }

    /** Returns what a thing of this price per hour costs for a time, to 34 digits. */
    public Money forDuration(Duration time) {
        BigDecimal hours = BigDecimal.valueOf(time.toNanos()).divide(NANOS_PER_HOUR, MathContext.DECIMAL128);
        return new Money(amount.multiply(hours, MathContext.DECIMAL128), currency);
    }

    /**
     * Returns the sum.
     *
     * @throws IllegalArgumentException if the currencies differ
     */
    public Money plus(Money other) {
        return new Money(amount.add(sameCurrency(other).amount), currency);
    }

    /**
     * Returns the difference.
     *
     * @throws IllegalArgumentException if the currencies differ
     */
    public Money minus(Money other) {
        return new Money(amount.subtract(sameCurrency(other).amount), currency);
    }

    /**
     * Compares two amounts of one currency. 1.0 and 1.00 compare as equal but are not {@link #equals equal}.
     *
     * @throws IllegalArgumentException if the currencies differ
     */
    @Override
    public int compareTo(Money other) {
        return amount.compareTo(sameCurrency(other).amount);
    }

    /** Returns the amount rounded half up to four decimals and the currency code, such as {@code 0.0970 CNY}. */
    @Override
    public String toString() {
        return amount.setScale(4, RoundingMode.HALF_UP).toPlainString() + " " + currency.getCurrencyCode();
    }

    private Money sameCurrency(Money other) {
        if (!currency.equals(other.currency)) {
            throw new IllegalArgumentException("currencies must be equal, were " + currency + " and " + other.currency);
        }
        return other;
    }
}
