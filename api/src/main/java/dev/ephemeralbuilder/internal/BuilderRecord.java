package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.ShellKeys;
import java.math.BigDecimal;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Currency;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The record of one attempt, as another process needs it to attach: all but the machine's id is written before the
 * create call. {@link #toString} shows no key.
 *
 * @param origin the attempt
 * @param readyBy until when its machine may take to get ready
 * @param keys what proves both sides of a shell to each other
 * @param machineId the machine's id, null while nobody has written it down
 * @param launchedAt when that was written down
 * @param frozen what else the create call says, for an attempt that another process may have to repeat: only for named
 *     requests, and only while there is no id
 * @param nextHostKey the host key that the machine is to get in place of one that it shares with others; null if it has
 *     one of its own, or keeps what it has. While there is one, {@code keys} accept the shared key and this one
 * @param count for how many machines the create call asks, until each of them has a record of its own
 * @param onRelease how long the script for the machine's end may run; null if the machine has none
 * @param used what processes that have let the machine go have written down of its use
 */
record BuilderRecord(
        Origin origin,
        Instant readyBy,
        ShellKeys keys,
        @Nullable String machineId,
        @Nullable Instant launchedAt,
        @Nullable Frozen frozen,
        @Nullable KeyPair nextHostKey,
        int count,
        @Nullable Duration onRelease,
        Used used) {
    /**
     * What a create call says that no other part of the record does.
     *
     * @param spec the spec, as it is printed: whoever repeats the call must mean the same
     */
    record Frozen(String spec, Map<String, String> tags, KeyPair hostKey) {
        @Override
        public String toString() {
            return "Frozen[" + spec + "]";
        }
    }

    static final String MACHINE = "machine";
    static final String CAP = "cap";
    static final String TOKEN = "token";
    static final String COUNT = "count";
    static final String ON_RELEASE = "onRelease";
    static final String LAUNCHED_AT = "launchedAt";
    private static final String SCHEMA = "1";
    private static final String CLIENT_KEY = "clientKey";
    private static final String CLIENT_PUBLIC_KEY = "clientPublicKey";
    private static final String HOST_PRIVATE_KEY = "hostPrivateKey";
    private static final String HOST_PUBLIC_KEY = "hostPublicKey";
    private static final String SPEC = "spec";
    private static final String TAG = "tag.";
    private static final String HOST_KEY = "hostKey";
    private static final String NEXT_HOST_KEY = "nextHostKey";
    private static final String NEXT_PUBLIC_HOST_KEY = "nextHostPublicKey";

    /** Returns the record of an attempt that is about to be made. */
    static BuilderRecord intent(Origin origin, Instant readyBy, ShellKeys keys, @Nullable Frozen frozen, int count) {
        return new BuilderRecord(origin, readyBy, keys, null, null, frozen, null, count, null, Used.NOTHING);
    }

    /** Returns the document; without machine id if there is none yet. */
    Map<String, String> encode() {
        Offer offer = origin.offer();
        Map<String, String> record = new LinkedHashMap<>();
        record.put("schema", SCHEMA);
        record.put("request", origin.requestId());
        record.put("provider", offer.provider());
        record.put("region", offer.region());
        record.put("zone", offer.zone());
        record.put("type", offer.type().id());
        record.put("family", offer.type().family());
        record.put("architecture", offer.type().architecture().name());
        record.put("millicpus", Integer.toString(offer.type().millicpus()));
        record.put("memoryMib", Integer.toString(offer.type().memoryMib()));
        record.put("gpus", Integer.toString(offer.type().gpus()));
        record.put("market", offer.market().name());
        record.put("protection", offer.protection().toString());
        record.put("price", offer.hourlyPrice().amount().toPlainString());
        record.put("onDemandPrice", offer.hourlyOnDemandPrice().amount().toPlainString());
        record.put("currency", offer.hourlyPrice().currency().getCurrencyCode());
        OptionalDouble releaseRate = offer.releaseRate();
        if (releaseRate.isPresent()) {
            record.put("releaseRate", Double.toString(releaseRate.getAsDouble()));
        }
        record.put(TOKEN, origin.token());
        record.put(CAP, origin.cap().toString());
        record.put("intendedAt", origin.intendedAt().toString());
        record.put("readyBy", readyBy.toString());
        record.putAll(origin.particulars().encode());
        record.put(HOST_KEY, fingerprints(keys.hostKeyFingerprints()));
        record.put(CLIENT_KEY, base64(keys.client().getPrivate().getEncoded()));
        record.put(CLIENT_PUBLIC_KEY, base64(keys.client().getPublic().getEncoded()));
        if (frozen != null) {
            record.put(SPEC, frozen.spec());
            record.put(HOST_PRIVATE_KEY, base64(frozen.hostKey().getPrivate().getEncoded()));
            record.put(HOST_PUBLIC_KEY, base64(frozen.hostKey().getPublic().getEncoded()));
            frozen.tags().forEach((key, value) -> record.put(TAG + key, value));
        }
        if (count > 1) {
            record.put(COUNT, Integer.toString(count));
        }
        if (machineId != null && launchedAt != null) {
            record.putAll(launch(machineId, launchedAt));
        }
        if (nextHostKey != null) {
            record.putAll(next(nextHostKey));
        }
        if (onRelease != null) {
            record.put(ON_RELEASE, onRelease.toString());
        }
        return used.into(record);
    }

    private static String fingerprints(Set<String> all) {
        return String.join(" ", all);
    }

    private static Map<String, String> next(KeyPair hostKey) {
        return Map.of(
                NEXT_HOST_KEY, base64(hostKey.getPrivate().getEncoded()),
                NEXT_PUBLIC_HOST_KEY, base64(hostKey.getPublic().getEncoded()));
    }

    /** Adds to a document the host key that the machine is to get: from now on it may show this one, too. */
    static void expectHostKey(Map<String, String> record, KeyPair next) {
        record.merge(HOST_KEY, HostKeys.fingerprint(next), (shared, own) -> shared + " " + own);
        record.putAll(next(next));
    }

    /**
     * Ends what {@link #expectHostKey} has begun; harmless if it has ended.
     *
     * @param fingerprints by which the machine is known from now on
     */
    static void settleHostKey(Map<String, String> record, Set<String> fingerprints) {
        record.put(HOST_KEY, fingerprints(fingerprints));
        record.remove(NEXT_HOST_KEY);
        record.remove(NEXT_PUBLIC_HOST_KEY);
    }

    /** Returns what is added once the machine's id is known. */
    static Map<String, String> launch(String machineId, Instant launchedAt) {
        return Map.of(MACHINE, machineId, LAUNCHED_AT, launchedAt.toString());
    }

    /** Returns whether this version knows what a document means. */
    static boolean isReadable(Map<String, String> record) {
        return SCHEMA.equals(record.get("schema"));
    }

    /** Returns a document without what only the repetition of the create call needs. */
    static Map<String, String> thawed(Map<String, String> record) {
        Map<String, String> rest = new LinkedHashMap<>(record);
        rest.remove(HOST_PRIVATE_KEY);
        rest.remove(HOST_PUBLIC_KEY);
        rest.keySet().removeIf(key -> key.startsWith(TAG));
        return rest;
    }

    /** Returns a document without what must not leave the store. */
    static Map<String, String> withoutKeys(Map<String, String> record) {
        Map<String, String> rest = thawed(record);
        rest.remove(CLIENT_KEY);
        rest.remove(CLIENT_PUBLIC_KEY);
        rest.remove(NEXT_HOST_KEY);
        rest.remove(NEXT_PUBLIC_HOST_KEY);
        return rest;
    }

    /**
     * Reads a document.
     *
     * @throws ConfigurationException if it is of another version or damaged; the message holds nothing of its content
     */
    static BuilderRecord decode(String token, Map<String, String> record) {
        if (!isReadable(record)) {
            throw new ConfigurationException(
                    "The record of attempt " + token + " is of a version that this library does not know; use the"
                            + " version that wrote it, or release the machine",
                    null,
                    null,
                    null);
        }
        Fields fields = new Fields(record);
        try {
            Instant intendedAt = Instant.parse(fields.get("intendedAt"));
            Origin origin = new Origin(
                    fields.get("request"),
                    token,
                    offer(fields),
                    intendedAt,
                    Instant.parse(fields.get(CAP)),
                    Particulars.decode(record));
            ShellKeys keys = new ShellKeys(
                    keyPair(fields.get(CLIENT_PUBLIC_KEY), fields.get(CLIENT_KEY)),
                    Set.of(fields.get(HOST_KEY).split(" ", -1)));
            String next = record.get(NEXT_HOST_KEY);
            return new BuilderRecord(
                    origin,
                    Instant.parse(fields.get("readyBy")),
                    keys,
                    record.get(MACHINE),
                    fields.find(LAUNCHED_AT).map(Instant::parse).orElse(null),
                    frozen(fields),
                    next == null ? null : keyPair(fields.get(NEXT_PUBLIC_HOST_KEY), next),
                    record.containsKey(COUNT) ? fields.number(COUNT) : 1,
                    fields.find(ON_RELEASE).map(Duration::parse).orElse(null),
                    Used.decode(record));
        } catch (IllegalArgumentException | DateTimeException | GeneralSecurityException e) {
            // Without the cause: what cannot be read is quoted there, and it may be a key.
            throw new ConfigurationException(
                    "The record of attempt " + token + " is damaged; release the machine", null, null, null);
        }
    }

    private record Fields(Map<String, String> record) {
        String get(String key) {
            return find(key).orElseThrow(() -> new IllegalArgumentException(key + " is missing"));
        }

        int number(String key) {
            return Integer.parseInt(get(key));
        }

        Optional<String> find(String key) {
            return Optional.ofNullable(record.get(key));
        }
    }

    private static @Nullable Frozen frozen(Fields fields) throws GeneralSecurityException {
        Optional<String> secret = fields.find(HOST_PRIVATE_KEY);
        if (secret.isEmpty()) {
            return null;
        }
        Map<String, String> tags = new LinkedHashMap<>();
        fields.record().forEach((key, value) -> {
            if (key.startsWith(TAG)) {
                tags.put(key.substring(TAG.length()), value);
            }
        });
        return new Frozen(fields.get(SPEC), tags, keyPair(fields.get(HOST_PUBLIC_KEY), secret.get()));
    }

    /**
     * Reads what was launched from a document, or from a line of the ledger.
     *
     * @throws IllegalArgumentException if a part is missing or malformed
     * @throws DateTimeException if the protection is malformed
     */
    static Offer offer(Map<String, String> record) {
        return offer(new Fields(record));
    }

    private static Offer offer(Fields fields) {
        Currency currency = Currency.getInstance(fields.get("currency"));
        MachineType type = new MachineType(
                fields.get("type"),
                fields.get("family"),
                Architecture.valueOf(fields.get("architecture")),
                fields.number("millicpus"),
                fields.number("memoryMib"),
                fields.number("gpus"));
        Offer.Builder offer = Offer.builder()
                .provider(fields.get("provider"))
                .region(fields.get("region"))
                .zone(fields.get("zone"))
                .type(type)
                .market(Market.valueOf(fields.get("market")))
                .protection(Duration.parse(fields.get("protection")))
                .hourlyPrice(new Money(new BigDecimal(fields.get("price")), currency))
                .hourlyOnDemandPrice(new Money(new BigDecimal(fields.get("onDemandPrice")), currency));
        fields.find("releaseRate").map(Double::parseDouble).ifPresent(offer::releaseRate);
        return offer.build();
    }

    private static KeyPair keyPair(String publicKey, String privateKey) throws GeneralSecurityException {
        KeyFactory factory = KeyFactory.getInstance("EC");
        return new KeyPair(
                factory.generatePublic(
                        new X509EncodedKeySpec(Base64.getDecoder().decode(publicKey))),
                factory.generatePrivate(
                        new PKCS8EncodedKeySpec(Base64.getDecoder().decode(privateKey))));
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    @Override
    public String toString() {
        return "BuilderRecord[" + origin.token() + ", machine=" + machineId + "]";
    }
}
