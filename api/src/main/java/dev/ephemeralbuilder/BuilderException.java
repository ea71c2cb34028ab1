package dev.ephemeralbuilder;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Base of every exception that this library throws for a failure outside the caller's code. A mistake in a call's
 * arguments is an {@link IllegalArgumentException}, {@link IllegalStateException} or {@link NullPointerException}
 * instead.
 *
 * <p>No message contains a secret: key material, access keys, signed URLs, script text and environment values are never
 * part of one.
 */
public abstract sealed class BuilderException extends RuntimeException
        permits BuilderLostException,
                BuilderReclaimedException,
                BuilderTimeoutException,
                CapacityException,
                ConfigurationException,
                CredentialsException,
                DuplicateRequestException,
                HookException,
                ImagePullException,
                JobException,
                PartialAcquireException,
                ProviderException,
                QuotaException,
                ThrottledException {
    private static final long serialVersionUID = 1L;
    private static final int LINES_IN_MESSAGE = 5;
    private static final int LONGEST_LINE = 200;

    private final @Nullable String code;
    private final @Nullable String requestId;
    private final @Nullable String console;

    BuilderException(String message, @Nullable String code, @Nullable String requestId, @Nullable Throwable cause) {
        super(withDetails(message, code, requestId), cause);
        this.code = code;
        this.requestId = requestId;
        this.console = null;
    }

    /** Creates the same failure with what the machine has said. */
    BuilderException(BuilderException bare, String console) {
        super(bare.getMessage() + lastLines(console), bare.getCause());
        this.code = bare.code;
        this.requestId = bare.requestId;
        this.console = console;
        setStackTrace(bare.getStackTrace());
    }

    /** Returns whether the same call, made again later and unchanged, may succeed. */
    public abstract boolean retryable();

    /** Returns the cloud's error code, if the cloud gave one. */
    public Optional<String> code() {
        return Optional.ofNullable(code);
    }

    /** Returns the cloud's id of the failed call, for a support ticket, if the cloud answered. */
    public Optional<String> requestId() {
        return Optional.ofNullable(requestId);
    }

    /**
     * Returns the end of what the machine has said whose boot failed: of its serial console, or of its container's log
     * and events. At most 60 lines and 16 KiB, without control characters and without what looks like a key; it may hold
     * whatever else ran on the machine has written there. The last lines are at the end of the message too.
     *
     * <p>Empty for every other failure, and where the cloud could not give it within some seconds.
     */
    public Optional<String> console() {
        return Optional.ofNullable(console);
    }

    /**
     * Returns this failure with what the machine has said; for those who look after a boot. Failures that no boot ends
     * with return themselves.
     *
     * @param console the end of it, without secrets
     */
    public BuilderException withConsole(String console) {
        return this;
    }

    private static String lastLines(String console) {
        List<String> lines = console.lines().toList();
        return lines.subList(Math.max(0, lines.size() - LINES_IN_MESSAGE), lines.size()).stream()
                .map(line -> "\n  " + (line.length() > LONGEST_LINE ? line.substring(0, LONGEST_LINE) + "..." : line))
                .collect(Collectors.joining("", "\nThe machine's console ends with:", ""));
    }

    private static String withDetails(String message, @Nullable String code, @Nullable String requestId) {
        if (code == null && requestId == null) {
            return message;
        }
        StringBuilder s = new StringBuilder(message).append(" [");
        if (code != null) {
            s.append("code=").append(code);
        }
        if (requestId != null) {
            s.append(code == null ? "" : ", ").append("requestId=").append(requestId);
        }
        return s.append(']').toString();
    }
}
