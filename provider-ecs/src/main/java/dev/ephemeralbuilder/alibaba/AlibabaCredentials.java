package dev.ephemeralbuilder.alibaba;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * Where the access key of Alibaba Cloud comes from. It is asked before every call, so that whoever rotates keys needs
 * no new provider.
 *
 * <p>Implementations are safe for use by many threads and end within a few seconds; what they throw becomes a
 * {@link dev.ephemeralbuilder.CredentialsException} without its message.
 */
@FunctionalInterface
public interface AlibabaCredentials {
    /** Returns the key to sign the next call with. May block. */
    AccessKey current();

    /**
     * Returns credentials that never change.
     *
     * @param id the AccessKey id
     * @param secret the AccessKey secret
     */
    static AlibabaCredentials fixed(String id, String secret) {
        AccessKey key = new AccessKey(id, secret, null);
        return () -> key;
    }

    /**
     * Returns temporary credentials of STS that never change; calls fail once they have expired.
     *
     * @param id the AccessKey id
     * @param secret the AccessKey secret
     * @param securityToken the token of STS
     */
    static AlibabaCredentials fixed(String id, String secret, String securityToken) {
        AccessKey key = new AccessKey(id, secret, requireNonNull(securityToken, "securityToken"));
        return () -> key;
    }

    /**
     * Returns the default chain of the vendor's SDK: system properties, environment
     * ({@code ALIBABA_CLOUD_ACCESS_KEY_ID}, {@code ALIBABA_CLOUD_ACCESS_KEY_SECRET}), OIDC, the profile of the vendor's
     * command line tool, the credentials file, the RAM role of the ECS instance that this JVM runs on, and the
     * credentials URI (ecs-openapi, 4.2). The SDK renews temporary keys. Nothing is looked up before the first call.
     */
    static AlibabaCredentials sdkDefaults() {
        return new SdkDefaultCredentials();
    }

    /**
     * An access key. {@link #toString} shows none of it.
     *
     * @param id the AccessKey id
     * @param secret the AccessKey secret
     * @param securityToken the token of STS, null for a permanent key
     */
    record AccessKey(String id, String secret, @Nullable String securityToken) {
        /**
         * Checks the parts.
         *
         * @throws IllegalArgumentException if one is blank
         */
        public AccessKey {
            if (id.isBlank()) {
                throw new IllegalArgumentException("id must not be blank");
            }
            if (secret.isBlank()) {
                throw new IllegalArgumentException("secret must not be blank");
            }
            if (securityToken != null && securityToken.isBlank()) {
                throw new IllegalArgumentException("securityToken must not be blank");
            }
        }

        @Override
        public String toString() {
            return "AccessKey[" + (securityToken == null ? "permanent" : "temporary") + "]";
        }
    }
}
