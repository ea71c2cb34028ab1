package dev.ephemeralbuilder.testing.junit;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.PartialAcquireException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A fleet that remembers which of its builders were not given back, and where they were acquired. Proxies, so that it
 * holds for every method that hands out a builder, now or later. Safe for use by many threads.
 */
final class WatchedFleet {
    /** What gives a builder back. */
    private static final Set<String> GIVING_BACK = Set.of("close", "detach");

    /** A builder that was handed out and not given back yet. */
    private record Open(EphemeralBuilder builder, Throwable acquired) {}

    private final BuildFleet fleet;
    private final BuildFleet watched;
    private final List<Open> open = new CopyOnWriteArrayList<>();

    WatchedFleet(BuildFleet fleet) {
        this.fleet = fleet;
        this.watched = proxy(BuildFleet.class, this::onFleet);
    }

    /** Returns the fleet as the test sees it. */
    BuildFleet fleet() {
        return watched;
    }

    /** Returns the fleet itself. */
    BuildFleet unwatched() {
        return fleet;
    }

    /** Adds the builders that were not given back to what was left behind. */
    void report(Leaks leaks) {
        for (Open left : open) {
            leaks.add(
                    "builder " + left.builder().id() + " of request "
                            + left.builder().requestId() + " was not closed; acquired "
                            + caller(left.acquired()),
                    left.acquired());
        }
    }

    private @Nullable Object onFleet(Object proxy, Method method, Object @Nullable [] arguments) throws Throwable {
        if (method.getDeclaringClass() == Object.class) {
            return ofObject(fleet, proxy, method, arguments);
        }
        Throwable acquired = new Throwable("acquired here");
        Object result;
        try {
            result = call(fleet, method, arguments);
        } catch (PartialAcquireException e) {
            throw watchPartial(e, acquired);
        }
        if (method.getName().equals("close")) {
            // Gives all of them back.
            open.clear();
        }
        return watch(result, acquired);
    }

    private @Nullable Object watch(@Nullable Object result, Throwable acquired) {
        if (result instanceof EphemeralBuilder builder) {
            return watchBuilder(builder, acquired);
        }
        if (result instanceof List<?> list) {
            return list.stream().map(each -> watch(each, acquired)).toList();
        }
        return result instanceof CompletableFuture<?> future ? watchFuture(future, acquired) : result;
    }

    private PartialAcquireException watchPartial(PartialAcquireException partial, Throwable acquired) {
        List<EphemeralBuilder> watched = partial.builders().stream()
                .map(builder -> watchBuilder(builder, acquired))
                .toList();
        PartialAcquireException same = new PartialAcquireException(watched, partial.failures());
        same.setStackTrace(partial.getStackTrace());
        return same;
    }

    private EphemeralBuilder watchBuilder(EphemeralBuilder builder, Throwable acquired) {
        Open opened = new Open(builder, acquired);
        open.add(opened);
        return proxy(EphemeralBuilder.class, (proxy, method, arguments) -> {
            if (method.getDeclaringClass() == Object.class) {
                return ofObject(builder, proxy, method, arguments);
            }
            if (GIVING_BACK.contains(method.getName())) {
                open.remove(opened);
            }
            return call(builder, method, arguments);
        });
    }

    /** Returns a future that gives up the fleet's own one when the test gives it up. */
    private CompletableFuture<Object> watchFuture(CompletableFuture<?> future, Throwable acquired) {
        CompletableFuture<Object> given = new CompletableFuture<>();
        var unused = future.whenComplete((result, failure) -> {
            if (failure != null) {
                given.completeExceptionally(
                        failure instanceof PartialAcquireException partial ? watchPartial(partial, acquired) : failure);
                return;
            }
            Object watchedResult = watch(result, acquired);
            if (!given.complete(watchedResult)) {
                close(watchedResult);
            }
        });
        var unusedToo = given.whenComplete((result, failure) -> {
            if (failure != null) {
                future.cancel(false);
            }
        });
        return given;
    }

    private static void close(@Nullable Object result) {
        if (result instanceof EphemeralBuilder builder) {
            builder.close();
        } else if (result instanceof List<?> list) {
            list.forEach(WatchedFleet::close);
        }
    }

    /** Returns the first place outside of this class and of reflection. */
    private static String caller(Throwable acquired) {
        for (StackTraceElement frame : acquired.getStackTrace()) {
            String type = frame.getClassName();
            if (!type.equals(WatchedFleet.class.getName()) && !type.contains("$Proxy") && !type.startsWith("java.")) {
                return "at " + frame;
            }
        }
        return "at an unknown place";
    }

    @SuppressWarnings("ReferenceEquality") // Asking equals would come back here.
    private static @Nullable Object ofObject(
            Object target, Object proxy, Method method, Object @Nullable [] arguments) {
        return switch (method.getName()) {
            case "equals" -> arguments != null && arguments[0] == proxy;
            case "hashCode" -> System.identityHashCode(proxy);
            default -> target.toString();
        };
    }

    private static @Nullable Object call(Object target, Method method, Object @Nullable [] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
