/** The provider-neutral API of EphemeralBuilder, its SPI and the engine behind both. */
module dev.ephemeralbuilder {
    requires static transitive org.jspecify;
    requires org.slf4j;
    requires dev.failsafe.core;

    exports dev.ephemeralbuilder;
    exports dev.ephemeralbuilder.spi;
    exports dev.ephemeralbuilder.selection;
    exports dev.ephemeralbuilder.cost;
    exports dev.ephemeralbuilder.event;
}
