package dev.ephemeralbuilder.internal;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The end of what a machine has said, fit for an exception: without what looks like a key, without control characters,
 * and not too long. Keys are looked for in all that there is, so that one of which only the end is kept is found too.
 */
final class ConsoleText {
    static final int MAX_BYTES = 16 << 10;
    static final int MAX_LINES = 60;

    private static final String REMOVED = "[removed: looked like a key]";

    /** A block without its last line is taken to go on to the end. */
    private static final Pattern PEM =
            Pattern.compile("-----BEGIN [^\\n-]*-----(?s:.*?)(?:-----END [^\\n-]*-----|\\z)");

    /** The beginning was not kept by the cloud. */
    private static final Pattern PEM_REST = Pattern.compile("\\A[A-Za-z0-9+/=\\s]*-----END [^\\n-]*-----");

    /** As in the lines of a PEM block, or in a key of SSH. */
    private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/]{40,}={0,2}");

    /** So much base64 without a capital letter is a path, or a checksum. */
    private static final Pattern PATH = Pattern.compile("[a-z0-9/]*");

    /** Of the cloud, and of places that builds publish to: their keys are known by their beginning. */
    private static final Pattern ACCESS_KEY =
            Pattern.compile("\\b(?:LTAI|STS\\.|gh[opsru]_|github_pat_|glpat-|npm_)[\\w-]{12,}");

    private static final String NAME =
            "(?:password|passwd|passphrase|pwd|(?<=[_.-])pass|secret|token|signature|credential"
                    + "|api[_-]?key|access[_-]?key|private[_-]?key)[\\w.-]{0,60}+";

    /** In quotes up to the one that is not behind a backslash, or to the end of the line; otherwise a word. */
    private static final String VALUE = "(?:(?:bearer|basic|token)\\s{1,8})?(?:" + Pattern.quote(REMOVED)
            + "|\"[^\"\\n]*+(?:(?<=\\\\)\"[^\"\\n]*+){0,50}+\"?|'[^'\\n]*+'?|\\S++)";

    // The machine may say what it likes: each repetition has a bound, or gives nothing back, or cannot match what
    // follows it.

    private static final Pattern NAMED =
            Pattern.compile("(?i)(" + NAME + "[\\\\\"']{0,3}+\\s{0,20}+[=:]{1,2}+>?\\s{0,20}+)" + VALUE);

    private static final Pattern OPTION =
            Pattern.compile("(?i)((?<![\\w-])--?[\\w-]{0,60}?" + NAME + "[ \\t]{1,20}+)" + VALUE);

    private static final Pattern HEADER =
            Pattern.compile("(?i)(authorization[\\\\\"']{0,3}+\\s{0,20}+[=:]\\s{0,20}+)[^\\n]++");

    private static final Pattern BEARER = Pattern.compile("(?i)\\b(bearer\\s{1,8}+)[\\w.~+/=-]{16,}+");

    private static final Pattern USER = Pattern.compile("(://)(?:[^\\s/:@]{0,256}+:\\S{1,256}@|[^\\s/@]{1,512}+@)");

    private static final Pattern SEQUENCE = Pattern.compile("\u001b(?:\\[[0-9;?]*[ -/]*[@-~]|[@-Z\\\\-_])");
    private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}&&[^\\n\\t]]");

    private ConsoleText() {}

    /** Returns the end of what was said, empty if nothing was. */
    static String end(String all) {
        String text =
                SEQUENCE.matcher(all.replace("\r\n", "\n").replace('\r', '\n')).replaceAll("");
        text = CONTROL.matcher(text).replaceAll("");
        return last(scrubbed(text).strip());
    }

    private static String scrubbed(String text) {
        String s = PEM.matcher(text).replaceAll(REMOVED);
        s = PEM_REST.matcher(s).replaceAll(REMOVED);
        s = BASE64.matcher(s).replaceAll(found -> PATH.matcher(found.group()).matches() ? "$0" : REMOVED);
        s = ACCESS_KEY.matcher(s).replaceAll(REMOVED);
        s = USER.matcher(s).replaceAll("$1" + REMOVED + "@");
        s = HEADER.matcher(s).replaceAll("$1" + REMOVED);
        s = BEARER.matcher(s).replaceAll("$1" + REMOVED);
        s = OPTION.matcher(s).replaceAll("$1" + REMOVED);
        return NAMED.matcher(s).replaceAll("$1" + REMOVED);
    }

    private static String last(String text) {
        List<String> lines = text.lines().toList();
        String kept = String.join("\n", lines.subList(Math.max(0, lines.size() - MAX_LINES), lines.size()));
        byte[] bytes = kept.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= MAX_BYTES) {
            return kept;
        }
        int from = bytes.length - MAX_BYTES;
        while (from < bytes.length && (bytes[from] & 0xc0) == 0x80) {
            // In the middle of a character.
            from++;
        }
        return new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8);
    }
}
