package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.alibaba.AlibabaCredentials;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Launch;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

final class Fixtures {
    static final String ACCESS_KEY_ID = "LTAI-fixture-id";
    static final String SECRET = "fixture-secret-of-the-key";
    static final String TOKEN = "fixture-security-token";
    static final KeyPair HOST = keys();
    static final KeyPair CLIENT = keys();
    static final MachineType TYPE = new MachineType("ecs.c7.large", "ecs.c7", Architecture.X86_64, 2000, 4096, 0);

    private Fixtures() {}

    static KeyPair keys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    static EcsProvider.Builder provider(URI endpoint) {
        return EcsProvider.builder()
                .region("cn-test")
                .credentials(AlibabaCredentials.fixed(ACCESS_KEY_ID, SECRET, TOKEN))
                .endpoint(endpoint)
                .securityGroup("sg-1")
                .vSwitches(Map.of("cn-test-a", "vsw-a", "cn-test-b", "vsw-b"));
    }

    static MachineSpec.Builder spec() {
        return MachineSpec.builder().machineImage("m-1").diskGib(40);
    }

    static Offer.Builder offer(Market market) {
        return Offer.builder()
                .provider("ecs")
                .region("cn-test")
                .zone("cn-test-a")
                .type(TYPE)
                .market(market)
                .hourlyPrice(Money.of("0.0971", "CNY"))
                .hourlyOnDemandPrice(Money.of("0.3456", "CNY"));
    }

    static Launch.Builder launch(Offer offer) {
        return Launch.builder()
                .spec(spec().build())
                .offer(offer)
                .token("job-1.a1")
                .tags(Map.of("ephemeral:owner", "ci&team=1", "ephemeral:lease", "1700000000"))
                .cap(Instant.parse("2030-01-01T10:30:00Z"))
                .hostKey(HOST)
                .clientKey(CLIENT.getPublic());
    }

    static Launch spotLaunch(Duration protection) {
        return launch(offer(Market.SPOT).protection(protection).build()).build();
    }
}
