package dev.ephemeralbuilder.ecs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.ConfigurationException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.List;
import org.apache.sshd.common.NamedResource;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.loader.openssh.OpenSSHKeyPairResourceParser;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class CloudConfigTest {
    private static String document() {
        String base64 = CloudConfig.userData("builder", Fixtures.HOST, Fixtures.CLIENT.getPublic());
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    @Test
    void theDocumentNamesUserAndKeys() {
        List<String> lines = document().lines().toList();

        assertThat(lines.get(0)).isEqualTo("#cloud-config");
        assertThat(lines)
                .contains(
                        "ssh_deletekeys: true",
                        "ssh_pwauth: false",
                        "    -----BEGIN OPENSSH PRIVATE KEY-----",
                        "    -----END OPENSSH PRIVATE KEY-----",
                        "  ecdsa_public: " + PublicKeyEntry.toString(Fixtures.HOST.getPublic()),
                        "  - name: builder",
                        "      - " + PublicKeyEntry.toString(Fixtures.CLIENT.getPublic()));
    }

    @Test
    void theDocumentIsTheSameForTheSameKeys() {
        assertThat(document()).isEqualTo(document());
    }

    @RepeatedTest(20)
    void thePrivateKeyCanBeReadBack() throws Exception {
        KeyPair pair = Fixtures.keys();

        String text = OpenSshKeys.privateText(pair);

        Iterable<KeyPair> read = OpenSSHKeyPairResourceParser.INSTANCE.loadKeyPairs(
                null,
                NamedResource.ofName("key"),
                null,
                new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII)));
        assertThat(read).singleElement().satisfies(copy -> {
            assertThat(KeyUtils.compareKeys(copy.getPublic(), pair.getPublic())).isTrue();
            assertThat(((ECPrivateKey) copy.getPrivate()).getS()).isEqualTo(((ECPrivateKey) pair.getPrivate()).getS());
        });
    }

    @Test
    void thePrivateKeyHasLinesOfSeventyCharacters() throws Exception {
        assertThat(OpenSshKeys.privateText(Fixtures.HOST).lines()).allMatch(line -> line.length() <= 70);
    }

    @Test
    void keysOfAnotherKindAreRefused() throws Exception {
        KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
        rsa.initialize(2048);
        KeyPairGenerator large = KeyPairGenerator.getInstance("EC");
        large.initialize(new ECGenParameterSpec("secp384r1"));
        for (KeyPair other : List.of(rsa.generateKeyPair(), large.generateKeyPair())) {
            assertThatThrownBy(() -> CloudConfig.userData("builder", other, Fixtures.CLIENT.getPublic()))
                    .isInstanceOf(ConfigurationException.class);
            assertThatThrownBy(() -> CloudConfig.userData("builder", Fixtures.HOST, other.getPublic()))
                    .isInstanceOf(ConfigurationException.class);
        }
    }

    @Test
    void aDocumentThatIsTooLongIsRefused() {
        String user = "u".repeat(CloudConfig.MAX_BYTES);
        assertThatThrownBy(() -> CloudConfig.userData(user, Fixtures.HOST, Fixtures.CLIENT.getPublic()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("user data")
                .hasMessageNotContaining("PRIVATE");
    }

    @Test
    void theOrderShowsNoUserData() {
        RunOrder order = new RunOrder(
                "token",
                1,
                1,
                "type",
                "zone",
                "vsw",
                "sg",
                "m",
                "name",
                "cloud_essd",
                40,
                0,
                java.time.Instant.EPOCH,
                null,
                0,
                null,
                java.util.Map.of(),
                "the-user-data");
        assertThat(order.toString()).contains("token").doesNotContain("the-user-data");
    }
}
