package dev.ephemeralbuilder.testing.simulator;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An answer that is an error, as the API would give it. Holds nothing of the request but names of parameters. */
final class ApiError extends RuntimeException {
    // Where the same code has several statuses in the documentation, the one seen most often (ecs-openapi, 3;
    // eci-openapi, 8).
    private static final Map<String, Integer> STATUS = Map.ofEntries(
            Map.entry("OperationDenied.NoStock", 403),
            Map.entry("OperationDenied.ZoneNotAllowed", 403),
            Map.entry("OperationDenied.ResourceControl", 403),
            Map.entry("OperationDenied.CreatingConflict", 404),
            Map.entry("OperationDenied.CloudSSDNotSupported", 403),
            Map.entry("Zone.NotOnSale", 403),
            Map.entry("Zone.NotOpen", 403),
            Map.entry("InvalidResourceType.NotSupported", 403),
            Map.entry("InvalidInstanceType.ZoneNotSupported", 403),
            Map.entry("InvalidInstanceType.NotSupportDiskCategory", 403),
            Map.entry("CategoryNotSupported", 403),
            Map.entry("ImageNotSupportInstanceType", 403),
            Map.entry("ImageUsingByInstance", 403),
            Map.entry("ImageIsCreating", 403),
            Map.entry("InvalidSystemDiskSize", 404),
            Map.entry("InvalidSystemDiskSize.LessThanImageSize", 404),
            Map.entry("InvalidSystemDiskSize.MoreThanMaxSize", 404),
            Map.entry("IdempotentProcessing", 403),
            Map.entry("InstanceType.Offline", 403),
            Map.entry("QuotaExceed.ElasticQuota", 403),
            Map.entry("QuotaExceed.PostPaidDisk", 403),
            Map.entry("IncorrectInstanceStatus", 403),
            Map.entry("IncorrectInstanceStatus.Initializing", 403),
            Map.entry("InvalidChargeType.ValueNotSupported", 403),
            Map.entry("InvalidOperation.DeletionProtection", 403),
            Map.entry("Forbidden.RAM", 403),
            Map.entry("InvalidRamRole.NotEcsRole", 401),
            Map.entry("Throttling.Resource", 429),
            Map.entry("Spot.NotMatched", 403),
            Map.entry("InvalidVSwitchId.IpNotEnough", 403),
            Map.entry("OperationDenied.VswZoneMisMatch", 403),
            Map.entry("OperationDenied.SecurityGroupMisMatch", 403),
            Map.entry("QuotaExceeded", 403),
            Map.entry("Throttling.Vcpu.PerDay", 403),
            Map.entry("InternalError", 500),
            Map.entry("UnknownError", 500),
            Map.entry("ServiceUnavailable", 503));

    private static final long serialVersionUID = 1;

    private final int status;
    private final String code;
    private final @Nullable String deniedAction;

    ApiError(int status, String code, String message) {
        this(status, code, message, null);
    }

    private ApiError(int status, String code, String message, @Nullable String deniedAction) {
        super(message, null, false, false);
        this.status = status;
        this.code = code;
        this.deniedAction = deniedAction;
    }

    /** The caller has no permission for an operation. */
    static ApiError denied(String action) {
        return new ApiError(
                403,
                "Forbidden.RAM",
                "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
                action);
    }

    /** An error with the status that goes with its code. */
    static ApiError of(String code, String message) {
        return new ApiError(statusOf(code), code, message);
    }

    static ApiError missing(String parameter) {
        return new ApiError(
                400,
                "MissingParameter",
                "The input parameter \"" + parameter + "\" that is mandatory for processing this request is not"
                        + " supplied.");
    }

    static ApiError invalid(String parameter) {
        return new ApiError(400, "InvalidParameter", "The specified parameter \"" + parameter + "\" is not valid.");
    }

    static int statusOf(String code) {
        Integer known = STATUS.get(code);
        if (known != null) {
            return known;
        }
        return code.endsWith(".NotFound") ? 404 : 400;
    }

    /** Whether the same call may work later, so that no client token remembers the failure (ecs-openapi, 1.3). */
    boolean isPassing() {
        return status >= 500 || code.contains("Throttling");
    }

    /** Returns the operation that the caller may not call, or null if that is not the error. */
    @Nullable String deniedAction() {
        return deniedAction;
    }

    int status() {
        return status;
    }

    String code() {
        return code;
    }

    String text() {
        String message = getMessage();
        return message == null ? code : message;
    }
}
