/** The provider-neutral API of EphemeralBuilder, its SPI and the engine behind both. */
// Micrometer has no descriptor; its name is fixed in its manifest.
@SuppressWarnings("requires-automatic")
module dev.ephemeralbuilder {
    requires static transitive org.jspecify;
    requires org.slf4j;
    requires dev.failsafe.core;
    requires static micrometer.core;

    exports dev.ephemeralbuilder;
    exports dev.ephemeralbuilder.spi;
    exports dev.ephemeralbuilder.selection;
    exports dev.ephemeralbuilder.cost;
    exports dev.ephemeralbuilder.event;
}
