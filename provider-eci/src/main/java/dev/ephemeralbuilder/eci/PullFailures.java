package dev.ephemeralbuilder.eci;

import com.google.gson.JsonObject;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether the image of a container cannot be had. Groups are billed while they pull, so the first failure counts;
 * but one that looks as if it passes gets the second try that the cloud's kubelet makes by itself.
 *
 * <p>The names are those of Kubernetes; which words ECI uses exactly is unconfirmed (eci-openapi, sections 8 and 12).
 */
final class PullFailures {
    private static final Set<String> REASONS = Set.of(
            "ErrImagePull",
            "ImagePullBackOff",
            "ErrImageNeverPull",
            "InvalidImageName",
            "ImageInspectError",
            "RegistryUnavailable");

    private static final Pattern PULL = Pattern.compile("(?i)fail(ed|ure)? to pull");
    private static final Pattern PASSING = Pattern.compile("(?i)time[d]?[- ]?out|deadline exceeded"
            + "|connection (was )?(reset|refused|closed)|unexpected eof|too many requests|toomanyrequests"
            + "|temporary failure|try again|unavailable|bad gateway|internal server error"
            + "|(status|code|http)\\D{0,20}\\b(429|5\\d\\d)\\b");

    private final ImageRules rules;

    PullFailures(ImageRules rules) {
        this.rules = rules;
    }

    /**
     * Returns why the image cannot be had, with the image, the rules that can have led to it and the cloud's words; empty
     * while it may still come.
     *
     * @param state the current state of the container, which waits
     * @param events the events of its group
     */
    Optional<String> failure(JsonObject container, JsonObject state, List<JsonObject> events) {
        String reason = reason(state);
        if (reason == null) {
            return Optional.empty();
        }
        String image = Json.text(container, "Image");
        List<JsonObject> failed = events.stream().filter(PullFailures::isPull).toList();
        String words =
                failed.isEmpty() ? Json.text(state, "Message") : Json.text(failed.get(failed.size() - 1), "Message");
        if (count(failed) <= 1 && looksPassing(words, image)) {
            return Optional.empty();
        }
        return Optional.of("the image " + image + " cannot be pulled (" + reason + ")"
                + (image == null
                        ? ""
                        : rules.leadingTo(image)
                                .map(rule -> ", where it was looked for by the rule " + rule)
                                .orElse(""))
                + (words == null ? "" : ": " + CloudWords.harmless(words)));
    }

    private static @Nullable String reason(JsonObject state) {
        for (String field : List.of("Reason", "DetailStatus")) {
            String reason = Json.text(state, field);
            if (reason != null && REASONS.contains(reason)) {
                return reason;
            }
        }
        return null;
    }

    private static boolean isPull(JsonObject event) {
        String message = Json.text(event, "Message");
        return "Failed".equals(Json.text(event, "Reason"))
                && message != null
                && PULL.matcher(message).find();
    }

    private static int count(List<JsonObject> events) {
        int count = 0;
        for (JsonObject event : events) {
            BigDecimal times = Json.number(event, "Count");
            count += times == null ? 1 : times.intValue();
        }
        return count;
    }

    private static boolean looksPassing(@Nullable String words, @Nullable String image) {
        if (words == null) {
            return false;
        }
        // A tag such as app:timeout-503 says nothing about the registry.
        return PASSING.matcher(image == null ? words : words.replace(image, "")).find();
    }
}
