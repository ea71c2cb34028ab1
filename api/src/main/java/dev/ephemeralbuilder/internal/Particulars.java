package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.Money;
import java.math.BigDecimal;
import java.util.Currency;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the ledger says of a machine that its launch does not need: whose it is, what for, and what its disk costs.
 *
 * @param owner null in records of earlier versions
 * @param host null in records of earlier versions
 * @param job the job that it is an attempt of, null if it is of none
 * @param labels the request's
 * @param disk null if nobody has said what one costs
 */
record Particulars(
        @Nullable String owner,
        @Nullable String host,
        @Nullable String job,
        Map<String, String> labels,
        @Nullable Disk disk) {
    static final Particulars NONE = new Particulars(null, null, null, Map.of(), null);

    private static final String OWNER = "owner";
    private static final String HOST = "host";
    private static final String JOB = "job";
    private static final String LABEL = "label.";
    private static final String DISK_GIB = "diskGib";
    private static final String DISK_PRICE = "diskPrice";
    private static final String DISK_CURRENCY = "diskCurrency";

    /**
     * The disk of a machine.
     *
     * @param gib what of it is paid for
     * @param hourly the price of one GiB per hour
     */
    record Disk(int gib, Money hourly) {
        Money hourlyPrice() {
            return hourly.times(BigDecimal.valueOf(gib));
        }
    }

    /** Copies the labels. */
    Particulars {
        labels = Map.copyOf(labels);
    }

    Map<String, String> encode() {
        Map<String, String> record = new LinkedHashMap<>();
        put(record, OWNER, owner);
        put(record, HOST, host);
        put(record, JOB, job);
        labels.forEach((key, value) -> record.put(LABEL + key, value));
        if (disk != null) {
            record.put(DISK_GIB, Integer.toString(disk.gib()));
            record.put(DISK_PRICE, disk.hourly().amount().toPlainString());
            record.put(DISK_CURRENCY, disk.hourly().currency().getCurrencyCode());
        }
        return record;
    }

    private static void put(Map<String, String> record, String key, @Nullable String value) {
        if (value != null) {
            record.put(key, value);
        }
    }

    /**
     * Reads them from a record or a line of the ledger.
     *
     * @throws IllegalArgumentException if a part is malformed
     */
    static Particulars decode(Map<String, String> record) {
        Map<String, String> labels = new LinkedHashMap<>();
        record.forEach((key, value) -> {
            if (key.startsWith(LABEL)) {
                labels.put(key.substring(LABEL.length()), value);
            }
        });
        return new Particulars(record.get(OWNER), record.get(HOST), record.get(JOB), labels, disk(record));
    }

    private static @Nullable Disk disk(Map<String, String> record) {
        String gib = record.get(DISK_GIB);
        String price = record.get(DISK_PRICE);
        String currency = record.get(DISK_CURRENCY);
        return gib == null || price == null || currency == null
                ? null
                : new Disk(Integer.parseInt(gib), new Money(new BigDecimal(price), Currency.getInstance(currency)));
    }

    /** Returns what the disk costs in an hour; empty if that is not known, or in another currency than the machine. */
    Optional<Money> hourlyDiskPrice(Currency currency) {
        return Optional.ofNullable(disk)
                .map(Disk::hourlyPrice)
                .filter(price -> price.currency().equals(currency));
    }
}
