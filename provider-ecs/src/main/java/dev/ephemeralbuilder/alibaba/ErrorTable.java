package dev.ephemeralbuilder.alibaba;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Error codes and what they mean (ecs-openapi, section 3). The code is the only reliable key. Immutable. */
final class ErrorTable {
    /** What money settles, not rights. */
    private static final Set<String> UNPAID = Set.of(
            "Account.Arrearage",
            "InsufficientBalance",
            "InvalidAccountStatus.NotEnoughBalance",
            "InvalidPayMethod",
            "InvalidPaymentMethod.InsufficientBalance",
            "Payfor.CreditPayInsufficientBalance",
            "EipPayInsufficientBalance");

    private static final Map<String, ErrorKind> CODES = new HashMap<>();

    static {
        put(
                ErrorKind.NO_STOCK,
                "OperationDenied.NoStock",
                "Zone.NotOnSale",
                "Zone.NotOpen",
                "ResourceNotAvailable",
                "InvalidResourceType.NotSupported",
                "InvalidInstanceType.ZoneNotSupported",
                "InstanceType.Offline",
                "OperationDenied.ZoneNotAllowed",
                "OperationDenied.ResourceControl",
                "OperationDenied.PaygNotAvailable",
                "NodeControllerUnavailable",
                "LackResource",
                "NoInstanceStock",
                // No free address in the vSwitch of this zone: as with stock, another zone helps and waiting may.
                "QuotaExceeded.PrivateIpAddress",
                "InvalidVSwitchId.IpInvalid",
                "InvalidVSwitchId.IpNotEnough");
        put(
                ErrorKind.UNSUITABLE,
                "OperationDenied.ZoneSystemCategoryNotMatch",
                "OperationDenied.CloudSSDNotSupported",
                "InvalidDiskCategory.NotSupported",
                "CategoryNotSupported",
                "InvalidInstanceType.NotSupportDiskCategory",
                "InvalidPerformanceLevel.ValueNotSupported",
                "InvalidInstanceType.ValueNotSupported",
                "InvalidInstanceType.NotSupported",
                "ImageNotSupportInstanceType",
                "InvalidParameter.Conflict",
                "IoOptimized.NotSupported",
                "InvalidVpcZone.NotSupported",
                "OperationDenied.FlavorNotSupported",
                "OperationDenied.RegionIdNotSupported",
                "OperationDenied");
        put(
                ErrorKind.PRICE,
                "InvalidSpotPriceLimit.LowerThanPublicPrice",
                "OperationDenied.SpotPriceLowerThanPublicPrice");
        put(
                ErrorKind.QUOTA,
                "QuotaExceed.ElasticQuota",
                "QuotaExceed.AfterpayInstance",
                "QuotaExceed.DiskCapacity",
                "QuotaExceed.PostPaidDisk",
                "QuotaExceeded",
                "SecurityGroupInstanceLimitExceed",
                "QuotaExceed.Tags",
                "InvalidOperation.EniCountExceeded");
        put(
                ErrorKind.CREDENTIALS,
                "Forbidden",
                "Forbbiden",
                "SignatureDoesNotMatch",
                "IncompleteSignature",
                "InvalidTimeStamp.Expired",
                "InvalidUser.PassRoleForbidden",
                "InvalidRamRole.NotEcsRole",
                "Account.Arrearage",
                "InsufficientBalance",
                "InvalidAccountStatus.NotEnoughBalance",
                "RealNameAuthenticationError",
                "InvalidPayMethod",
                "InvalidAccount.NotSupportSpot",
                "InvalidSpotAliUid",
                "InvalidSpotAuthorized",
                "SDK.InvalidAccessKeySecret",
                "SDK.InvalidAccessSecret");
        put(ErrorKind.TOKEN_MISMATCH, "IdempotentParameterMismatch");
        put(
                ErrorKind.IN_PROGRESS,
                "IdempotentProcessing",
                "LastTokenProcessing",
                "LastRequestProcessing",
                "LastOrderProcessing",
                // The gateway has seen this very request: it may have worked. A repetition gets a new nonce.
                "SignatureNonceUsed");
        put(
                ErrorKind.STATE,
                "IncorrectInstanceStatus",
                "IncorrectInstanceStatus.Initializing",
                "DependencyViolation.RouteEntry",
                "IncorrectVSwitchStatus",
                "OperationDenied.CreatingConflict",
                "OperationConflict",
                "InvalidOperation.Conflict",
                "InvalidHpcClusterId.Creating");
        put(
                ErrorKind.NOT_FOUND,
                "InvalidInstanceId.NotFound",
                "Forbidden.InstanceNotFound",
                "InvalidResourceId.NotFound");
        put(ErrorKind.SERVER, "InternalError", "ServiceUnavailable", "UnknownError");
    }

    private final Map<String, ErrorKind> own;

    /** Creates a table; the codes of one product go before the common ones. */
    ErrorTable(Map<String, ErrorKind> own) {
        this.own = Map.copyOf(own);
    }

    /** Returns what a code means, or null if the table does not know it. */
    @Nullable ErrorKind find(String code) {
        ErrorKind kind = own.get(code);
        if (kind == null) {
            kind = CODES.get(code);
        }
        return kind != null ? kind : byShape(code);
    }

    /** Returns whether the account is refused because it has not paid, or cannot. */
    static boolean isUnpaid(String code) {
        return UNPAID.contains(code);
    }

    private static @Nullable ErrorKind byShape(String code) {
        if (code.contains("Throttling")) {
            return ErrorKind.THROTTLED;
        }
        if (code.startsWith("InvalidAccessKeyId.")
                || code.startsWith("InvalidSecurityToken.")
                || code.startsWith("Forbidden.")) {
            return ErrorKind.CREDENTIALS;
        }
        if (code.startsWith("QuotaExceed.") || code.startsWith("QuotaExceeded.")) {
            return ErrorKind.QUOTA;
        }
        if (code.startsWith("IncorrectInstanceStatus.")) {
            return ErrorKind.STATE;
        }
        return null;
    }

    private static void put(ErrorKind kind, String... codes) {
        for (String code : codes) {
            CODES.put(code, kind);
        }
    }
}
