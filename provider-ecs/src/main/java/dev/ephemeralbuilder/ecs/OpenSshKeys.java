package dev.ephemeralbuilder.ecs;

import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import java.util.Base64;
import org.apache.sshd.common.cipher.ECCurves;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.digest.BuiltinDigests;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;

/**
 * Keys in OpenSSH's text forms. The library's own writer puts a random number into each private key, and a create call
 * that is repeated must say exactly the same, so this one derives it from the key.
 */
final class OpenSshKeys {
    private static final int BLOCK = 8;

    private OpenSshKeys() {}

    /** Returns a public key as one line without comment. */
    static String publicLine(PublicKey key) throws InvalidKeyException {
        ecdsa(key);
        return PublicKeyEntry.toString(key);
    }

    /** Returns an unencrypted private key (format: PROTOCOL.key of OpenSSH), without newline at the end. */
    static String privateText(KeyPair pair) throws InvalidKeyException {
        ECPublicKey pub = ecdsa(pair.getPublic());
        if (!(pair.getPrivate() instanceof ECPrivateKey secret)) {
            throw new InvalidKeyException("the private key is not an ECDSA key");
        }
        ByteArrayBuffer blob = new ByteArrayBuffer();
        blob.putRawPublicKey(pub);
        byte[] publicBlob = blob.getCompactData();
        // Both numbers are equal in a readable key; which number it is does not matter.
        int check = Arrays.hashCode(publicBlob);

        ByteArrayBuffer section = new ByteArrayBuffer();
        section.putUInt(check & 0xffffffffL);
        section.putUInt(check & 0xffffffffL);
        section.putString(ECCurves.nistp256.getKeyType());
        section.putString(ECCurves.nistp256.getName());
        section.putBytes(ECCurves.encodeECPoint(pub.getW(), pub.getParams()));
        section.putMPInt(secret.getS());
        section.putString("");
        for (int pad = 1; section.available() % BLOCK != 0; pad++) {
            section.putByte((byte) pad);
        }

        ByteArrayBuffer file = new ByteArrayBuffer();
        file.putRawBytes("openssh-key-v1\0".getBytes(StandardCharsets.US_ASCII));
        file.putString("none");
        file.putString("none");
        file.putString("");
        file.putInt(1);
        file.putBytes(publicBlob);
        file.putBytes(section.getCompactData());
        String base64 = Base64.getMimeEncoder(70, new byte[] {'\n'}).encodeToString(file.getCompactData());
        return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + base64 + "\n-----END OPENSSH PRIVATE KEY-----";
    }

    /** Returns the SHA-256 fingerprint in OpenSSH's form, without the prefix. */
    static String fingerprint(PublicKey key) throws InvalidKeyException {
        try {
            String text = KeyUtils.getFingerPrint(BuiltinDigests.sha256, key);
            return text.substring(text.indexOf(':') + 1);
        } catch (RuntimeException e) {
            throw new InvalidKeyException("the key has no fingerprint", e);
        }
    }

    private static ECPublicKey ecdsa(PublicKey key) throws InvalidKeyException {
        if (key instanceof ECPublicKey ec && ECCurves.fromECKey(ec) == ECCurves.nistp256) {
            return ec;
        }
        throw new InvalidKeyException("the key is not ECDSA on P-256");
    }
}
