package dev.ephemeralbuilder.alibaba;

import static org.assertj.core.api.Assertions.assertThat;

import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.exceptions.ServerException;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.ThrottledException;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The codes of ecs-openapi, section 3, one by one, and what a failure says and carries. */
class ErrorCodesTest {
    private final ErrorTable table = new ErrorTable(Map.of());
    private final ErrorTranslator translator = new ErrorTranslator(table);

    static Stream<Arguments> codes() {
        return Stream.of(
                        of(
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
                                "QuotaExceeded.PrivateIpAddress",
                                "InvalidVSwitchId.IpInvalid",
                                "InvalidVSwitchId.IpNotEnough"),
                        of(
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
                                "OperationDenied"),
                        of(
                                ErrorKind.PRICE,
                                "InvalidSpotPriceLimit.LowerThanPublicPrice",
                                "OperationDenied.SpotPriceLowerThanPublicPrice"),
                        of(
                                ErrorKind.QUOTA,
                                "QuotaExceed.ElasticQuota",
                                "QuotaExceed.AfterpayInstance",
                                "QuotaExceed.DiskCapacity",
                                "QuotaExceed.PostPaidDisk",
                                "QuotaExceeded",
                                "SecurityGroupInstanceLimitExceed",
                                "QuotaExceed.Tags",
                                "InvalidOperation.EniCountExceeded"),
                        of(
                                ErrorKind.THROTTLED,
                                "Throttling",
                                "Throttling.User",
                                "Throttling.Api",
                                "Throttling.Resource",
                                "Throttling.ConcurrentLimitExceeded",
                                "Rejected.Throttling"),
                        of(
                                ErrorKind.CREDENTIALS,
                                "Forbidden.RAM",
                                "Forbidden",
                                "Forbbiden",
                                "Forbidden.RiskControl",
                                "InvalidAccessKeyId.NotFound",
                                "InvalidAccessKeyId.Inactive",
                                "SignatureDoesNotMatch",
                                "IncompleteSignature",
                                "SDK.InvalidAccessKeySecret",
                                "InvalidSecurityToken.Expired",
                                "InvalidSecurityToken.Malformed",
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
                                "InvalidTimeStamp.Expired"),
                        of(
                                ErrorKind.CONFIGURATION,
                                "MissingParameter",
                                "InvalidImageId.NotFound",
                                "InvalidSecurityGroupId.NotFound",
                                "InvalidVSwitchId.NotFound",
                                "InvalidKeyPairName.NotFound",
                                "InvalidParameter.Mismatch",
                                "InvalidUserData.SizeExceeded",
                                "InvalidAutoReleaseTime.Malformed",
                                "InvalidMinAmount.Malformed",
                                "InvalidTagKey.Malformed",
                                "InvalidSpotPriceLimit",
                                "InvalidSpotPrepaid",
                                "InvalidSpotParam.EmptyZoneID",
                                "InvalidClientToken.ValueNotSupported",
                                "SpotNotSupported",
                                "SomethingUnheardOf"),
                        of(ErrorKind.TOKEN_MISMATCH, "IdempotentParameterMismatch"),
                        of(
                                ErrorKind.IN_PROGRESS,
                                "IdempotentProcessing",
                                "LastTokenProcessing",
                                "LastRequestProcessing",
                                "LastOrderProcessing",
                                "SignatureNonceUsed"),
                        of(
                                ErrorKind.STATE,
                                "IncorrectInstanceStatus",
                                "IncorrectInstanceStatus.Initializing",
                                "DependencyViolation.RouteEntry",
                                "IncorrectVSwitchStatus",
                                "OperationDenied.CreatingConflict",
                                "OperationConflict",
                                "InvalidOperation.Conflict",
                                "InvalidHpcClusterId.Creating"),
                        of(ErrorKind.NOT_FOUND, "InvalidInstanceId.NotFound", "Forbidden.InstanceNotFound"),
                        of(ErrorKind.SERVER, "InternalError", "ServiceUnavailable", "UnknownError"))
                .flatMap(some -> some);
    }

    private static Stream<Arguments> of(ErrorKind kind, String... codes) {
        return Stream.of(codes).map(code -> Arguments.of(code, kind));
    }

    static Class<? extends BuilderException> type(ErrorKind kind) {
        return switch (kind) {
            case NO_STOCK, UNSUITABLE, PRICE -> CapacityException.class;
            case QUOTA -> QuotaException.class;
            case THROTTLED -> ThrottledException.class;
            case CREDENTIALS -> CredentialsException.class;
            case CONFIGURATION -> ConfigurationException.class;
            case TOKEN_MISMATCH, IN_PROGRESS, STATE, NOT_FOUND, SERVER -> ProviderException.class;
        };
    }

    /** Words of the advice in each kind's message. */
    private static String advice(ErrorKind kind) {
        return switch (kind) {
            case NO_STOCK -> "try another type";
            case UNSUITABLE -> "try another offer";
            case PRICE -> "raise the price cap";
            case QUOTA -> "Quota Center";
            case THROTTLED -> "wait for the next minute";
            case CREDENTIALS -> "was refused: ";
            case CONFIGURATION -> "the code says which";
            case TOKEN_MISMATCH -> "look for machines";
            case IN_PROGRESS, STATE, SERVER -> "repeat it";
            case NOT_FOUND -> "may not be shown yet";
        };
    }

    @ParameterizedTest
    @MethodSource("codes")
    void eachCodeHasItsKindItsTypeAndSaysWhatToDo(String code, ErrorKind kind) throws InterruptedException {
        BuilderException e = translator.translate("RunInstances", new ClientException(code, "secret words", "R-1"));

        assertThat(e).isExactlyInstanceOf(type(kind));
        assertThat(e.code()).contains(code);
        assertThat(e.requestId()).contains("R-1");
        assertThat(e)
                .hasMessageStartingWith("RunInstances")
                .hasMessageContaining(advice(kind))
                .hasMessageContaining("code=" + code)
                .hasMessageContaining("requestId=R-1")
                .hasNoCause();
        assertThat(e.getMessage()).doesNotContain("secret words");
        if (kind != ErrorKind.CONFIGURATION) {
            assertThat(table.find(code)).isEqualTo(kind);
        }
    }

    @Test
    void anUnknownCodeIsTheCallersFaultOrTheCloudsByItsStatus() throws InterruptedException {
        assertThat(translator.translate("RunInstances", new ClientException("Unheard.Of", "", "R-1")))
                .isInstanceOf(ConfigurationException.class);
        assertThat(translator.translate("RunInstances", new ServerException("Unheard.Of", "", "R-1")))
                .isInstanceOfSatisfying(ProviderException.class, e -> {
                    assertThat(e.effect()).isEqualTo(ProviderException.Effect.UNKNOWN);
                    assertThat(e.retryable()).isTrue();
                });
    }

    @Test
    void aFailedReadHasNoEffectWhateverItsCode() throws InterruptedException {
        for (String code : new String[] {"InternalError", "IdempotentProcessing", "SDK.ReadTimeout"}) {
            assertThat(translator.translate("DescribeInstances", new ClientException(code, "", "R-1")))
                    .isInstanceOfSatisfying(
                            ProviderException.class,
                            e -> assertThat(e.effect()).isEqualTo(ProviderException.Effect.NONE));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "InvalidTimeStamp.Expired,clock",
        "Account.Arrearage,bills",
        "InsufficientBalance,bills",
        "Forbidden.RAM,policy",
        "InvalidAccessKeyId.NotFound,key"
    })
    void aRefusalSaysWhatToLookAt(String code, String word) throws InterruptedException {
        assertThat(translator.translate("RunInstances", new ClientException(code, "", "R-1")))
                .hasMessageContaining(word);
    }
}
