package dev.ephemeralbuilder.samples;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads Prometheus's text format 0.0.4, and takes no line that is not to the letter of it. */
final class PrometheusText {
    /** One line with a value. */
    record Sample(String name, Map<String, String> labels, double value) {}

    private static final String NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
    private static final Pattern HELP = Pattern.compile("# HELP (" + NAME + ") (?:[^\\\\]|\\\\[\\\\n])+");
    private static final Pattern TYPE = Pattern.compile("# TYPE (" + NAME + ") (counter|gauge|histogram|summary)");
    private static final Pattern LABEL =
            Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\[\\\\\"n])*)\"(,|$)");
    private static final Pattern SAMPLE =
            Pattern.compile("(" + NAME + ")(?:\\{(.+)})? (-?[0-9.]+(?:E-?[0-9]+)?|NaN|[+-]Inf)");

    private final List<Sample> samples = new ArrayList<>();
    private final Map<String, String> types = new HashMap<>();
    private final Set<String> helped = new HashSet<>();

    private PrometheusText() {}

    static PrometheusText parse(String text) {
        if (!text.isEmpty() && !text.endsWith("\n")) {
            throw new IllegalArgumentException("the last line has no end");
        }
        PrometheusText parsed = new PrometheusText();
        text.lines().forEach(parsed::line);
        parsed.checkBuckets();
        return parsed;
    }

    List<Sample> samples() {
        return List.copyOf(samples);
    }

    List<Sample> samples(String name) {
        return samples.stream().filter(sample -> sample.name().equals(name)).toList();
    }

    private void line(String line) {
        Matcher help = HELP.matcher(line);
        Matcher type = TYPE.matcher(line);
        Matcher sample = SAMPLE.matcher(line);
        if (help.matches()) {
            check(helped.add(help.group(1)), line);
        } else if (type.matches()) {
            check(helped.contains(type.group(1)) && types.put(type.group(1), type.group(2)) == null, line);
        } else {
            check(sample.matches(), line);
            sample(sample, line);
        }
    }

    private void sample(Matcher sample, String line) {
        String name = sample.group(1);
        Map<String, String> labels = labels(sample.group(2), line);
        String type = types.get(name);
        if (type == null) {
            String family = name.replaceFirst("_(bucket|sum|count)$", "");
            check("histogram".equals(types.get(family)) || "summary".equals(types.get(family)), line);
            check(!name.endsWith("_bucket") || labels.containsKey("le"), line);
        } else {
            check(type.equals("gauge") || type.equals("counter"), line);
            check(type.equals("counter") == name.endsWith("_total"), line);
        }
        Sample read = new Sample(name, labels, number(sample.group(3)));
        check(
                samples.stream()
                        .noneMatch(s -> s.name().equals(name) && s.labels().equals(labels)),
                line);
        samples.add(read);
    }

    private static Map<String, String> labels(@Nullable String text, String line) {
        Map<String, String> labels = new LinkedHashMap<>();
        if (text == null) {
            return labels;
        }
        Matcher label = LABEL.matcher(text);
        int end = 0;
        while (label.find() && label.start() == end) {
            check(labels.put(label.group(1), label.group(2)) == null, line);
            end = label.end();
        }
        check(end == text.length(), line);
        return labels;
    }

    private static double number(String text) {
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    /** Buckets grow, the last one has all, and that is the count. */
    private void checkBuckets() {
        Map<String, Double> last = new HashMap<>();
        Map<String, Double> bound = new HashMap<>();
        for (Sample sample : samples) {
            if (sample.name().endsWith("_bucket")) {
                String series = series(sample);
                double le = number(requireNonNull(sample.labels().get("le")));
                check(le > bound.getOrDefault(series, Double.NEGATIVE_INFINITY), series);
                check(sample.value() >= last.getOrDefault(series, 0.0), series);
                bound.put(series, le);
                last.put(series, sample.value());
            }
        }
        for (Sample sample : samples) {
            Double all = sample.name().endsWith("_count") ? last.get(series(sample)) : null;
            check(all == null || all == sample.value(), sample.toString());
        }
        check(bound.values().stream().allMatch(le -> le == Double.POSITIVE_INFINITY), "a histogram without +Inf");
    }

    private static String series(Sample sample) {
        Map<String, String> labels = new HashMap<>(sample.labels());
        labels.remove("le");
        return sample.name().replaceFirst("_(bucket|count)$", "") + labels;
    }

    private static void check(boolean right, String line) {
        if (!right) {
            throw new IllegalArgumentException("not Prometheus's text format: " + line);
        }
    }
}
