package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.Money;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Currency;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Durations, prices and sizes as people write and read them. */
final class Texts {
    static final String DURATION_FORM = "a time such as 90s, 30m, 1h30m or 2d";
    static final String PRICE_FORM = "a price per hour such as 0.25 (CNY) or \"0.04 USD\"";

    private static final Pattern DURATION = Pattern.compile(
            "(?:(\\d{1,5})d)?(?:(\\d{1,6})h)?(?:(\\d{1,7})m)?(?:(\\d{1,9})s)?", Pattern.CASE_INSENSITIVE);
    private static final Pattern PRICE = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?) ?([A-Za-z]{3})?");
    private static final long KILO = 1000;
    private static final BigDecimal SMALL = new BigDecimal("0.01");

    private Texts() {}

    /**
     * Reads {@value #DURATION_FORM}, or the ISO form {@code PT1H30M}.
     *
     * @throws IllegalArgumentException if it is something else, or zero
     */
    static Duration parseDuration(String text) {
        Duration parsed = Duration.ZERO;
        Matcher m = DURATION.matcher(text);
        if (!text.isEmpty() && m.matches()) {
            parsed = Duration.ofDays(number(m.group(1)))
                    .plusHours(number(m.group(2)))
                    .plusMinutes(number(m.group(3)))
                    .plusSeconds(number(m.group(4)));
        } else {
            try {
                parsed = Duration.parse(text);
            } catch (DateTimeParseException notIso) {
                throw new IllegalArgumentException("expected " + DURATION_FORM + ", was \"" + text + "\"", notIso);
            }
        }
        if (parsed.isNegative() || parsed.isZero()) {
            throw new IllegalArgumentException("expected a time above zero, was \"" + text + "\"");
        }
        return parsed;
    }

    /**
     * Reads {@value #PRICE_FORM}.
     *
     * @throws IllegalArgumentException if it is something else, zero, or no known currency
     */
    static Money parsePrice(String text) {
        Matcher m = PRICE.matcher(text.strip());
        if (!m.matches()) {
            throw new IllegalArgumentException("expected " + PRICE_FORM + ", was \"" + text + "\"");
        }
        String currency = m.group(2) == null ? "CNY" : m.group(2).toUpperCase(Locale.ROOT);
        BigDecimal amount = new BigDecimal(m.group(1));
        if (amount.signum() == 0) {
            throw new IllegalArgumentException("expected a price above zero, was \"" + text + "\"");
        }
        try {
            return new Money(amount, Currency.getInstance(currency));
        } catch (IllegalArgumentException unknown) {
            throw new IllegalArgumentException("there is no currency \"" + currency + "\"", unknown);
        }
    }

    /** Returns {@code 0.4 s}, {@code 3 min 5 s} or {@code 2 h 5 min}. */
    static String duration(Duration d) {
        if (d.toMinutes() == 0) {
            return BigDecimal.valueOf(d.toMillis(), 3).setScale(1, RoundingMode.HALF_UP) + " s";
        }
        if (d.toHours() == 0) {
            return d.toMinutes() + " min" + (d.toSecondsPart() == 0 ? "" : " " + d.toSecondsPart() + " s");
        }
        return d.toHours() + " h" + (d.toMinutesPart() == 0 ? "" : " " + d.toMinutesPart() + " min");
    }

    /** Returns {@code 12 B}, {@code 3.4 kB}, {@code 200.0 MB} and so on, in powers of 1000. */
    static String bytes(long n) {
        if (n < KILO) {
            return n + " B";
        }
        BigDecimal value = BigDecimal.valueOf(n);
        String unit = "B";
        for (String next : new String[] {"kB", "MB", "GB", "TB"}) {
            if (value.setScale(1, RoundingMode.HALF_UP).longValue() < KILO) {
                break;
            }
            value = value.movePointLeft(3);
            unit = next;
        }
        return value.setScale(1, RoundingMode.HALF_UP).toPlainString() + ' ' + unit;
    }

    /** Returns {@code 1 file} or {@code 2 files}. */
    static String count(int n, String noun) {
        return n + " " + noun + (n == 1 ? "" : "s");
    }

    private static long number(@Nullable String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }

    /** An amount of money: to four decimals, a small one to six, since a build costs fractions of a cent. */
    static String money(Money money) {
        int decimals = money.amount().abs().compareTo(SMALL) < 0 ? 6 : 4;
        return money.amount().setScale(decimals, RoundingMode.HALF_UP).toPlainString() + " "
                + money.currency().getCurrencyCode();
    }
}
