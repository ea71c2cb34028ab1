package dev.ephemeralbuilder.testing.strangers;

import org.jspecify.annotations.Nullable;

/** One client in a {@link NodeProcess}. */
final class NodeStranger implements Stranger {
    private final NodeProcess node;
    private final int client;

    NodeStranger(NodeProcess node, int client) {
        this.node = node;
        this.client = client;
    }

    @Override
    public Wire.Created create(Wire.Creation creation) throws Refusal {
        return call("create", creation, Wire.Created.class);
    }

    @Override
    public Wire.Machines describe(Wire.Query query) throws Refusal {
        return call("describe", query, Wire.Machines.class);
    }

    @Override
    public void delete(Wire.Deletion deletion) throws Refusal {
        call("delete", deletion, Wire.Nothing.class);
    }

    @Override
    public void cap(Wire.Cap cap) throws Refusal {
        call("cap", cap, Wire.Nothing.class);
    }

    @Override
    public void tag(Wire.Tagging tagging) throws Refusal {
        call("tag", tagging, Wire.Nothing.class);
    }

    @Override
    public void untag(Wire.Untagging untagging) throws Refusal {
        call("untag", untagging, Wire.Nothing.class);
    }

    @Override
    public Wire.Tags tags(Wire.TagQuery query) throws Refusal {
        return call("tags", query, Wire.Tags.class);
    }

    @Override
    public Wire.Prices prices(Wire.Offer offer) throws Refusal {
        return call("prices", offer, Wire.Prices.class);
    }

    @Override
    public Wire.Quote quote(Wire.Offer offer) throws Refusal {
        return call("quote", offer, Wire.Quote.class);
    }

    @Override
    public Wire.Stocks stocks(String type) throws Refusal {
        return call("stocks", type, Wire.Stocks.class);
    }

    @Override
    public Wire.Types types(Wire.TypeQuery query) throws Refusal {
        return call("types", query, Wire.Types.class);
    }

    @Override
    public Wire.Advices advices(String type) throws Refusal {
        return call("advices", type, Wire.Advices.class);
    }

    @Override
    public Wire.Zones zones() throws Refusal {
        return call("zones", new Wire.Nothing(), Wire.Zones.class);
    }

    @Override
    public Wire.@Nullable Misfits misfits() throws Refusal {
        return node.call(client, "misfits", new Wire.Nothing(), Wire.Misfits.class);
    }

    private <T> T call(String call, Object given, Class<T> type) throws Refusal {
        T result = node.call(client, call, given, type);
        if (result == null) {
            throw new AssertionError(call + " gave nothing");
        }
        return result;
    }

    @Override
    public void close() {
        try {
            call("close", new Wire.Nothing(), Wire.Nothing.class);
        } catch (Refusal e) {
            throw new AssertionError("closing a client calls nobody", e);
        }
    }
}
