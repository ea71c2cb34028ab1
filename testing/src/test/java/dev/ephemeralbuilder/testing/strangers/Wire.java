package dev.ephemeralbuilder.testing.strangers;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What every client is asked and what it answers, in words that belong to none of them. The same records go to the Node
 * clients as JSON, so their names are those of {@code strangers.js} too.
 */
final class Wire {
    private Wire() {}

    /** Where a client calls, and as whom. */
    record Access(
            String host,
            String region,
            String keyId,
            String secret,
            @Nullable String token) {
        @Override
        public String toString() {
            return "Access[" + keyId + "]";
        }
    }

    record Creation(
            String type,
            String image,
            String group,
            String zone,
            String vSwitch,
            int amount,
            int minimum,
            @Nullable String token,
            Map<String, String> tags,
            double limit,
            @Nullable String cap,
            @Nullable String userData,
            boolean dryRun) {
        Creation withImage(String other) {
            return new Creation(
                    type, other, group, zone, vSwitch, amount, minimum, token, tags, limit, cap, userData, dryRun);
        }

        Creation withLimit(double other) {
            return new Creation(
                    type, image, group, zone, vSwitch, amount, minimum, token, tags, other, cap, userData, dryRun);
        }

        Creation withUserData(String otherCap, String other) {
            return new Creation(
                    type, image, group, zone, vSwitch, amount, minimum, token, tags, limit, otherCap, other, dryRun);
        }

        Creation asDryRun() {
            return new Creation(
                    type, image, group, zone, vSwitch, amount, minimum, token, tags, limit, cap, userData, true);
        }
    }

    record Created(List<String> ids) {}

    record Query(
            List<String> ids,
            Map<String, String> tags,
            int rows,
            @Nullable String next) {}

    record Machines(int total, @Nullable String next, List<Machine> rows) {}

    record Machine(
            String id,
            String name,
            String host,
            String status,
            String region,
            String zone,
            String type,
            String family,
            int vcpus,
            int memoryMib,
            int gpus,
            String charge,
            String network,
            String image,
            boolean ioOptimized,
            String created,
            String started,
            String cap,
            String strategy,
            int duration,
            BigDecimal limit,
            String interruption,
            boolean isProtected,
            boolean recyclable,
            List<String> groups,
            String vSwitch,
            List<String> addresses,
            List<String> publicAddresses,
            String elasticAddress,
            List<String> locks,
            Map<String, String> tags) {
        Machine {
            limit = plain(limit);
            tags = new TreeMap<>(tags);
        }
    }

    record Deletion(
            List<String> ids, boolean force, @Nullable String token) {}

    record Cap(String id, String time) {}

    record ConsoleQuery(String id) {}

    /** The output is in base64. */
    record Console(String id, String time, String output) {}

    record Tagging(List<String> ids, Map<String, String> tags) {}

    record Untagging(List<String> ids, List<String> keys, boolean all) {}

    record TagQuery(
            List<String> ids,
            Map<String, String> tags,
            @Nullable String next) {}

    record Tags(@Nullable String next, List<Tag> rows) {}

    record Tag(String id, String kind, String key, String value) {}

    record Offer(String type, String zone) {}

    record Prices(String currency, int nextOffset, List<Price> rows) {}

    record Price(
            String zone, String type, String optimized, String network, String time, BigDecimal spot, BigDecimal list) {
        Price {
            spot = plain(spot);
            list = plain(list);
        }
    }

    record Quote(String currency, BigDecimal list, BigDecimal discount, BigDecimal trade) {
        Quote {
            list = plain(list);
            discount = plain(discount);
            trade = plain(trade);
        }
    }

    record Stocks(List<Stock> rows) {}

    record Stock(String zone, String zoneStatus, String type, String status, String category) {}

    record TypeQuery(int rows, @Nullable String next) {}

    record Types(@Nullable String next, List<Type> rows) {}

    record Type(
            String name,
            String family,
            String level,
            int vcpus,
            BigDecimal memoryGib,
            String architecture,
            int gpus,
            String gpu) {
        Type {
            memoryGib = plain(memoryGib);
        }
    }

    record Advices(List<Advice> rows) {}

    record Advice(String zone, String type, BigDecimal rate, String band, int discount) {
        Advice {
            rate = plain(rate);
        }
    }

    record Zones(List<Zone> rows) {}

    record Zone(String id, List<String> types, List<String> disks) {}

    /** For what needs no argument or gives no value. */
    record Nothing() {}

    /** Fields whose value is not of the type that the client's model declares. */
    record Misfits(List<String> fields) {}

    /** Clients read prices as float, double or number: three decimals are all that there are. */
    static BigDecimal plain(BigDecimal value) {
        return value.setScale(3, RoundingMode.HALF_UP);
    }
}
