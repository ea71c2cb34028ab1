package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.Ticker;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** What is written down of each builder, and when: the intent before the create call, the id after it, the end. */
final class Records {
    private final StateStore store;
    private final Calls calls;
    private final Ticker ticker;

    Records(StateStore store, Calls calls, Ticker ticker) {
        this.store = store;
        this.calls = calls;
        this.ticker = ticker;
    }

    /** Writes the intent; the launch must not be made before this has completed. */
    CompletableFuture<Void> intend(String requestId, Launch launch, ShellKeys keys) {
        Map<String, String> record = new LinkedHashMap<>();
        record.put("request", requestId);
        record.put("provider", launch.offer().provider());
        record.put("region", launch.offer().region());
        record.put("zone", launch.offer().zone());
        record.put("type", launch.offer().type().id());
        record.put("market", launch.offer().market().name());
        record.put("price", launch.offer().hourlyPrice().amount().toPlainString());
        record.put(
                "onDemandPrice", launch.offer().hourlyOnDemandPrice().amount().toPlainString());
        record.put("currency", launch.offer().hourlyPrice().currency().getCurrencyCode());
        record.put("token", launch.token());
        record.put("cap", launch.cap().toString());
        record.put("intendedAt", ticker.now().toString());
        record.put("hostKey", keys.hostKeyFingerprint());
        record.put(
                "clientKey",
                Base64.getEncoder().encodeToString(keys.client().getPrivate().getEncoded()));
        record.put(
                "clientPublicKey",
                Base64.getEncoder().encodeToString(keys.client().getPublic().getEncoded()));
        return write(launch.token(), record);
    }

    CompletableFuture<Void> launched(String token, String machineId) {
        return write(
                token, Map.of("machine", machineId, "launchedAt", ticker.now().toString()));
    }

    /** The machine is gone: its keys are of no use any more, its cost goes to the ledger. */
    CompletableFuture<Void> ended(String token, String machineId, CostEstimate cost) {
        return calls.run(() -> {
            Map<String, String> line = new LinkedHashMap<>(
                    store.read(StateStore.Kind.BUILDER, token).orElse(Map.of()));
            line.keySet().removeAll(java.util.List.of("clientKey", "clientPublicKey"));
            line.put("machine", machineId);
            line.put("billedSeconds", Long.toString(cost.billed().toSeconds()));
            line.put("amount", cost.amount().amount().toPlainString());
            line.put("onDemandAmount", cost.onDemand().amount().toPlainString());
            line.put("estimate", "true");
            store.append(StateStore.Log.LEDGER, ticker.now(), line);
            store.update(StateStore.Kind.BUILDER, token, record -> null);
            return null;
        });
    }

    /** Nothing was launched, or what was launched is gone and cost nothing that can be told. */
    CompletableFuture<Void> forget(String token) {
        return calls.run(() -> {
            store.update(StateStore.Kind.BUILDER, token, record -> null);
            return null;
        });
    }

    private CompletableFuture<Void> write(String token, Map<String, String> changes) {
        return calls.run(() -> {
            store.update(StateStore.Kind.BUILDER, token, record -> {
                Map<String, String> changed = new LinkedHashMap<>(record == null ? Map.of() : record);
                changed.putAll(changes);
                return changed;
            });
            return null;
        });
    }
}
