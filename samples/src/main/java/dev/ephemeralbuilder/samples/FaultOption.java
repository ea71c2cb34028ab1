package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.testing.simulator.Faults;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A fault of the simulator as {@code --fault} names it. */
final class FaultOption {
    static final String FORM = "ACTION=EFFECT[/TIMES], with an EFFECT of error:CODE, throttle, lose-answer, html-503,"
            + " empty, malformed, slow:TIME, latency:TIME or vanish, such as RunInstances=error:OperationDenied.NoStock/3;"
            + " or ssh=cut:BYTES[,BYTES]...";

    private static final Pattern OPTION =
            Pattern.compile("(\\*|[A-Z][A-Za-z]+)=([a-z0-9-]+)(?::([A-Za-z0-9._]+))?(?:/([1-9]\\d{0,5}))?");
    private static final Pattern CUTS = Pattern.compile("ssh=cut:(\\d{1,15}(?:,\\d{1,15})*)");

    private final Consumer<Faults> order;

    private FaultOption(Consumer<Faults> order) {
        this.order = order;
    }

    /**
     * Reads a fault.
     *
     * @throws IllegalArgumentException if the text is not {@link #FORM}
     */
    static FaultOption of(String text) {
        Matcher cuts = CUTS.matcher(text);
        if (cuts.matches()) {
            long[] bytes = Arrays.stream(cuts.group(1).split(",", -1))
                    .mapToLong(Long::parseLong)
                    .toArray();
            return new FaultOption(faults -> faults.ssh().cutAfterBytes(bytes));
        }
        Matcher m = OPTION.matcher(text);
        if (!m.matches()) {
            throw malformed(text);
        }
        Consumer<Faults.Rule> effect = effect(m.group(2), m.group(3), text);
        String action = m.group(1);
        String times = m.group(4);
        return new FaultOption(faults -> {
            Faults.Rule rule = faults.on(action);
            if (times != null) {
                rule.times(Integer.parseInt(times));
            }
            effect.accept(rule);
        });
    }

    /** Lets a cloud have it. */
    void order(Faults faults) {
        order.accept(faults);
    }

    private static Consumer<Faults.Rule> effect(String name, @Nullable String argument, String text) {
        boolean complete =
                argument != null == Arrays.asList("error", "slow", "latency").contains(name);
        if (!complete) {
            throw malformed(text);
        }
        String value = argument == null ? "" : argument;
        return switch (name) {
            case "error" -> rule -> rule.error(value);
            case "throttle" -> Faults.Rule::throttle;
            case "lose-answer" -> Faults.Rule::loseAnswer;
            case "html-503" -> Faults.Rule::html503;
            case "empty" -> Faults.Rule::emptyOk;
            case "malformed" -> Faults.Rule::malformedJson;
            case "slow" -> {
                Duration time = Texts.parseDuration(value);
                yield rule -> rule.slowBody(time);
            }
            case "latency" -> {
                Duration time = Texts.parseDuration(value);
                yield rule -> rule.latency(time);
            }
            case "vanish" -> Faults.Rule::vanish;
            default -> throw malformed(text);
        };
    }

    private static IllegalArgumentException malformed(String text) {
        return new IllegalArgumentException("--fault expects " + FORM + ", was " + text);
    }
}
