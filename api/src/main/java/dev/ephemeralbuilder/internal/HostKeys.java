package dev.ephemeralbuilder.internal;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;

/** Throw-away ECDSA keys on P-256 and their fingerprints as OpenSSH prints them (RFC 5656, section 3.1). */
final class HostKeys {
    private static final String CURVE = "nistp256";
    private static final int COORDINATE_BYTES = 32;

    private HostKeys() {}

    static KeyPair generate() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK must have EC keys on P-256", e);
        }
    }

    /** Returns the SHA-256 fingerprint, Base64 without padding. */
    static String fingerprint(KeyPair pair) {
        ECPublicKey key = (ECPublicKey) pair.getPublic();
        ByteArrayOutputStream wire = new ByteArrayOutputStream();
        field(wire, ("ecdsa-sha2-" + CURVE).getBytes(StandardCharsets.US_ASCII));
        field(wire, CURVE.getBytes(StandardCharsets.US_ASCII));
        byte[] point = new byte[1 + 2 * COORDINATE_BYTES];
        point[0] = 4;
        coordinate(key.getW().getAffineX(), point, 1);
        coordinate(key.getW().getAffineY(), point, 1 + COORDINATE_BYTES);
        field(wire, point);
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(wire.toByteArray());
            return Base64.getEncoder().withoutPadding().encodeToString(hash);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK must have SHA-256", e);
        }
    }

    private static void field(ByteArrayOutputStream out, byte[] bytes) {
        out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
        out.writeBytes(bytes);
    }

    private static void coordinate(BigInteger value, byte[] target, int offset) {
        byte[] bytes = value.toByteArray();
        int skip = Math.max(0, bytes.length - COORDINATE_BYTES);
        int length = bytes.length - skip;
        System.arraycopy(bytes, skip, target, offset + COORDINATE_BYTES - length, length);
    }
}
