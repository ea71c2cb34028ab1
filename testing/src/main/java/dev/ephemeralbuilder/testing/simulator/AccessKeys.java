package dev.ephemeralbuilder.testing.simulator;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The keys that requests may be signed with. Temporary ones are known for longer than they are good, so that a client
 * learns that its key expired and not that there is none. Their codes are those of the gateway (ecs-openapi, 3, and
 * the codes that public clients look for); their statuses, and that the token is looked at before the signature, are
 * [unconfirmed].
 *
 * <p>Safe for use by many threads. Holds secrets; {@link #toString} shows none.
 */
final class AccessKeys {
    private static final int MAX_TEMPORARY = 10_000;

    private final Function<String, @Nullable String> permanent;
    private final Clock wall;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, TemporaryKeys> temporary = new LinkedHashMap<>();

    /**
     * @param permanent gives the secrets of keys that are good until the end, and null for others
     */
    AccessKeys(Function<String, @Nullable String> permanent, Clock wall) {
        this.permanent = permanent;
        this.wall = wall;
    }

    /** Makes up a key that is good for a while; the oldest of very many is forgotten. */
    synchronized TemporaryKeys issue(Duration lifetime) {
        TemporaryKeys keys = new TemporaryKeys(
                "STS.simulated" + text(8), text(16), text(32), wall.instant().plus(lifetime));
        temporary.put(keys.accessKeyId(), keys);
        if (temporary.size() > MAX_TEMPORARY) {
            temporary.remove(temporary.keySet().iterator().next());
        }
        return keys;
    }

    private String text(int bytes) {
        byte[] drawn = new byte[bytes];
        random.nextBytes(drawn);
        return HexFormat.of().formatHex(drawn);
    }

    /**
     * Returns the secret of a key.
     *
     * @param token what the request has as security token
     * @throws ApiError if there is no such key, it does not go with the token, or it expired
     */
    synchronized String secret(String accessKeyId, @Nullable String token) {
        TemporaryKeys keys = temporary.get(accessKeyId);
        String secret = keys == null ? permanent.apply(accessKeyId) : keys.accessKeySecret();
        if (secret == null) {
            throw ApiError.of("InvalidAccessKeyId.NotFound", "Specified access key is not found.");
        }
        if (token == null) {
            if (keys != null) {
                throw ApiError.of("MissingSecurityToken", "A temporary access key needs its security token.");
            }
            return secret;
        }
        if (temporary.values().stream().noneMatch(known -> known.securityToken().equals(token))) {
            throw ApiError.of("InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.");
        }
        if (keys == null || !keys.securityToken().equals(token)) {
            throw ApiError.of(
                    "InvalidSecurityToken.MismatchWithAccessKey",
                    "Specified SecurityToken does not go with the AccessKey.");
        }
        Instant now = wall.instant();
        if (!now.isBefore(keys.expiration())) {
            throw ApiError.of("InvalidSecurityToken.Expired", "Specified SecurityToken is expired.");
        }
        return secret;
    }

    @Override
    public synchronized String toString() {
        return "AccessKeys[" + temporary.size() + " temporary]";
    }
}
