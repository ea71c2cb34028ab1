package dev.ephemeralbuilder.testing.simulator;

/** A server on the loopback address that speaks the ECS OpenAPI. */
public final class AlibabaCloudSimulator {
    private AlibabaCloudSimulator() {}
}
