package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ContainerCommand;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the cloud remembers of client tokens: the same call gets the same answer, a failure included, and a changed call
 * under a known token is refused (ecs-openapi, 1.3). Not safe for use by many threads: guarded by the cloud's lock.
 */
final class LaunchLedger {
    /** Everything that a create call says. */
    private record Content(
            MachineSpec spec,
            Offer offer,
            Map<String, String> tags,
            Instant cap,
            String bootstrap,
            Optional<ContainerCommand> containerCommand,
            ByteBuffer hostKey,
            ByteBuffer clientKey,
            int minimum,
            int count) {
        static Content of(Launch launch) {
            return new Content(
                    launch.spec(),
                    launch.offer(),
                    launch.tags(),
                    launch.cap(),
                    launch.bootstrap(),
                    launch.containerCommand(),
                    ByteBuffer.wrap(launch.hostKey().getPublic().getEncoded()),
                    ByteBuffer.wrap(launch.clientKey().getEncoded()),
                    launch.minimum(),
                    launch.count());
        }
    }

    private record Entry(
            Content content,
            @Nullable LaunchResult result,
            @Nullable BuilderException failure) {}

    private final Map<String, Entry> entries = new HashMap<>();

    // docs begin: token
    /** Returns the remembered answer, or makes the call and remembers its answer. */
    LaunchResult answer(Launch launch, Supplier<LaunchResult> call) {
        Content content = Content.of(launch);
        Entry known = entries.get(launch.token());
        if (known == null) {
            try {
                known = new Entry(content, call.get(), null);
            } catch (BuilderException e) {
                known = new Entry(content, null, e);
            }
            entries.put(launch.token(), known);
        } else if (!known.content().equals(content)) {
            throw new ProviderException(
                    "the client token was used with another launch; look for machines of this attempt by tag",
                    Effect.UNKNOWN,
                    false,
                    "IdempotentParameterMismatch",
                    null,
                    null);
        }
        if (known.failure() != null) {
            throw known.failure();
        }
        if (known.result() == null) {
            throw new IllegalStateException("an entry has either a result or a failure");
        }
        return known.result();
    }
    // docs end: token
}
