package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.testing.simulator.Faults;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A fault of the simulator as {@code --fault} names it. */
final class FaultOption {
    static final String FORM = "ACTION=EFFECT[/TIMES], with an EFFECT of error:CODE, throttle, lose-answer, html-503,"
            + " empty, malformed, slow:TIME, latency:TIME or vanish, such as RunInstances=error:OperationDenied.NoStock/3;"
            + " or ssh=cut:BYTES[,BYTES]...";

    private static final Pattern OPTION =
            Pattern.compile("(\\*|[A-Z][A-Za-z]+)=([a-z0-9-]+)(?::([A-Za-z0-9._]+))?(?:/([1-9]\\d{0,5}))?");
    private static final Pattern CUTS = Pattern.compile("ssh=cut:(\\d{1,15}(?:,\\d{1,15})*)");

    private FaultOption() {}

    /**
     * Orders a fault.
     *
     * @throws IllegalArgumentException if the text is not {@link #FORM}
     */
    static void order(String text, Faults faults) {
        Matcher cuts = CUTS.matcher(text);
        if (cuts.matches()) {
            faults.ssh()
                    .cutAfterBytes(Arrays.stream(cuts.group(1).split(",", -1))
                            .mapToLong(Long::parseLong)
                            .toArray());
            return;
        }
        Matcher m = OPTION.matcher(text);
        if (!m.matches()) {
            throw malformed(text);
        }
        Faults.Rule rule = faults.on(m.group(1));
        if (m.group(4) != null) {
            rule.times(Integer.parseInt(m.group(4)));
        }
        String argument = m.group(3);
        String effect = m.group(2);
        boolean complete =
                argument != null == Arrays.asList("error", "slow", "latency").contains(effect);
        if (!complete) {
            throw malformed(text);
        }
        switch (effect) {
            case "error" -> rule.error(argument);
            case "throttle" -> rule.throttle();
            case "lose-answer" -> rule.loseAnswer();
            case "html-503" -> rule.html503();
            case "empty" -> rule.emptyOk();
            case "malformed" -> rule.malformedJson();
            case "slow" -> rule.slowBody(Texts.parseDuration(argument));
            case "latency" -> rule.latency(Texts.parseDuration(argument));
            case "vanish" -> rule.vanish();
            default -> throw malformed(text);
        }
    }

    private static IllegalArgumentException malformed(String text) {
        return new IllegalArgumentException("--fault expects " + FORM + ", was " + text);
    }
}
