package dev.ephemeralbuilder.testing.strangers;

/**
 * A client of the ECS API that this project did not write. What it answers was read by its own models, where it has
 * some. An answer without request id is a defect, not a value.
 */
interface Stranger extends Models, AutoCloseable {
    /** Longer than the clients' own: a busy machine is no disagreement. */
    int TIMEOUT_MILLIS = 60_000;

    Wire.Created create(Wire.Creation creation) throws Refusal;

    Wire.Machines describe(Wire.Query query) throws Refusal;

    void delete(Wire.Deletion deletion) throws Refusal;

    void cap(Wire.Cap cap) throws Refusal;

    Wire.Console console(Wire.ConsoleQuery query) throws Refusal;

    void tag(Wire.Tagging tagging) throws Refusal;

    void untag(Wire.Untagging untagging) throws Refusal;

    Wire.Tags tags(Wire.TagQuery query) throws Refusal;

    Wire.Prices prices(Wire.Offer offer) throws Refusal;

    Wire.Quote quote(Wire.Offer offer) throws Refusal;

    Wire.Stocks stocks(String type) throws Refusal;

    Wire.Types types(Wire.TypeQuery query) throws Refusal;

    Wire.Advices advices(String type) throws Refusal;

    Wire.Zones zones() throws Refusal;

    @Override
    void close();

    /** Makes clients of one kind. */
    @FunctionalInterface
    interface Maker {
        Stranger make(Wire.Access access);
    }
}
