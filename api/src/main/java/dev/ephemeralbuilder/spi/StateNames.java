package dev.ephemeralbuilder.spi;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** File names for any text: the text itself where that is safe, else the look of it and a hash. */
final class StateNames {
    /** No capitals, since some file systems take them for small letters; no dot in front, which is for temporary files. */
    private static final Pattern SAFE = Pattern.compile("[a-z0-9][a-z0-9._-]{0,79}");

    private static final Pattern UNSAFE = Pattern.compile("[^a-z0-9._-]");
    private static final Pattern TEMPORARY = Pattern.compile("\\.(\\d{1,3})\\.tmp");
    private static final int LOOK = 40;
    private static final int HASH_BYTES = 16;

    private StateNames() {}

    /** Returns the name of a text; two texts have two names. A name that is not the text itself contains a tilde. */
    static String of(String text) {
        if (SAFE.matcher(text).matches()) {
            return text;
        }
        String start = text.substring(0, Math.min(LOOK, text.length())).toLowerCase(Locale.ROOT);
        String look = UNSAFE.matcher(start).replaceAll("_");
        return "_" + look + "~" + hash(text);
    }

    private static String hash(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256")
                    .digest(StateText.escape(text).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, HASH_BYTES);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK must have SHA-256", e);
        }
    }

    /** Returns the name of the temporary file that is written under a stripe of the locks, in whichever folder. */
    static String temporary(int stripe) {
        return "." + stripe + ".tmp";
    }

    /** Returns the stripe under which a file of this name is written, or -1 if it is no temporary file. */
    static int stripeOfTemporary(String name) {
        Matcher matcher = TEMPORARY.matcher(name);
        int stripe = matcher.matches() ? Integer.parseInt(matcher.group(1)) : FolderLocks.STRIPES;
        return stripe < FolderLocks.STRIPES ? stripe : -1;
    }
}
