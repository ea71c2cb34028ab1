package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.Script;
import java.time.Duration;

/**
 * Machines that are known somewhere for as long as they live: here by a line in a file that all of them reach. A runner of a
 * CI system is registered with its command instead.
 */
final class Registration {
    private Registration() {}

    // docs begin: registration
    static AcquireRequest.Builder registered(String registry, String token) {
        Script register =
                Script.of("""
                        set -e
                        [ -n "$TOKEN" ]
                        cat /proc/sys/kernel/random/uuid >runner-id
                        flock "$REGISTRY.lock" sh -c 'cat runner-id >>"$REGISTRY"'
                        """).env("REGISTRY", registry).env("TOKEN", token).timeout(Duration.ofMinutes(1));
        // It may find a machine that got only half as far.
        Script unregister = Script.of("""
                        [ -s runner-id ] || exit 0
                        flock "$REGISTRY.lock" sed -i "/^$(cat runner-id)\\$/d" "$REGISTRY"
                        """).env("REGISTRY", registry).timeout(Duration.ofSeconds(15));
        return AcquireRequest.builder().onReady(register).onRelease(unregister);
    }
    // docs end: registration
}
