package dev.ephemeralbuilder.testing.strangers;

/** A client of the ECI API that this project did not write; see {@link Stranger}. */
interface EciStranger extends Models, AutoCloseable {
    EciWire.Created create(EciWire.Creation creation) throws Refusal;

    EciWire.Groups describe(EciWire.Query query) throws Refusal;

    /** Reads with events, and of the answer only what the old SDK's models lack. */
    EciWire.Details details(EciWire.Query query) throws Refusal;

    EciWire.Statuses statuses(String id) throws Refusal;

    EciWire.History history(String id) throws Refusal;

    void delete(EciWire.Deletion deletion) throws Refusal;

    /** Runs a command and returns what it wrote until its end. */
    EciWire.Output run(EciWire.Command command) throws Refusal;

    EciWire.Log log(EciWire.LogQuery query) throws Refusal;

    void tag(Wire.Tagging tagging) throws Refusal;

    void untag(Wire.Untagging untagging) throws Refusal;

    Wire.Tags tags(Wire.TagQuery query) throws Refusal;

    EciWire.Quote quote(EciWire.Offer offer) throws Refusal;

    EciWire.SpotPrices spotPrices(EciWire.Offer offer) throws Refusal;

    EciWire.Stocks stocks(String type) throws Refusal;

    EciWire.Regions regions() throws Refusal;

    EciWire.Usage usage() throws Refusal;

    EciWire.CacheCreated createCache(EciWire.CacheCreation creation) throws Refusal;

    EciWire.Caches caches(EciWire.CacheQuery query) throws Refusal;

    void deleteCache(String id) throws Refusal;

    @Override
    void close();

    /** Makes clients of one kind. */
    @FunctionalInterface
    interface Maker {
        EciStranger make(Wire.Access access);
    }
}
