package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.alibaba.ErrorKind;
import dev.ephemeralbuilder.alibaba.OpenApiClient;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.Outcome;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Orders that the cloud takes for many ids at once and refuses as a whole when one id is unfit, without saying which
 * (ecs-openapi, 6.2, trap g). A describe call tells: looking is one call, splitting would be many.
 */
final class BatchOrders {
    private static final int MAX_ORDERS = 3;

    private final OpenApiClient client;
    private final EcsApi api;

    BatchOrders(OpenApiClient client, EcsApi api) {
        this.client = client;
        this.api = api;
    }

    /** One order for some ids. */
    @FunctionalInterface
    interface Order {
        void give(Collection<String> ids) throws InterruptedException;
    }

    /** The kind of refusal that concerns single ids, and the cloud's word for it. */
    private record Refusal(ErrorKind kind, String code) {}

    /** Gives an order and returns what became of each id; throws where the whole call failed for another reason. */
    Map<String, Outcome> give(Collection<String> ids, Order order) throws InterruptedException {
        Map<String, Outcome> outcomes = new LinkedHashMap<>();
        Set<String> rest = new LinkedHashSet<>(ids);
        for (int orders = 1; !rest.isEmpty(); orders++) {
            Refusal refusal = refusal(rest, order);
            if (refusal == null) {
                rest.forEach(id -> outcomes.put(id, Outcome.accepted()));
                break;
            }
            int before = rest.size();
            if (before == 1) {
                outcomes.put(rest.iterator().next(), unfit(refusal.kind() == ErrorKind.NOT_FOUND, refusal.code()));
                break;
            }
            if (orders < MAX_ORDERS) {
                sortOut(rest, refusal, outcomes);
            }
            if (rest.size() == before) {
                rest.forEach(id -> outcomes.put(id, unfit(false, refusal.code())));
                break;
            }
        }
        return outcomes;
    }

    private @Nullable Refusal refusal(Collection<String> ids, Order order) throws InterruptedException {
        try {
            order.give(ids);
            return null;
        } catch (ProviderException e) {
            String code = e.code().orElse("");
            ErrorKind kind = client.kind(code);
            if (e.effect() == Effect.NONE && (kind == ErrorKind.STATE || kind == ErrorKind.NOT_FOUND)) {
                return new Refusal(kind, code);
            }
            throw e;
        }
    }

    /** Takes out what the refusal can have been about. */
    private void sortOut(Set<String> rest, Refusal refusal, Map<String, Outcome> outcomes) throws InterruptedException {
        Map<String, Machine> there = api.describe(rest);
        rest.removeIf(id -> {
            Machine machine = there.get(id);
            if (machine == null) {
                outcomes.put(id, unfit(true, refusal.code()));
                return true;
            }
            if (refusal.kind() == ErrorKind.STATE && machine.state() == MachineState.STARTING) {
                outcomes.put(id, unfit(false, refusal.code()));
                return true;
            }
            return false;
        });
    }

    private static Outcome unfit(boolean absent, String code) {
        return new Outcome(absent ? Outcome.Status.ABSENT : Outcome.Status.LATER, code);
    }
}
