package dev.ephemeralbuilder.eci;

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
import java.time.Instant;
import java.util.Map;
import java.util.Set;

final class EciFixtures {
    static final String SECRET = "fixture-secret-of-the-key";
    static final String PASSWORD = "fixture-password-of-the-registry";
    static final KeyPair KEYS = keys();
    static final MachineType TYPE = new MachineType("ecs.c7.large", "ecs.c7", Architecture.X86_64, 2000, 4096, 0);
    static final MachineType SIZE = size("2-4Gi");

    private EciFixtures() {}

    private static KeyPair keys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    static MachineType size(String id) {
        return EciSizes.all().stream()
                .filter(size -> size.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    static EciProvider.Builder provider(URI endpoint) {
        return EciProvider.builder()
                .region("cn-test")
                .credentials(AlibabaCredentials.fixed("LTAI-fixture-id", SECRET))
                .endpoint(endpoint)
                .securityGroup("sg-1")
                .vSwitches(Map.of("cn-test-a", "vsw-a", "cn-test-b", "vsw-b"))
                .families(Set.of("ecs.c7"));
    }

    static MachineSpec.Builder spec() {
        return MachineSpec.builder().containerImage("maven:3").diskGib(30);
    }

    static Offer.Builder offer(Market market, MachineType type) {
        return Offer.builder()
                .provider("eci")
                .region("cn-test")
                .zone("cn-test-a")
                .type(type)
                .market(market)
                .hourlyPrice(Money.of("0.0971", "CNY"))
                .hourlyOnDemandPrice(Money.of("0.3456", "CNY"));
    }

    static Launch.Builder launch(Offer offer) {
        return Launch.builder()
                .spec(spec().build())
                .offer(offer)
                .token("Job-1.a1")
                .tags(Map.of("ephemeral:owner", "ci&team=1", "ephemeral:lease", "1700000000"))
                .cap(Instant.parse("2030-01-01T10:30:00Z"))
                .bootstrap("echo supervisor")
                .hostKey(KEYS)
                .clientKey(KEYS.getPublic());
    }

    static Launch.Builder launch() {
        return launch(offer(Market.ON_DEMAND, SIZE).build());
    }
}
