package dev.ephemeralbuilder.samples.bench;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The script that a job runs, and what it must print.
 *
 * @param job stands in every line
 * @param blocks how many times it prints and then pauses, so that there is a middle to cut it in
 * @param lines how many in a block
 * @param pause in seconds of the wall clock
 * @param exitCode what it ends with
 */
record BuildLog(String job, int blocks, int lines, double pause, int exitCode) {
    private static final String FILLER = "0123456789abcdefghijklmnopqrstuvwxyz";

    /**
     * What a log lacks and what it has too much.
     *
     * @param lost bytes that did not come, or not in their place
     * @param doubled bytes that came and should not, or not again
     */
    record Difference(long lost, long doubled) {
        static final Difference NONE = new Difference(0, 0);

        Difference plus(Difference other) {
            return new Difference(lost + other.lost, doubled + other.doubled);
        }
    }

    /** Returns how long it takes at least, by the wall clock. */
    Duration length() {
        return Duration.ofMillis((long) (blocks * pause * 1000));
    }

    /** Returns the script of a second that follows from its name, with an exit code from 0 to 63. */
    static BuildLog of(String job) {
        return new BuildLog(job, 5, 100, 0.2, job.hashCode() & 63);
    }

    String script() {
        return """
                b=0
                while [ $b -lt %d ]; do
                    i=0
                    while [ $i -lt %d ]; do
                        echo "%s block $b line $i %s"
                        i=$((i+1))
                    done
                    b=$((b+1))
                    sleep %s
                done
                exit %d
                """.formatted(blocks, lines, job, FILLER, Numbers.text(pause), exitCode);
    }

    byte[] expected() {
        StringBuilder text = new StringBuilder();
        for (int b = 0; b < blocks; b++) {
            for (int i = 0; i < lines; i++) {
                text.append(job + " block " + b + " line " + i + " " + FILLER + "\n");
            }
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Compares what came of a whole script. */
    static Difference compare(byte[] expected, byte[] came) {
        if (java.util.Arrays.equals(expected, came)) {
            return Difference.NONE;
        }
        Map<String, Integer> due = new HashMap<>();
        lines(expected).forEach(line -> due.merge(line, 1, Integer::sum));
        long doubled = 0;
        long cut = 0;
        for (String line : lines(came)) {
            if (due.remove(line) != null) {
                continue;
            }
            Optional<String> whole = line.endsWith("\n")
                    ? Optional.empty()
                    : due.keySet().stream().filter(l -> l.startsWith(line)).findFirst();
            if (whole.isPresent()) {
                // The end is missing, not a line that should not be there.
                due.remove(whole.get());
                cut += whole.get().length() - line.length();
            } else {
                doubled += line.length();
            }
        }
        long lost = cut + due.keySet().stream().mapToLong(String::length).sum();
        // All there, but not where it belongs.
        return lost == 0 && doubled == 0 ? new Difference(expected.length, 0) : new Difference(lost, doubled);
    }

    /** Returns the first line that came and is not due, or is cut; empty if there is none. */
    static String surprise(byte[] expected, byte[] came) {
        List<String> due = lines(expected);
        List<String> lines = lines(came);
        for (int i = 0; i < lines.size(); i++) {
            if (i >= due.size() || !due.get(i).equals(lines.get(i))) {
                return lines.get(i).strip();
            }
        }
        return "";
    }

    /** Compares what came of a script whose machine was lost: it may end early. */
    static Difference compareBeginning(byte[] expected, byte[] came) {
        int length = Math.min(expected.length, came.length);
        return compare(java.util.Arrays.copyOf(expected, length), came);
    }

    /** One character per byte, the newline with its line. */
    private static List<String> lines(byte[] bytes) {
        List<String> lines = new ArrayList<>();
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int begin = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', begin)) {
            lines.add(text.substring(begin, end + 1));
            begin = end + 1;
        }
        if (begin < text.length()) {
            lines.add(text.substring(begin));
        }
        return lines;
    }
}
