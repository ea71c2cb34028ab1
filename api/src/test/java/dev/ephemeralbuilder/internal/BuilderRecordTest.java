package dev.ephemeralbuilder.internal;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class BuilderRecordTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00.123456Z");
    private static final KeyPair CLIENT = HostKeys.generate();
    private static final KeyPair HOST = HostKeys.generate();

    private static final Particulars PARTICULARS = new Particulars(
            "ci", "host-1", "job-7", Map.of("team", "core"), new Particulars.Disk(40, Money.of("0.0012", "CNY")));
    private static final Used USED = Used.NOTHING
            .readyAt(NOW.plusSeconds(30))
            .knownUntil(NOW.plusSeconds(90))
            .ran(NOW.plusSeconds(40), NOW.plusSeconds(50), true)
            .dark(NOW.plusSeconds(60), NOW.plusSeconds(70))
            .leaving(Map.of("script", Instant.ofEpochMilli(NOW.toEpochMilli())))
            .keptOn();

    private static BuilderRecord record(Offer offer, boolean launched) {
        Origin origin = new Origin("job-7", "eb-1", offer, NOW, NOW.plusSeconds(7_200), PARTICULARS);
        ShellKeys keys = new ShellKeys(CLIENT, "fingerprint");
        return new BuilderRecord(
                origin,
                NOW.plusSeconds(600),
                keys,
                launched ? "i-1" : null,
                launched ? NOW.plusSeconds(3) : null,
                launched ? null : new BuilderRecord.Frozen("2 vCPU", Map.of("ephemeral:owner", "ci"), HOST),
                null,
                launched ? 1 : 3,
                launched ? Duration.ofSeconds(30) : null,
                launched ? USED : Used.NOTHING);
    }

    @Test
    void whatIsFrozenIsReadAgainAndThawsCompletely() {
        BuilderRecord record = record(offer().build(), false);
        BuilderRecord.Frozen again = requireNonNull(readAgain(record).frozen());
        assertThat(again.spec()).isEqualTo("2 vCPU");
        assertThat(readAgain(record).count()).isEqualTo(3);
        assertThat(again.tags()).containsExactly(Map.entry("ephemeral:owner", "ci"));
        assertThat(again.hostKey().getPrivate()).isEqualTo(HOST.getPrivate());
        assertThat(again.hostKey().getPublic()).isEqualTo(HOST.getPublic());
        Map<String, String> thawed = BuilderRecord.thawed(record.encode());
        assertThat(BuilderRecord.decode("eb-1", thawed).frozen()).isNull();
        String secret = Base64.getEncoder().encodeToString(HOST.getPrivate().getEncoded());
        assertThat(record.encode()).containsValue(secret);
        assertThat(thawed).doesNotContainValue(secret);
        assertThat(BuilderRecord.withoutKeys(record.encode())).doesNotContainValue(secret);
        assertThat(record.toString() + record.frozen()).doesNotContain(secret);
    }

    private static Offer.Builder offer() {
        return Offer.builder()
                .provider("ecs")
                .region("cn-hangzhou")
                .zone("cn-hangzhou-i")
                .type(new MachineType("ecs.c7.large", "ecs.c7", Architecture.X86_64, 2000, 4096, 0))
                .market(Market.SPOT)
                .protection(Duration.ofHours(1))
                .hourlyPrice(Money.of("0.0970", "CNY"))
                .hourlyOnDemandPrice(Money.of("0.39", "CNY"));
    }

    private static BuilderRecord readAgain(BuilderRecord record) {
        return BuilderRecord.decode("eb-1", record.encode());
    }

    @Test
    void whatIsReadIsWhatWasWritten() {
        BuilderRecord record = record(offer().releaseRate(0.03).build(), true);
        BuilderRecord again = readAgain(record);
        assertThat(again.origin()).isEqualTo(record.origin());
        assertThat(again.readyBy()).isEqualTo(record.readyBy());
        assertThat(again.machineId()).isEqualTo("i-1");
        assertThat(again.launchedAt()).isEqualTo(record.launchedAt());
        assertThat(again.onRelease()).isEqualTo(Duration.ofSeconds(30));
        assertThat(again.used()).isEqualTo(USED);
        assertThat(again.keys().hostKeyFingerprints()).containsExactly("fingerprint");
        assertThat(again.keys().client().getPublic()).isEqualTo(CLIENT.getPublic());
        assertThat(again.keys().client().getPrivate()).isEqualTo(CLIENT.getPrivate());
    }

    @Test
    void anIntentHasNoMachineYet() {
        BuilderRecord again = readAgain(record(offer().build(), false));
        assertThat(again.machineId()).isNull();
        assertThat(again.launchedAt()).isNull();
        assertThat(again.origin().offer()).isEqualTo(offer().build());
    }

    @Test
    void nothingButTheStoreSeesTheKey() {
        BuilderRecord record = record(offer().build(), true);
        String key = requireNonNull(record.encode().get("clientKey"));
        assertThat(record.toString()).doesNotContain(key);
        assertThat(BuilderRecord.withoutKeys(record.encode()).values()).doesNotContain(key);
        Map<String, String> damaged = record.encode();
        damaged.put("clientKey", "?" + key);
        assertThatThrownBy(() -> BuilderRecord.decode("eb-1", damaged))
                .isInstanceOf(ConfigurationException.class)
                .hasNoCause()
                .message()
                .doesNotContain(key);
    }

    @Test
    void everyPartIsNeeded() {
        BuilderRecord record = record(offer().build(), false);
        Set<String> parts = new TreeSet<>(record.encode().keySet());
        // For people who read the ledger; the record's own key says it as well.
        parts.remove("token");
        // What is frozen is there as a whole or not at all, and this key tells; no list of tags is ever complete.
        parts.remove("hostPrivateKey");
        // Most attempts are for one machine.
        parts.remove("count");
        parts.removeIf(part -> part.startsWith("tag."));
        // For the ledger; records of earlier versions lack it.
        parts.removeAll(PARTICULARS.encode().keySet());
        for (String part : parts) {
            Map<String, String> rest = record.encode();
            rest.remove(part);
            assertThatThrownBy(() -> BuilderRecord.decode("eb-1", rest))
                    .as("without %s", part)
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("eb-1");
        }
    }

    @Test
    void aHostKeyThatIsToComeIsAcceptedBesideTheSharedOne() {
        KeyPair next = HostKeys.generate();
        Map<String, String> document = record(offer().build(), true).encode();
        BuilderRecord.expectHostKey(document, next);
        BuilderRecord again = BuilderRecord.decode("eb-1", document);
        assertThat(again.keys().hostKeyFingerprints())
                .containsExactlyInAnyOrder("fingerprint", HostKeys.fingerprint(next));
        assertThat(requireNonNull(again.nextHostKey()).getPublic()).isEqualTo(next.getPublic());
        assertThat(requireNonNull(again.nextHostKey()).getPrivate()).isEqualTo(next.getPrivate());
        assertThat(readAgain(again).keys().hostKeyFingerprints())
                .isEqualTo(again.keys().hostKeyFingerprints());
        assertThat(BuilderRecord.withoutKeys(document).keySet()).doesNotContain("nextHostKey", "nextHostPublicKey");
    }

    @Test
    void aHostKeyThatHasComeIsTheOnlyOne() {
        KeyPair next = HostKeys.generate();
        Map<String, String> document = record(offer().build(), true).encode();
        BuilderRecord.expectHostKey(document, next);
        BuilderRecord.settleHostKey(document, Set.of(HostKeys.fingerprint(next)));
        BuilderRecord again = BuilderRecord.decode("eb-1", document);
        assertThat(again.keys().hostKeyFingerprints()).containsExactly(HostKeys.fingerprint(next));
        assertThat(again.nextHostKey()).isNull();
    }
}
