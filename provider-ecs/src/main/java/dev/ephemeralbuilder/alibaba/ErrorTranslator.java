package dev.ephemeralbuilder.alibaba;

import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.exceptions.ServerException;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.ThrottledException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * Turns the SDK's exceptions into ours. Of the SDK's exception only code, request id and the class of the cause go on:
 * messages and causes hold signed URLs, the access key and user data (ecs-openapi, 4.5).
 */
final class ErrorTranslator {
    /** The code under which our own credentials adapter fails. */
    static final String NO_CREDENTIALS = "NoCredentials";

    private static final Pattern CODE = Pattern.compile("[A-Za-z0-9._-]{1,100}");
    private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9-]{1,64}");

    private final ErrorTable table;

    ErrorTranslator(ErrorTable table) {
        this.table = table;
    }

    /**
     * Translates.
     *
     * @return the exception to throw
     * @throws InterruptedException if that is what the exception means
     */
    BuilderException translate(String action, ClientException e) throws InterruptedException {
        String code = matching(CODE, e.getErrCode());
        String requestId = matching(REQUEST_ID, e.getRequestId());
        if (code == null) {
            return new ProviderException(
                    action + " failed without an error code", effect(action), true, null, requestId, null);
        }
        if (NO_CREDENTIALS.equals(code)) {
            return new CredentialsException(
                    action + " was not sent: the credentials failed with " + e.getErrMsg(), null, null, null);
        }
        ErrorKind kind = table.find(code);
        if (kind != null) {
            return of(kind, action, code, requestId);
        }
        if (code.startsWith("SDK.")) {
            return unanswered(action, code, e);
        }
        if (code.startsWith("HTTP.")) {
            return notOfTheCloud(action, code);
        }
        ErrorKind byStatus = e instanceof ServerException ? ErrorKind.SERVER : ErrorKind.CONFIGURATION;
        return of(byStatus, action, code, requestId);
    }

    /** Returns the exception for an answer that the SDK cannot read. */
    BuilderException nonsense(String action) {
        return new ProviderException(
                action + " was answered, but the answer makes no sense",
                effect(action),
                true,
                "MalformedAnswer",
                null,
                null);
    }

    private static BuilderException of(ErrorKind kind, String action, String code, @Nullable String requestId) {
        return switch (kind) {
            case NO_STOCK ->
                new CapacityException(
                        action + ": no stock for this offer now; try another type, zone or market, or wait",
                        CapacityException.Reason.NO_STOCK,
                        code,
                        requestId,
                        null);
            case UNSUITABLE ->
                new CapacityException(
                        action + ": type, zone, disk and image do not go together; try another offer",
                        CapacityException.Reason.UNSUITABLE,
                        code,
                        requestId,
                        null);
            case PRICE ->
                new CapacityException(
                        action + ": the market price is above the limit; raise the price cap or try another offer",
                        CapacityException.Reason.PRICE,
                        code,
                        requestId,
                        null);
            case QUOTA ->
                new QuotaException(
                        action
                                + ": the account's quota is used up; give machines back, or ask for more in the Quota"
                                + " Center",
                        code,
                        requestId,
                        null);
            case THROTTLED ->
                new ThrottledException(
                        action + ": too many calls; wait for the next minute, or lower callsPerMinute if it goes on",
                        code,
                        requestId,
                        null);
            case CREDENTIALS ->
                new CredentialsException(action + " was refused: " + refusal(code), code, requestId, null);
            case CONFIGURATION ->
                new ConfigurationException(
                        action + ": a setting or parameter was refused; the code says which", code, requestId, null);
            case TOKEN_MISMATCH ->
                new ProviderException(
                        action + ": the client token was used before with other parameters; look for machines of this"
                                + " attempt by tag",
                        Effect.UNKNOWN,
                        false,
                        code,
                        requestId,
                        null);
            case IN_PROGRESS ->
                new ProviderException(
                        action + ": an earlier call is still being worked on; repeat it unchanged later",
                        effect(action),
                        true,
                        code,
                        requestId,
                        null);
            case STATE ->
                new ProviderException(
                        action + ": the state of the thing forbids it for now; repeat it later",
                        Effect.NONE,
                        true,
                        code,
                        requestId,
                        null);
            case NOT_FOUND ->
                new ProviderException(
                        action + ": no such instance; one that was created just now may not be shown yet",
                        Effect.NONE,
                        false,
                        code,
                        requestId,
                        null);
            case SERVER ->
                new ProviderException(
                        action + ": the cloud failed; repeat it later, unchanged",
                        effect(action),
                        true,
                        code,
                        requestId,
                        null);
        };
    }

    private static String refusal(String code) {
        if (code.equals("InvalidTimeStamp.Expired")) {
            return "this machine's clock is wrong; set it";
        }
        return ErrorTable.isUnpaid(code)
                ? "the account has no money or no means of payment; settle its bills"
                : "the access key or its account may not do this; check the key, its policy and the account";
    }

    private static BuilderException unanswered(String action, String code, ClientException e)
            throws InterruptedException {
        Throwable cause = e.getCause();
        if (cause instanceof InterruptedException
                || (cause instanceof InterruptedIOException && !(cause instanceof SocketTimeoutException))) {
            // The flag goes with the exception.
            Thread.interrupted();
            throw new InterruptedException(action + " was interrupted");
        }
        if (code.equals("SDK.ReadTimeout")) {
            return new ProviderException(
                    action + ": no complete answer in time", effect(action), true, code, null, null);
        }
        String what = cause == null ? "" : " (" + cause.getClass().getSimpleName() + ")";
        if (neverSent(cause)) {
            return new ProviderException(
                    action + " could not be sent: no connection" + what, Effect.NONE, true, code, null, null);
        }
        return new ProviderException(action + ": the connection failed" + what, effect(action), true, code, null, null);
    }

    private static boolean neverSent(@Nullable Throwable cause) {
        return cause instanceof ConnectException
                || cause instanceof UnknownHostException
                || cause instanceof HttpConnectTimeoutException
                || cause instanceof SSLHandshakeException
                || (cause != null && cause.getCause() instanceof UnresolvedAddressException);
    }

    /** An answer in another language than the API's: a proxy or a gateway before it. */
    private static BuilderException notOfTheCloud(String action, String code) {
        return switch (code) {
            case "HTTP.429" -> new ThrottledException(action + ": too many calls", code, null, null);
            case "HTTP.407" ->
                new ConfigurationException(action + " was not sent: the proxy refused it", code, null, null);
            default ->
                new ProviderException(
                        action + ": the answer is not one of the API", effect(action), true, code, null, null);
        };
    }

    /** A read has no effect, whatever became of it. */
    private static Effect effect(String action) {
        return action.startsWith("Describe") || action.startsWith("List") ? Effect.NONE : Effect.UNKNOWN;
    }

    private static @Nullable String matching(Pattern pattern, @Nullable String value) {
        return value != null && pattern.matcher(value).matches() ? value : null;
    }
}
