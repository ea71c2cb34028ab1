package dev.ephemeralbuilder.eci;

import java.util.regex.Pattern;

/** Makes words of the cloud fit to be shown: registries put signed addresses into what they say. */
final class CloudWords {
    private static final Pattern QUERY = Pattern.compile("\\?[^\\s\"')\\]]*=[^\\s\"')\\]]*");
    private static final Pattern USER = Pattern.compile("://[^\\s/@]*@");
    private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}]+");
    private static final int MOST = 500;

    private CloudWords() {}

    static String harmless(String words) {
        String shown = CONTROL.matcher(words).replaceAll(" ");
        shown = USER.matcher(shown).replaceAll("://");
        shown = QUERY.matcher(shown).replaceAll("?…");
        return shown.length() > MOST ? shown.substring(0, MOST) + "…" : shown;
    }
}
