package dev.ephemeralbuilder.testing.contract;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.interfaces.ECPrivateKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The forms in which secrets may come up in a text. */
final class ContractSecrets {
    private static final int SHIFTS = 3;

    private ContractSecrets() {}

    static Set<String> of(List<String> texts, KeyPair... keys) {
        Set<String> forms = new LinkedHashSet<>(texts);
        for (KeyPair key : keys) {
            byte[] number = ((ECPrivateKey) key.getPrivate()).getS().toByteArray();
            forms.add(HexFormat.of().formatHex(number));
            forms.add(((ECPrivateKey) key.getPrivate()).getS().toString());
            Set<String> once = encoded(Set.of(new String(number, StandardCharsets.ISO_8859_1)));
            forms.addAll(once);
            // User data is a text in Base64 with a key in Base64 in it.
            forms.addAll(encoded(once));
        }
        for (String form : List.copyOf(forms)) {
            forms.add(URLEncoder.encode(form, StandardCharsets.UTF_8));
        }
        return forms;
    }

    /** Returns what is the same in the Base64 of any bytes that contain these, wherever they stand in them. */
    private static Set<String> encoded(Collection<String> texts) {
        Set<String> cores = new LinkedHashSet<>();
        for (String text : texts) {
            byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
            for (int shift = 0; shift < SHIFTS; shift++) {
                byte[] whole = Arrays.copyOfRange(bytes, shift, shift + (bytes.length - shift) / SHIFTS * SHIFTS);
                cores.add(Base64.getEncoder().withoutPadding().encodeToString(whole));
            }
        }
        return cores;
    }
}
