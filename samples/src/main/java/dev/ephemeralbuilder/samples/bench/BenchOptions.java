package dev.ephemeralbuilder.samples.bench;

import picocli.CommandLine.Option;

/** What every benchmark understands. */
final class BenchOptions {
    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "What the cloud's prices, boot times and faults come from. Default: ${DEFAULT-VALUE}.")
    long seed = 1;

    @Option(names = "--json", description = "Print one JSON document instead of tables.")
    boolean json;
}
