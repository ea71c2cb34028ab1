package dev.ephemeralbuilder.alibaba;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
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
 *
 * <p>Safe for use by many threads. Methods block and throw what {@link OpenApiClient#call} throws.
 */
public final class BatchOrders {
    private static final int MAX_ORDERS = 3;

    private final OpenApiClient client;
    private final Looks looks;

    /**
     * Creates orders.
     *
     * @param client the client that the orders are given by, which knows what their error codes mean
     * @param looks the describe call of the product
     */
    public BatchOrders(OpenApiClient client, Looks looks) {
        this.client = client;
        this.looks = looks;
    }

    /** One order for some ids. */
    @FunctionalInterface
    public interface Order {
        /** Gives the order; one call. */
        void give(Collection<String> ids) throws InterruptedException;
    }

    /** A describe call. */
    @FunctionalInterface
    public interface Looks {
        /** Returns the machines that exist, by id. */
        Map<String, Machine> describe(Collection<String> ids) throws InterruptedException;
    }

    /**
     * Returns whether there is anything to ask for.
     *
     * @throws ConfigurationException if there are more ids than one call may name
     */
    public static boolean isAny(Collection<String> ids, int most) {
        if (ids.size() > most) {
            throw new ConfigurationException(
                    "at most " + most + " ids in one call, were " + ids.size(), null, null, null);
        }
        return !ids.isEmpty();
    }

    /** The kind of refusal that concerns single ids, and the cloud's word for it. */
    private record Refusal(ErrorKind kind, String code) {}

    /** Gives an order and returns what became of each id; throws where the whole call failed for another reason. */
    public Map<String, Outcome> give(Collection<String> ids, Order order) throws InterruptedException {
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
        Map<String, Machine> there = looks.describe(rest);
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
