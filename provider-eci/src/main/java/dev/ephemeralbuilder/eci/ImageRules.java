package dev.ephemeralbuilder.eci;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where images are taken from: rules that put one beginning of an image's name in place of another. The rule with the
 * longest beginning holds; an image that none matches stays as it is. Docker's short names count as written out:
 * {@code maven:3} begins with {@code docker.io/library/}, {@code grafana/k6} with {@code docker.io/}. Immutable.
 */
final class ImageRules {
    private static final String DOCKER = "docker.io/";

    private final List<Rule> rules;

    private record Rule(String from, String to) {}

    ImageRules(Map<String, String> rules) {
        List<Rule> sorted = new ArrayList<>();
        rules.forEach((from, to) -> sorted.add(new Rule(from, to)));
        sorted.sort(Comparator.comparingInt((Rule rule) -> rule.from().length())
                .reversed()
                .thenComparing(Rule::from));
        this.rules = List.copyOf(sorted);
    }

    /** Returns the name that the cloud is to pull. */
    String apply(String image) {
        String full = writtenOut(image);
        for (Rule rule : rules) {
            if (full.startsWith(rule.from())) {
                return rule.to() + full.substring(rule.from().length());
            }
        }
        return image;
    }

    /** Returns the rules that can have led to a name that the cloud pulls, in words; empty if none can. */
    Optional<String> leadingTo(String pulled) {
        List<String> matching = rules.stream()
                .filter(rule -> pulled.startsWith(rule.to()))
                .map(rule -> rule.from() + " -> " + rule.to())
                .toList();
        return matching.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", matching));
    }

    private static String writtenOut(String image) {
        int slash = image.indexOf('/');
        if (slash < 0) {
            return DOCKER + "library/" + image;
        }
        String first = image.substring(0, slash);
        boolean registry = first.contains(".") || first.contains(":") || first.equals("localhost");
        return registry ? image : DOCKER + image;
    }
}
