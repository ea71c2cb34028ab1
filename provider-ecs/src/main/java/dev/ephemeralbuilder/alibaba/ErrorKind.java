package dev.ephemeralbuilder.alibaba;

/** What an error code of Alibaba Cloud means for whoever made the call (ecs-openapi, section 3). */
public enum ErrorKind {
    /** There is no stock of this type in this zone now: another offer may work. */
    NO_STOCK,
    /** This type does not go with this zone, disk or image: another offer may work. */
    UNSUITABLE,
    /** The bid is below the market price. */
    PRICE,
    /** The account may not have more. */
    QUOTA,
    /** There were too many calls. */
    THROTTLED,
    /** The caller is not known, not allowed, or its account is not served. */
    CREDENTIALS,
    /** A parameter is wrong or names something that does not exist. */
    CONFIGURATION,
    /** The client token was used with other parameters: what it made must be looked for. */
    TOKEN_MISMATCH,
    /** The first call with this client token, or an order on the same thing, is still running. */
    IN_PROGRESS,
    /** The state of the thing forbids the call for now. */
    STATE,
    /** There is no such instance, or not yet. */
    NOT_FOUND,
    /** The cloud failed, or nobody knows what happened. */
    SERVER
}
