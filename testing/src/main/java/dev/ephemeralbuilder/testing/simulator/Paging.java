package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.function.ToLongFunction;

/** Pages of a list whose rows have growing numbers, so that rows that go meanwhile make no other row be skipped. */
final class Paging {
    private static final String PREFIX = "after:";

    private Paging() {}

    /** Some rows, and the token for the next ones: empty if there are none. */
    record Page<T>(List<T> rows, String next) {}

    /**
     * Cuts a page by {@code MaxResults} and {@code NextToken}.
     *
     * @param fallback rows per page if the call says nothing
     * @param least what a smaller {@code MaxResults} becomes
     * @param most what a larger one becomes
     */
    static <T> Page<T> byToken(List<T> all, ToLongFunction<T> number, Parameters p, int fallback, int least, int most) {
        return byToken(all, number, p, Math.max(least, Math.min(most, p.integer("MaxResults", fallback))));
    }

    /** Cuts a page of a size by {@code NextToken}. */
    static <T> Page<T> byToken(List<T> all, ToLongFunction<T> number, Parameters p, int size) {
        long after = after(p);
        List<T> rest =
                all.stream().filter(row -> number.applyAsLong(row) > after).toList();
        if (rest.size() <= size) {
            return new Page<>(rest, "");
        }
        List<T> rows = rest.subList(0, size);
        String next = PREFIX + number.applyAsLong(rows.get(size - 1));
        return new Page<>(
                rows, Base64.getUrlEncoder().withoutPadding().encodeToString(next.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Cuts a page by {@code PageNumber} and {@code PageSize}, and writes both and an empty token into the answer.
     *
     * @throws ApiError if they are not 1 or more, and 1 to 100
     */
    static <T> List<T> byNumber(List<T> all, Parameters p, ObjectNode answer) {
        int number = p.integer("PageNumber", 1);
        int size = p.integer("PageSize", 10);
        if (number < 1 || size < 1 || size > 100) {
            throw ApiError.invalid("PageSize");
        }
        answer.put("NextToken", "").put("PageNumber", number).put("PageSize", size);
        return all.stream().skip((long) (number - 1) * size).limit(size).toList();
    }

    private static long after(Parameters p) {
        String token = p.get("NextToken");
        if (token == null) {
            return -1;
        }
        try {
            String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
            if (text.startsWith(PREFIX)) {
                return Long.parseLong(text.substring(PREFIX.length()));
            }
        } catch (IllegalArgumentException e) {
            throw ApiError.of("InvalidParameter.NextToken", "The specified NextToken is not valid.");
        }
        throw ApiError.of("InvalidParameter.NextToken", "The specified NextToken is not valid.");
    }
}
