package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.StateStore.Kind;
import dev.ephemeralbuilder.spi.Ticker;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Currency;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How many machines an owner may have at a time, and what they may cost in an hour, among all processes of one store:
 * one document with an entry per attempt or machine, so that taking is atomic. What a process that died has taken comes
 * back with the record of its machine, or when the machine's cap has passed. Safe for use by many threads.
 */
final class Permits {
    /** The cloud's clock may be behind. */
    private static final Duration AFTER_THE_CAP = Duration.ofMinutes(15);

    private final StateStore store;
    private final Calls calls;
    private final Ticker ticker;
    private final String owner;
    private final String host;
    private final Limits limits;

    /** What the owner may have; null for no limit. */
    record Limits(@Nullable Integer machines, @Nullable Money hourlySpend) {
        boolean none() {
            return machines == null && hourlySpend == null;
        }
    }

    /** What one attempt, or one machine, has taken. */
    private record Entry(int machines, Money price, Instant until, String host) {
        Money spend() {
            return price.times(BigDecimal.valueOf(machines));
        }

        String encode() {
            return machines + " " + price.amount().toPlainString() + " "
                    + price.currency().getCurrencyCode() + " " + until + " " + host;
        }

        static Entry decode(String text) {
            String[] parts = text.split(" ", 5);
            try {
                return new Entry(
                        Integer.parseInt(parts[0]),
                        new Money(new BigDecimal(parts[1]), Currency.getInstance(parts[2])),
                        Instant.parse(parts[3]),
                        parts[4]);
            } catch (IllegalArgumentException | DateTimeException | ArrayIndexOutOfBoundsException e) {
                throw new ConfigurationException(
                        "The state store's list of permits holds an entry that this version cannot read: '" + text
                                + "'; use the version that wrote it, or remove the entry",
                        null,
                        null,
                        null);
            }
        }
    }

    Permits(StateStore store, Calls calls, Ticker ticker, String owner, String host, Limits limits) {
        this.store = store;
        this.calls = calls;
        this.ticker = ticker;
        this.owner = owner;
        this.host = host;
        this.limits = limits;
    }

    /**
     * Takes permits for an attempt: as many as there are, up to the number that is wanted; fails with {@link
     * QuotaException} if there is none.
     *
     * @param cap when the machines will be gone at the latest
     */
    CompletableFuture<Integer> take(String token, Offer offer, int wanted, Instant cap) {
        if (limits.none()) {
            return CompletableFuture.completedFuture(wanted);
        }
        Instant now = ticker.now();
        return calls.run(() -> {
            int[] taken = new int[1];
            store.update(Kind.PERMIT, owner, present -> {
                Map<String, Entry> entries = decode(present);
                entries.values().removeIf(entry -> entry.until().isBefore(now));
                // The same attempt again, after a death: what it has is what it gets.
                Entry had = entries.remove(token);
                taken[0] = Math.min(had == null ? wanted : had.machines(), room(entries.values(), offer.hourlyPrice()));
                if (taken[0] > 0) {
                    entries.put(token, new Entry(taken[0], offer.hourlyPrice(), cap.plus(AFTER_THE_CAP), host));
                }
                return encode(entries);
            });
            return taken[0];
        });
    }

    /** Fails with {@link QuotaException} if there is no permit now. */
    CompletableFuture<Void> check(Offer offer) {
        if (limits.none()) {
            return CompletableFuture.completedFuture(null);
        }
        Instant now = ticker.now();
        return calls.run(() -> {
            Map<String, Entry> entries = decode(store.read(Kind.PERMIT, owner).orElse(null));
            entries.values().removeIf(entry -> entry.until().isBefore(now));
            int unused = room(entries.values(), offer.hourlyPrice());
            return null;
        });
    }

    /** Returns for how many more machines there is room, one at least. */
    private int room(Iterable<Entry> entries, Money price) {
        long machines = 0;
        Money spend = new Money(BigDecimal.ZERO, price.currency());
        Map<String, Integer> byHost = new TreeMap<>();
        for (Entry entry : entries) {
            machines += entry.machines();
            byHost.merge(entry.host(), entry.machines(), Integer::sum);
            if (limits.hourlySpend() != null) {
                spend = spend.plus(inOneCurrency(entry.spend(), price.currency()));
            }
        }
        Integer most = limits.machines();
        if (most != null && machines >= most) {
            throw none(
                    "the limit of " + most + (most == 1 ? " machine" : " machines") + " is reached",
                    "maxMachines",
                    byHost);
        }
        Money mostSpend = limits.hourlySpend();
        long room = most == null ? Integer.MAX_VALUE : most - machines;
        if (mostSpend != null) {
            Money left = inOneCurrency(mostSpend, price.currency()).minus(spend);
            room = Math.min(room, times(left, price));
            if (room < 1) {
                throw none(
                        "another machine at " + price + " an hour would exceed the limit of " + mostSpend
                                + " an hour, of which " + spend + " are in use",
                        "maxHourlySpend",
                        byHost);
            }
        }
        return (int) Math.min(Integer.MAX_VALUE, room);
    }

    private static long times(Money left, Money price) {
        if (price.amount().signum() <= 0) {
            return Integer.MAX_VALUE;
        }
        BigDecimal times = left.amount().divide(price.amount(), 0, RoundingMode.FLOOR);
        return times.min(BigDecimal.valueOf(Integer.MAX_VALUE)).longValueExact();
    }

    private static Money inOneCurrency(Money money, Currency currency) {
        if (!money.currency().equals(currency)) {
            throw new ConfigurationException(
                    "maxHourlySpend and the offers must have one currency, but " + money
                            + " is to be compared with a price in " + currency,
                    null,
                    null,
                    null);
        }
        return money;
    }

    private QuotaException none(String what, String setting, Map<String, Integer> byHost) {
        String who = byHost.entrySet().stream()
                .map(use -> use.getValue() + " of host " + use.getKey())
                .collect(Collectors.joining(", "));
        return new QuotaException(
                "Owner " + owner + ": " + what + " (machines: " + (who.isEmpty() ? "none" : who)
                        + "). Close some, or raise BuildFleet.Builder." + setting,
                null,
                null,
                null);
    }

    /** An attempt has made these machines: each has a permit of its own, what is over is given back. Blocks. */
    void split(String token, List<String> keys) {
        change(token, entries -> {
            Entry had = entries.remove(token);
            if (had != null) {
                keys.forEach(key -> entries.put(key, new Entry(1, had.price(), had.until(), had.host())));
            }
            return entries;
        });
    }

    /** The machine lives longer. Blocks. */
    void capped(String key, Instant cap) {
        change(key, entries -> {
            entries.computeIfPresent(
                    key, (k, had) -> new Entry(had.machines(), had.price(), cap.plus(AFTER_THE_CAP), had.host()));
            return entries;
        });
    }

    /** Gives back what an attempt or a machine has. Blocks. */
    void give(String key) {
        change(key, entries -> {
            entries.remove(key);
            return entries;
        });
    }

    /** Whoever has no limits of its own still gives back what others took, but most stores have nothing to give back. */
    private void change(String key, UnaryOperator<Map<String, Entry>> change) {
        boolean there = store.read(Kind.PERMIT, owner)
                .filter(document -> document.containsKey(key))
                .isPresent();
        if (there) {
            store.update(Kind.PERMIT, owner, present -> encode(change.apply(decode(present))));
        }
    }

    private static Map<String, Entry> decode(@Nullable Map<String, String> document) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        if (document != null) {
            document.forEach((key, text) -> entries.put(key, Entry.decode(text)));
        }
        return entries;
    }

    private static @Nullable Map<String, String> encode(Map<String, Entry> entries) {
        Map<String, String> document = new LinkedHashMap<>();
        entries.forEach((key, entry) -> document.put(key, entry.encode()));
        return document.isEmpty() ? null : document;
    }
}
