package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Between HTTP and the operations: who calls, which faults are due, which operation it is, and what an answer or error
 * looks like (ecs-openapi, 4.3 to 4.5).
 */
final class Gateway {
    private static final Logger log = LoggerFactory.getLogger(Gateway.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String VERSION = "2014-05-26";
    private static final Set<String> IDEMPOTENT = Set.of("RunInstances", "DeleteInstances");

    private final Region region;
    private final RequestSignature signature;
    private final ClientTokenLedger ledger;
    private final Faults faults;
    private final Map<String, Operation> operations = new HashMap<>();

    Gateway(Region region, RequestSignature signature, ClientTokenLedger ledger, Faults faults) {
        this.region = region;
        this.signature = signature;
        this.ledger = ledger;
        this.faults = faults;
    }

    /** An operation of the API: parameters and what is ordered for the call in, the answer without request id out. */
    @FunctionalInterface
    interface Operation {
        ObjectNode run(Parameters parameters, Faults.Kind fault);
    }

    /**
     * An answer and what shall happen to it on its way. The request id stands in the body and in a header, where newer
     * clients look for it.
     */
    record Answer(
            int status,
            String body,
            Map<String, String> headers,
            Faults.Kind fault,
            Duration latency,
            Duration slowness) {}

    void add(String action, Operation operation) {
        operations.put(action, operation);
    }

    /** Answers a request; never throws. */
    Answer answer(ApiRequest request) {
        String requestId = UUID.randomUUID().toString().toUpperCase(Locale.ROOT);
        Faults.Verdict verdict = new Faults.Verdict(Faults.Effect.NONE, Duration.ZERO);
        try {
            Parameters parameters = request.parameters();
            signature.verify(request, parameters);
            String action = parameters.require("Action");
            verdict = faults.judge(action, zone(parameters), parameters.get("InstanceType"));
            ObjectNode body = verdict.effect().kind() == Faults.Kind.HTML_503
                    ? JSON.createObjectNode()
                    : serve(action, parameters, verdict.effect());
            body.put("RequestId", requestId);
            return answer(200, requestId, body, verdict);
        } catch (ApiError e) {
            log.debug("{}: {}", requestId, e.code());
            return answer(e.status(), requestId, error(requestId, e), verdict);
        } catch (RuntimeException e) {
            log.error("Request {} met a defect of the simulator", requestId, e);
            ApiError error = ApiError.of("InternalError", "The request processing has failed.");
            return answer(error.status(), requestId, error(requestId, error), verdict);
        }
    }

    private ObjectNode serve(String action, Parameters parameters, Faults.Effect effect) {
        Operation operation = operations.get(action);
        if (operation == null) {
            throw ApiError.of(
                    "InvalidAction.NotFound", "Specified api is not found, please check your url and method.");
        }
        if (!parameters.require("Version").equals(VERSION)) {
            throw ApiError.of("InvalidVersion", "Specified parameter Version is not valid.");
        }
        if (!parameters.get("Format", "JSON").equalsIgnoreCase("JSON")) {
            throw ApiError.of("InvalidParameter", "The simulator answers in JSON only.");
        }
        String wanted = parameters.get("RegionId");
        if (wanted != null && !wanted.equals(region.name()) && !action.equals("DescribeRegions")) {
            throw ApiError.of("InvalidRegionId.NotFound", "The specified RegionId does not exist.");
        }
        ApiError injected = effect.error();
        if (injected != null && (injected.status() >= 500 || injected.code().contains("Throttling"))) {
            throw injected;
        }
        Function<Parameters, ObjectNode> call = given -> {
            if (injected != null) {
                throw injected;
            }
            return operation.run(given, effect.kind());
        };
        return IDEMPOTENT.contains(action)
                ? ledger.once(parameters, () -> call.apply(parameters))
                : call.apply(parameters);
    }

    private @Nullable String zone(Parameters parameters) {
        String vSwitch = parameters.get("VSwitchId");
        String zone = vSwitch == null ? null : region.zoneOf(vSwitch);
        return zone == null ? parameters.get("ZoneId") : zone;
    }

    private ObjectNode error(String requestId, ApiError e) {
        return JSON.createObjectNode()
                .put("RequestId", requestId)
                .put("HostId", "ecs-" + region.name() + ".simulated")
                .put("Code", e.code())
                .put("Message", e.text())
                .put("Recommend", "See the documentation of " + e.code() + ".");
    }

    private static Answer answer(int status, String requestId, ObjectNode body, Faults.Verdict verdict) {
        try {
            return new Answer(
                    status,
                    JSON.writeValueAsString(body),
                    Map.of("x-acs-request-id", requestId),
                    verdict.effect().kind(),
                    verdict.latency(),
                    verdict.effect().duration());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of JSON can always be written", e);
        }
    }
}
