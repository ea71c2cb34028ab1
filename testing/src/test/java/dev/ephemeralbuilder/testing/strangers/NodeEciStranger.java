package dev.ephemeralbuilder.testing.strangers;

/** One client of ECI in a {@link NodeProcess}. */
final class NodeEciStranger extends NodeClient implements EciStranger {
    NodeEciStranger(NodeProcess node, String kind, Wire.Access access) {
        super(node, kind, access);
    }

    @Override
    public EciWire.Created create(EciWire.Creation creation) throws Refusal {
        return call("create", creation, EciWire.Created.class);
    }

    @Override
    public EciWire.Groups describe(EciWire.Query query) throws Refusal {
        return call("describe", query, EciWire.Groups.class);
    }

    @Override
    public EciWire.Details details(EciWire.Query query) throws Refusal {
        return call("details", query, EciWire.Details.class);
    }

    @Override
    public EciWire.Statuses statuses(String id) throws Refusal {
        return call("statuses", id, EciWire.Statuses.class);
    }

    @Override
    public EciWire.History history(String id) throws Refusal {
        return call("history", id, EciWire.History.class);
    }

    @Override
    public void delete(EciWire.Deletion deletion) throws Refusal {
        call("delete", deletion, Wire.Nothing.class);
    }

    @Override
    public EciWire.Output run(EciWire.Command command) throws Refusal {
        return call("run", command, EciWire.Output.class);
    }

    @Override
    public EciWire.Log log(EciWire.LogQuery query) throws Refusal {
        return call("log", query, EciWire.Log.class);
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
    public EciWire.Quote quote(EciWire.Offer offer) throws Refusal {
        return call("quote", offer, EciWire.Quote.class);
    }

    @Override
    public EciWire.SpotPrices spotPrices(EciWire.Offer offer) throws Refusal {
        return call("spotPrices", offer, EciWire.SpotPrices.class);
    }

    @Override
    public EciWire.Stocks stocks(String type) throws Refusal {
        return call("stocks", type, EciWire.Stocks.class);
    }

    @Override
    public EciWire.Regions regions() throws Refusal {
        return call("regions", new Wire.Nothing(), EciWire.Regions.class);
    }

    @Override
    public EciWire.Usage usage() throws Refusal {
        return call("usage", new Wire.Nothing(), EciWire.Usage.class);
    }

    @Override
    public EciWire.CacheCreated createCache(EciWire.CacheCreation creation) throws Refusal {
        return call("createCache", creation, EciWire.CacheCreated.class);
    }

    @Override
    public EciWire.Caches caches(EciWire.CacheQuery query) throws Refusal {
        return call("caches", query, EciWire.Caches.class);
    }

    @Override
    public void deleteCache(String id) throws Refusal {
        call("deleteCache", id, Wire.Nothing.class);
    }
}
