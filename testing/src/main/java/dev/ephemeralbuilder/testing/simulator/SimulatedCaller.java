package dev.ephemeralbuilder.testing.simulator;

import static java.util.Objects.requireNonNull;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A RAM user of a simulated account: a key of its own, and operations that it may not call. The key is made from the
 * name, so it is the same in each run; it is no real one.
 *
 * <p>An operation that is denied answers {@code Forbidden.RAM} with status 403 and says in {@code AccessDeniedDetail}
 * which permission is missing. For {@code DescribeInstances} that has been so since 20 December 2025 (the vendor's
 * announcement on the authentication of query operations); before, ECS answered with an empty list and no error, see
 * {@link #hideInstances}. Permissions for single resources are not simulated.
 *
 * <p>Safe for use by many threads.
 */
public final class SimulatedCaller {
    private final String name;
    private final Set<String> denied = ConcurrentHashMap.newKeySet();
    private volatile boolean instancesHidden;

    SimulatedCaller(String name) {
        this.name = name;
    }

    /** Returns the name. */
    public String name() {
        return name;
    }

    /** Returns the id of the caller's key. */
    public String accessKeyId() {
        return SimulatedAccount.ACCESS_KEY_ID + "-" + name;
    }

    /** Returns the secret of {@link #accessKeyId}. */
    public String accessKeySecret() {
        return SimulatedAccount.ACCESS_KEY_SECRET + "-" + name;
    }

    /**
     * Takes a permission away.
     *
     * @param action an operation, such as {@code DeleteInstances}, or {@code *} for all
     * @return this caller
     */
    public SimulatedCaller deny(String action) {
        denied.add(requireNonNull(action, "action"));
        return this;
    }

    /**
     * Gives back what {@link #deny} took, by the same name; {@code *} gives back everything, also the sight of
     * {@link #hideInstances}.
     *
     * @return this caller
     */
    public SimulatedCaller allow(String action) {
        if (action.equals("*")) {
            denied.clear();
            instancesHidden = false;
        } else {
            denied.remove(action);
        }
        return this;
    }

    /**
     * Makes {@code DescribeInstances} answer with an empty list and no error, as ECS did until December 2025 for a
     * caller without the permission: every machine looks gone and none is.
     *
     * @return this caller
     */
    public SimulatedCaller hideInstances() {
        instancesHidden = true;
        return this;
    }

    boolean mayCall(String action) {
        return !denied.contains(action) && !denied.contains("*");
    }

    boolean seesInstances() {
        return !instancesHidden;
    }

    @Override
    public String toString() {
        return "SimulatedCaller[" + name + "]";
    }
}
