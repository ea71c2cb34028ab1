package dev.ephemeralbuilder.eci;

import dev.ephemeralbuilder.alibaba.ErrorKind;
import java.util.HashMap;
import java.util.Map;

/**
 * Error codes of ECI and what they mean (eci-openapi, section 8); those that ECS has too are in the shared table, and a
 * code that is in neither is a wrong setting if the cloud says so with a 4xx.
 */
final class EciErrors {
    /** A group is not there; in a create call, what a parameter names is not there. */
    static final String NOT_FOUND = "InvalidParameter.NotFound";

    private static final Map<String, ErrorKind> CODES = new HashMap<>();

    static {
        put(ErrorKind.NO_STOCK, "Spot.NotMatched", "RecommendEmpty.InstanceTypeFamilyNotMatched");
        put(
                ErrorKind.UNSUITABLE,
                "InvalidParameter.CPU.Memory",
                "InvalidSpotCpuMemorySpec",
                "InvalidInstanceTypeForEciBuy",
                "InvalidInstanceTypeForEciSpotDurationBuy",
                "InstanceTypeNotMatchCpuArch",
                "HighCpuMemConfigRequired",
                "PrivatePoolInstanceSpotNotSupport",
                "LocalDiskAmountNotMatch",
                "FeatureBasedConstraintConflict");
        // The first one looks like too many calls, and no waiting within a job helps.
        put(ErrorKind.QUOTA, "Throttling.Vcpu.PerDay", "DiskCapacityQuotaFull", "DiskNumber.LimitExceed");
        put(ErrorKind.THROTTLED, "EipPurchaseFlowControl");
        put(
                ErrorKind.CREDENTIALS,
                "NoPermission",
                "CreateServiceLinkedRole.Denied",
                "SecurityRisk.3DVerification",
                "FeatureAccessRestricted",
                "InvalidPaymentMethod.InsufficientBalance",
                "Payfor.CreditPayInsufficientBalance",
                "EipPayInsufficientBalance",
                "ServiceNotEnabled",
                "OperationFailed.RiskControl");
        put(
                ErrorKind.CONFIGURATION,
                "OperationDenied.VswZoneMisMatch",
                "OperationDenied.SecurityGroupMisMatch",
                "RamRole.NotSupport",
                "ImageSnapshot.NotFound",
                "ImageSnapshot.IncorrectStatus",
                "ImageSnapshot.NotSupport",
                "PrivateIpAddress.Already.InUse");
        put(ErrorKind.STATE, "IncorrectStatus", "IncorrectOperation");
        put(ErrorKind.NOT_FOUND, NOT_FOUND);
    }

    private EciErrors() {}

    /** Returns the table, in which a user's own codes go before ours. */
    static Map<String, ErrorKind> with(Map<String, ErrorKind> own) {
        Map<String, ErrorKind> all = new HashMap<>(CODES);
        all.putAll(own);
        return all;
    }

    private static void put(ErrorKind kind, String... codes) {
        for (String code : codes) {
            CODES.put(code, kind);
        }
    }
}
