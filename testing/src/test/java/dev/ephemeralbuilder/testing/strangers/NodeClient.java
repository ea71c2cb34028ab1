package dev.ephemeralbuilder.testing.strangers;

import org.jspecify.annotations.Nullable;

/** One client in a {@link NodeProcess}. */
abstract class NodeClient implements Models, AutoCloseable {
    private final NodeProcess node;
    private final int client;

    NodeClient(NodeProcess node, String kind, Wire.Access access) {
        this.node = node;
        this.client = node.open(kind, access);
    }

    final <T> T call(String call, Object given, Class<T> type) throws Refusal {
        T result = node.call(client, call, given, type);
        if (result == null) {
            throw new AssertionError(call + " gave nothing");
        }
        return result;
    }

    @Override
    public final Wire.@Nullable Misfits misfits() throws Refusal {
        return node.call(client, "misfits", new Wire.Nothing(), Wire.Misfits.class);
    }

    @Override
    public final void close() {
        try {
            call("close", new Wire.Nothing(), Wire.Nothing.class);
        } catch (Refusal e) {
            throw new AssertionError("closing a client calls nobody", e);
        }
    }
}
