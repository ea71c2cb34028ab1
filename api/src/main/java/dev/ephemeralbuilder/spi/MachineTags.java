package dev.ephemeralbuilder.spi;

/**
 * The tags of every machine that a fleet creates. They travel in the create call, so that no moment exists in which a
 * machine has no owner. Visible to everyone who may list machines; none holds a secret.
 */
public final class MachineTags {
    /** Version of the meaning of these tags: {@code 1}. Whoever does not know a version touches nothing. */
    public static final String SCHEMA = "ephemeral:schema";

    /** Name of the owner: who may delete the machine. */
    public static final String OWNER = "ephemeral:owner";

    /** The host that created the machine, so that a copied configuration deletes nothing alive. */
    public static final String HOST = "ephemeral:host";

    /** The id of the request that the machine was created for. */
    public static final String REQUEST = "ephemeral:request";

    /** The client token of the create call: what belongs to one attempt. */
    public static final String ATTEMPT = "ephemeral:attempt";

    /** Until when the machine is wanted, as seconds since 1970; or {@link #RELEASED}. */
    public static final String LEASE = "ephemeral:lease";

    /** When the cloud itself ends the machine, as seconds since 1970. */
    public static final String CAP = "ephemeral:cap";

    /**
     * SHA-256 fingerprint of the host key of the create call, in OpenSSH's form without the prefix: what the machine
     * shows when it is contacted first. Machines of one call share it until each has been given a key of its own,
     * before its builder is handed out; the tag is left as it was made, and from then on the record in the state store
     * alone says which key is the machine's.
     */
    public static final String HOST_KEY = "ephemeral:hostkey";

    /**
     * Which {@linkplain Launch#containerCommand command of its own} the machine runs, as a hash that shows nothing of it;
     * no such tag on machines for scripts.
     */
    public static final String COMMAND = "ephemeral:command";

    /** Prefix of the tags of a request's labels. */
    public static final String LABEL = "ephemeral:label:";

    /** The lease of a machine that nobody wants any more. */
    public static final String RELEASED = "released";

    private MachineTags() {}
}
