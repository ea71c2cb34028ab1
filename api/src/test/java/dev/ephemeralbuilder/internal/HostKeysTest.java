package dev.ephemeralbuilder.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class HostKeysTest {
    /** Made with ssh-keygen -t ecdsa -b 256; ssh-keygen -lf printed the fingerprint. */
    private static final String PUBLIC_KEY =
            "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBP5jTgaKO4pTHD10VhwjrEoVoDbK8zXY58t9m7QP13Ec2ZVRq+wSJiTUiXoE9JXDLv9NqRLdpJD6xBV7XnPnsJE=";

    private static final String FINGERPRINT = "lNII+pwSb9fV4l8n0kGE/p8xT5hddnq+SvlV7KE/w0I";

    @Test
    void fingerprintIsThatOfOpenSsh() throws Exception {
        byte[] wire = Base64.getDecoder().decode(PUBLIC_KEY);
        byte[] x = new byte[32];
        byte[] y = new byte[32];
        System.arraycopy(wire, wire.length - 64, x, 0, 32);
        System.arraycopy(wire, wire.length - 32, y, 0, 32);
        AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
        curve.init(new ECGenParameterSpec("secp256r1"));
        PublicKey key = KeyFactory.getInstance("EC")
                .generatePublic(new ECPublicKeySpec(
                        new ECPoint(new BigInteger(1, x), new BigInteger(1, y)),
                        curve.getParameterSpec(ECParameterSpec.class)));
        assertThat(HostKeys.fingerprint(new KeyPair(key, null))).isEqualTo(FINGERPRINT);
    }

    @Test
    void keysDiffer() {
        assertThat(HostKeys.fingerprint(HostKeys.generate())).isNotEqualTo(HostKeys.fingerprint(HostKeys.generate()));
    }
}
