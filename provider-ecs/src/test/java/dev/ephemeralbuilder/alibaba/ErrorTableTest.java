package dev.ephemeralbuilder.alibaba;

import static org.assertj.core.api.Assertions.assertThat;

import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.ThrottledException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every code of ecs-openapi, section 3, as the real SDK reports it. */
class ErrorTableTest {
    private static BuilderException failure(int status, String code) throws InterruptedException {
        try (FakeEndpoint endpoint = new FakeEndpoint();
                OpenApiClient client = OpenApiClient.builder()
                        .region("cn-test")
                        .credentials(AlibabaCredentials.fixed("id", "secret"))
                        .endpoint(endpoint.uri())
                        .build()) {
            endpoint.error("RunInstances", status, code);
            client.call(new RunInstancesRequest());
            throw new AssertionError("the call succeeded");
        } catch (BuilderException e) {
            assertThat(e.code()).isEqualTo(Optional.of(code));
            assertThat(e.requestId()).isEqualTo(Optional.of("R-1"));
            assertThat(e).hasNoCause();
            return e;
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
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
                "InvalidVSwitchId.IpInvalid"
            })
    void noStockIsACapacityExceptionOfItsReason(String code) throws InterruptedException {
        BuilderException e = failure(403, code);
        assertThat(e).isInstanceOf(CapacityException.class);
        assertThat(((CapacityException) e).reason()).isEqualTo(CapacityException.Reason.NO_STOCK);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
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
                "OperationDenied"
            })
    void whatDoesNotGoTogetherIsACapacityExceptionOfItsReason(String code) throws InterruptedException {
        BuilderException e = failure(403, code);
        assertThat(e).isInstanceOf(CapacityException.class);
        assertThat(((CapacityException) e).reason()).isEqualTo(CapacityException.Reason.UNSUITABLE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"InvalidSpotPriceLimit.LowerThanPublicPrice", "OperationDenied.SpotPriceLowerThanPublicPrice"})
    void aBidThatIsTooLowIsACapacityExceptionOfItsReason(String code) throws InterruptedException {
        BuilderException e = failure(403, code);
        assertThat(e).isInstanceOf(CapacityException.class);
        assertThat(((CapacityException) e).reason()).isEqualTo(CapacityException.Reason.PRICE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "QuotaExceed.ElasticQuota",
                "QuotaExceed.AfterpayInstance",
                "QuotaExceed.DiskCapacity",
                "QuotaExceed.PostPaidDisk",
                "QuotaExceeded",
                "SecurityGroupInstanceLimitExceed",
                "QuotaExceed.Tags",
                "InvalidOperation.EniCountExceeded"
            })
    void quotaIsAQuotaException(String code) throws InterruptedException {
        assertThat(failure(400, code)).isInstanceOf(QuotaException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Throttling",
                "Throttling.User",
                "Throttling.Api",
                "Throttling.Resource",
                "Throttling.ConcurrentLimitExceeded",
                "Rejected.Throttling"
            })
    void tooManyCallsIsAThrottledException(String code) throws InterruptedException {
        assertThat(failure(400, code)).isInstanceOf(ThrottledException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Forbidden.RAM",
                "Forbidden",
                "Forbbiden",
                "Forbidden.RiskControl",
                "InvalidAccessKeyId.NotFound",
                "InvalidAccessKeyId.Inactive",
                "SignatureDoesNotMatch",
                "IncompleteSignature",
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
                "InvalidTimeStamp.Expired"
            })
    void aRefusedKeyOrAccountIsACredentialsException(String code) throws InterruptedException {
        assertThat(failure(400, code)).isInstanceOf(CredentialsException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
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
                "InvalidSpotParam.EmptyZoneID",
                "InvalidClientToken.ValueNotSupported"
            })
    void aMistakeOfOursIsAConfigurationException(String code) throws InterruptedException {
        assertThat(failure(400, code)).isInstanceOf(ConfigurationException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"IdempotentParameterMismatch"})
    void aTokenUsedOtherwiseIsAProviderExceptionOfItsEffect(String code) throws InterruptedException {
        BuilderException e = failure(400, code);
        assertThat(e).isInstanceOf(ProviderException.class);
        assertThat(((ProviderException) e).effect()).isEqualTo(ProviderException.Effect.UNKNOWN);
        assertThat(e.retryable()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "IdempotentProcessing",
                "LastTokenProcessing",
                "LastRequestProcessing",
                "LastOrderProcessing",
                "SignatureNonceUsed"
            })
    void aCallStillUnderWayIsAProviderExceptionOfItsEffect(String code) throws InterruptedException {
        BuilderException e = failure(400, code);
        assertThat(e).isInstanceOf(ProviderException.class);
        assertThat(((ProviderException) e).effect()).isEqualTo(ProviderException.Effect.UNKNOWN);
        assertThat(e.retryable()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "IncorrectInstanceStatus",
                "IncorrectInstanceStatus.Initializing",
                "DependencyViolation.RouteEntry",
                "IncorrectVSwitchStatus",
                "OperationDenied.CreatingConflict",
                "OperationConflict",
                "InvalidOperation.Conflict",
                "InvalidHpcClusterId.Creating"
            })
    void aStateThatForbidsItIsAProviderExceptionOfItsEffect(String code) throws InterruptedException {
        BuilderException e = failure(403, code);
        assertThat(e).isInstanceOf(ProviderException.class);
        assertThat(((ProviderException) e).effect()).isEqualTo(ProviderException.Effect.NONE);
        assertThat(e.retryable()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"InvalidInstanceId.NotFound", "Forbidden.InstanceNotFound"})
    void aMissingInstanceIsAProviderExceptionOfItsEffect(String code) throws InterruptedException {
        BuilderException e = failure(404, code);
        assertThat(e).isInstanceOf(ProviderException.class);
        assertThat(((ProviderException) e).effect()).isEqualTo(ProviderException.Effect.NONE);
        assertThat(e.retryable()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"InternalError", "ServiceUnavailable", "UnknownError", "SomethingUnheardOf"})
    void aFailureOfTheCloudIsAProviderExceptionOfItsEffect(String code) throws InterruptedException {
        BuilderException e = failure(500, code);
        assertThat(e).isInstanceOf(ProviderException.class);
        assertThat(((ProviderException) e).effect()).isEqualTo(ProviderException.Effect.UNKNOWN);
        assertThat(e.retryable()).isTrue();
    }

    @Test
    void aProductsOwnCodesGoFirst() {
        ErrorTable table = new ErrorTable(Map.of("QuotaExceeded", ErrorKind.NO_STOCK));
        assertThat(table.find("QuotaExceeded")).isEqualTo(ErrorKind.NO_STOCK);
        assertThat(table.find("Forbidden.RAM")).isEqualTo(ErrorKind.CREDENTIALS);
    }
}
