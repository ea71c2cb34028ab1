package dev.ephemeralbuilder.internal;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;

/** Client tokens: the same for the same request and attempt, in every process. */
final class Tokens {
    private static final int LENGTH = 40;

    private Tokens() {}

    static String of(String owner, String requestId, int attempt) {
        String text = owner + '\n' + requestId + '\n' + attempt;
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "eb-" + HexFormat.of().formatHex(hash).substring(0, LENGTH);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK must have SHA-256", e);
        }
    }
}
