package dev.ephemeralbuilder.testing.simulator;

import java.time.Instant;

/**
 * Keys that are good for a while, as Alibaba Cloud's STS gives them for a RAM role. Good at one simulator only, and no
 * real ones. Immutable; {@link #toString} shows neither secret nor token.
 *
 * @param accessKeyId the key; begins with {@code STS.}
 * @param accessKeySecret what requests are signed with
 * @param securityToken what each request carries beside the key
 * @param expiration the end, by the wall clock; from then on requests are refused with
 *     {@code InvalidSecurityToken.Expired}
 */
public record TemporaryKeys(String accessKeyId, String accessKeySecret, String securityToken, Instant expiration) {
    @Override
    public String toString() {
        return "TemporaryKeys[" + accessKeyId + ", until " + expiration + "]";
    }
}
