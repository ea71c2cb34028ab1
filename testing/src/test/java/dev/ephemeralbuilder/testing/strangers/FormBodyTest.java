package dev.ephemeralbuilder.testing.strangers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aliyun.tea.TeaException;
import com.aliyun.teaopenapi.Client;
import com.aliyun.teaopenapi.models.Config;
import com.aliyun.teaopenapi.models.OpenApiRequest;
import com.aliyun.teaopenapi.models.Params;
import com.aliyun.teautil.models.RuntimeOptions;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Signature V3 with the parameters in a form, as the new Java SDK sends what an operation declares as body. */
@Timeout(60)
class FormBodyTest {
    private AlibabaCloudSimulator cloud;

    @BeforeEach
    void start() {
        cloud = AlibabaCloudSimulator.builder().start();
    }

    @AfterEach
    void close() {
        cloud.close();
    }

    @Test
    void parametersOfTheBodyCountAndAreSigned() throws Exception {
        Map<String, ?> answer = call(Map.of("DestinationResource", "InstanceType", "ZoneId", zone(), "Memory", 8));
        assertThat(answer.get("statusCode")).isEqualTo(200);
        assertThat(answer.get("body").toString()).contains(zone(), "WithStock");
    }

    @Test
    void wrongParameterOfTheBodyIsRefused() {
        assertThatThrownBy(() -> call(Map.of("DestinationResource", "InstanceType", "ZoneId", "é & *~")))
                .isInstanceOfSatisfying(TeaException.class, e -> {
                    assertThat(e.getCode()).isEqualTo("InvalidZoneId.NotFound");
                    assertThat(e.getStatusCode()).isEqualTo(404);
                });
    }

    private String zone() {
        return cloud.vSwitches().keySet().iterator().next();
    }

    private Map<String, ?> call(Map<String, ?> form) throws Exception {
        Client client = new Client(new Config()
                .setAccessKeyId(cloud.accessKeyId())
                .setAccessKeySecret(cloud.accessKeySecret())
                .setEndpoint(cloud.endpoint().getAuthority())
                .setProtocol("HTTP")
                .setConnectTimeout(Stranger.TIMEOUT_MILLIS)
                .setReadTimeout(Stranger.TIMEOUT_MILLIS)
                .setNoProxy("127.0.0.1"));
        Params params = new Params()
                .setAction("DescribeAvailableResource")
                .setVersion("2014-05-26")
                .setProtocol("HTTP")
                .setPathname("/")
                .setMethod("POST")
                .setAuthType("AK")
                .setStyle("RPC")
                .setReqBodyType("formData")
                .setBodyType("json");
        return client.callApi(params, new OpenApiRequest().setBody(form), new RuntimeOptions());
    }
}
