package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Between HTTP and the operations: who calls, which faults are due, which operation it is, and what an answer or error
 * looks like (ecs-openapi, 4.3 to 4.5; eci-openapi, 9). Products differ in their operations, in the names of their
 * permissions and in what their limits count.
 */
final class Gateway {
    private static final Logger log = LoggerFactory.getLogger(Gateway.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Region region;
    private final RequestSignature signature;
    private final ClientTokenLedger ledger;
    private final SimulatedAccount account;
    private final RateLimits limits;
    private final Faults faults;
    private final JournalRecorder journal;
    private final Map<Product, Map<String, Operation>> operations = new EnumMap<>(Product.class);

    Gateway(
            Region region,
            RequestSignature signature,
            ClientTokenLedger ledger,
            SimulatedAccount account,
            RateLimits limits,
            Faults faults,
            JournalRecorder journal) {
        this.region = region;
        this.signature = signature;
        this.ledger = ledger;
        this.account = account;
        this.limits = limits;
        this.faults = faults;
        this.journal = journal;
    }

    /** An operation of the API: parameters and what is ordered for the call in, the answer without request id out. */
    @FunctionalInterface
    interface Operation {
        ObjectNode run(Parameters parameters, Faults.Verdict verdict);
    }

    /** Takes the operations of one product. */
    @FunctionalInterface
    interface Operations {
        void add(String action, Operation operation);
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

    /**
     * Returns what the header {@code X-RateLimit-User-API} says after a request, or null if it does not come: its
     * operation has no limit, or cannot be told.
     */
    @Nullable String rateLimit(ApiRequest request) {
        try {
            Parameters parameters = request.parameters();
            String action = parameters.get("Action");
            return action == null ? null : limits.header(product(parameters), action);
        } catch (ApiError e) {
            return null;
        }
    }

    /** Returns where the operations of a product go, before the first request. */
    Operations operationsOf(Product product) {
        return operations.computeIfAbsent(product, absent -> new HashMap<>())::put;
    }

    /** Returns the names of the operations of all products, sorted. */
    SortedSet<String> actions() {
        return operations.values().stream()
                .flatMap(known -> known.keySet().stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Answers a request; never throws. */
    Answer answer(ApiRequest request) {
        String requestId = UUID.randomUUID().toString().toUpperCase(Locale.ROOT);
        JournalRecorder.Call call = journal.call(requestId);
        Faults.Verdict verdict = Faults.Verdict.NONE;
        Product product = Product.ECS;
        try {
            Parameters parameters = request.parameters();
            product = product(parameters);
            String zone = zone(parameters);
            call.asks(parameters, zone);
            request.checkBody();
            String caller = signature.verify(request, parameters);
            call.isOf(caller);
            String action = parameters.require("Action");
            verdict = faults.judge(action, zone, first(parameters.get("InstanceType")));
            ObjectNode body = verdict.effect().kind() == Faults.Kind.HTML_503
                    ? JSON.createObjectNode()
                    : serve(product, caller, action, parameters, verdict);
            body.put("RequestId", requestId);
            call.answered(200, null, verdict);
            return answer(200, requestId, body, verdict);
        } catch (ApiError e) {
            log.debug("{}: {}", requestId, e.code());
            call.answered(e.status(), e.code(), verdict);
            return answer(e.status(), requestId, error(product, requestId, e), verdict);
        } catch (RuntimeException e) {
            log.error("Request {} met a defect of the simulator", requestId, e);
            ApiError error = ApiError.of("InternalError", "The request processing has failed.");
            call.answered(error.status(), error.code(), verdict);
            return answer(error.status(), requestId, error(product, requestId, error), verdict);
        }
    }

    private ObjectNode serve(Product product, String key, String action, Parameters sent, Faults.Verdict verdict) {
        if (operations.values().stream().noneMatch(known -> known.containsKey(action))) {
            throw notFound();
        }
        if (Product.ofVersion(sent.require("Version")) == null) {
            throw ApiError.of("InvalidVersion", "Specified parameter Version is not valid.");
        }
        Operation operation = operations.getOrDefault(product, Map.of()).get(action);
        if (operation == null) {
            throw notFound();
        }
        if (!sent.get("Format", "JSON").equalsIgnoreCase("JSON")) {
            throw ApiError.of("InvalidParameter", "The simulator answers in JSON only.");
        }
        String wanted = sent.get("RegionId");
        if (wanted != null && !wanted.equals(region.name()) && !action.equals("DescribeRegions")) {
            throw ApiError.of("InvalidRegionId.NotFound", "The specified RegionId does not exist.");
        }
        limits.call(product, action);
        Parameters parameters = permitted(key, action, sent);
        ApiError injected = verdict.effect().error();
        if (injected != null && injected.isPassing()) {
            throw injected;
        }
        Supplier<ObjectNode> call = () -> {
            if (injected != null) {
                throw injected;
            }
            return operation.run(parameters, verdict);
        };
        return product.isIdempotent(action) ? ledger.once(parameters, verdict.processing(), call) : call.get();
    }

    /** Returns the parameters to serve, with nothing to be seen for a caller from whom instances are hidden. */
    private Parameters permitted(String key, String action, Parameters sent) {
        SimulatedCaller caller = account.callerOf(key);
        if (caller == null) {
            return sent;
        }
        if (!caller.mayCall(action)) {
            throw ApiError.denied(action);
        }
        if (caller.seesInstances() || !action.equals("DescribeInstances")) {
            return sent;
        }
        Map<String, String> nothing = new HashMap<>(sent.all());
        nothing.put("InstanceIds", "[]");
        return new Parameters(nothing);
    }

    private static ApiError notFound() {
        return ApiError.of("InvalidAction.NotFound", "Specified api is not found, please check your url and method.");
    }

    /** Returns the product that a request is for; where it names none that there is, its error is one of ECS. */
    private static Product product(Parameters parameters) {
        Product product = Product.ofVersion(parameters.get("Version"));
        return product == null ? Product.ECS : product;
    }

    private @Nullable String zone(Parameters parameters) {
        String vSwitch = first(parameters.get("VSwitchId"));
        String zone = vSwitch == null ? null : region.zoneOf(vSwitch);
        return zone == null ? parameters.get("ZoneId") : zone;
    }

    /** Returns the first of a list with commas, which ECI takes where ECS takes one. */
    private static @Nullable String first(@Nullable String list) {
        return list == null ? null : list.split(",", 2)[0].strip();
    }

    private ObjectNode error(Product product, String requestId, ApiError e) {
        ObjectNode error = JSON.createObjectNode()
                .put("RequestId", requestId)
                .put("HostId", product.code() + "-" + region.name() + ".simulated")
                .put("Code", e.code())
                .put("Message", e.text())
                .put("Recommend", "See the documentation of " + e.code() + ".");
        String action = e.deniedAction();
        if (action != null) {
            error.putObject("AccessDeniedDetail")
                    .put("AuthAction", product.code() + ":" + action)
                    .put("AuthPrincipalType", "SubUser")
                    .put("NoPermissionType", "ImplicitDeny");
        }
        return error;
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
