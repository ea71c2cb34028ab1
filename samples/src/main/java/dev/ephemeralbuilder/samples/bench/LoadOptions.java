package dev.ephemeralbuilder.samples.bench;

import picocli.CommandLine.Option;

/** What benchmarks of many jobs understand: how many run at a time, and how fast the cloud's time goes. */
final class LoadOptions {
    /** Says what {@link #valid} asks for. */
    static final String EXPECTED = "--at-once from 1 to 1000 and --scale above 0";

    @Option(
            names = "--at-once",
            paramLabel = "N",
            description = "How many jobs run at a time. Default: ${DEFAULT-VALUE}.")
    int atOnce;

    @Option(
            names = "--scale",
            paramLabel = "N",
            description = "Seconds of the cloud per second here. Default: ${DEFAULT-VALUE}.")
    double scale = 20;

    /** @param atOnce the default */
    LoadOptions(int atOnce) {
        this.atOnce = atOnce;
    }

    boolean valid() {
        return atOnce >= 1 && atOnce <= 1_000 && scale > 0;
    }
}
