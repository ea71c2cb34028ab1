package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.spi.CloudAction;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a machine has said that does not get ready, for whoever looks for the reason. Confined to the ticker. */
final class LastWords {
    private static final Logger log = LoggerFactory.getLogger(LastWords.class);

    /** The machine costs money until it is given back, which comes after this. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private LastWords() {}

    /** Completes, soon and in any case, with the failure, and what the machine has said if that can be had. */
    static CompletableFuture<BuilderException> with(Region region, String id, BuilderException failure) {
        boolean ofBoot = failure instanceof BuilderTimeoutException
                || failure instanceof ConfigurationException
                || failure instanceof ProviderException;
        if (!ofBoot) {
            return CompletableFuture.completedFuture(failure);
        }
        CompletableFuture<Optional<String>> asked =
                region.cloud().once(CloudAction.CONSOLE, () -> region.provider().consoleOutput(id));
        return Stages.then(Stages.atMost(region.ticker(), PATIENCE, asked), (inTime, refused) -> {
            if (refused != null || !inTime) {
                log.debug(
                        "What a machine has said that did not get ready could not be had [id={}]: {}",
                        id,
                        refused == null ? "no answer in time" : refused.toString());
                return CompletableFuture.completedFuture(failure);
            }
            String end = ConsoleText.end(asked.join().orElse(""));
            return CompletableFuture.completedFuture(end.isEmpty() ? failure : failure.withConsole(end));
        });
    }
}
