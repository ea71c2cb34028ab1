package dev.ephemeralbuilder.testing.strangers;

/** One client of ECS in a {@link NodeProcess}. */
final class NodeStranger extends NodeClient implements Stranger {
    NodeStranger(NodeProcess node, String kind, Wire.Access access) {
        super(node, kind, access);
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
    public Wire.Console console(Wire.ConsoleQuery query) throws Refusal {
        return call("console", query, Wire.Console.class);
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
}
