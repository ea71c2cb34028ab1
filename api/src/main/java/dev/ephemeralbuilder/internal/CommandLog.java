package dev.ephemeralbuilder.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.LogStream;
import dev.ephemeralbuilder.spi.CloudAction;
import dev.ephemeralbuilder.spi.LogPage;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the log of one machine's own command page by page, often while lines come and seldom while none do, and delivers
 * each page before it asks for the next. A cloud that cannot be asked is asked again later. Confined to the ticker.
 */
final class CommandLog {
    static final String GAP = "[ephemeral: the cloud dropped part of the log here]\n";

    private static final Logger log = LoggerFactory.getLogger(CommandLog.class);

    /** Between two reads while lines come; the next pause without a line is longer by as much (eci-openapi, 4). */
    private static final Duration OFTEN = Duration.ofSeconds(2);

    private static final Duration SELDOM = Duration.ofSeconds(10);

    /** For how long the cloud is asked in vain once the command has ended. */
    private static final Duration IN_VAIN = Duration.ofMinutes(2);

    private final Region region;
    private final String machineId;
    private final LogSink sink;
    private final Executor inTurn;
    private final CompletableFuture<Void> finished = new CompletableFuture<>();
    private @Nullable String cursor;
    private Duration pause = OFTEN;
    private Ticker.@Nullable Scheduled next;
    private Ticker.@Nullable Scheduled patience;

    /** Whether a page is on its way from the cloud or to the sink. */
    private boolean busy;

    private boolean delivering;

    /** Whether all that the machine will ever write is written. */
    private boolean last;

    private boolean complete = true;

    CommandLog(Region region, String machineId, LogSink sink, Executor users) {
        this.region = region;
        this.machineId = machineId;
        this.sink = sink;
        this.inTurn = new SerialExecutor(users);
    }

    void start() {
        read();
    }

    /** The command has ended: reads on until nothing new comes. Never fails. */
    CompletableFuture<Void> finish() {
        last = true;
        if (next != null) {
            next.cancel();
            read();
        } else if (!delivering) {
            beImpatient();
        }
        return finished;
    }

    /** Ends the reading. */
    void stop() {
        finished.complete(null);
        if (next != null) {
            next.cancel();
        }
        bePatient();
    }

    /** Whether nothing was dropped, by the cloud or by the sink, and the end was read. */
    boolean isComplete() {
        return complete;
    }

    private void read() {
        next = null;
        if (finished.isDone() || busy) {
            return;
        }
        busy = true;
        if (last) {
            beImpatient();
        }
        // Only what is asked after the end can say that nothing more comes.
        boolean afterTheEnd = last;
        String from = cursor;
        Stages.whenDone(
                region.cloud().once(CloudAction.LOG, () -> region.provider().log(machineId, from)), (page, failure) -> {
                    if (finished.isDone()) {
                        return;
                    }
                    if (failure == null) {
                        take(page, afterTheEnd);
                    } else {
                        busy = false;
                        failed(failure);
                    }
                });
    }

    private void take(LogPage page, boolean afterTheEnd) {
        bePatient();
        cursor = page.cursor();
        complete &= !page.gap();
        boolean news = page.gap() || !page.text().isEmpty();
        if (!news) {
            busy = false;
            pause = longer();
            if (afterTheEnd) {
                finished.complete(null);
            } else {
                again(last ? Duration.ZERO : pause);
            }
            return;
        }
        pause = OFTEN;
        delivering = true;
        CompletableFuture<Void> delivered = CompletableFuture.runAsync(() -> deliver(page), inTurn);
        Stages.whenDone(delivered, region.ticker(), (v, failure) -> {
            busy = false;
            delivering = false;
            if (failure == null) {
                again(last ? Duration.ZERO : pause);
                return;
            }
            complete = false;
            log.warn(
                    "The sink of a container's log has failed; the command goes on, and nothing more of its log is"
                            + " delivered [id={}]",
                    machineId,
                    Failures.unwrap(failure));
            finished.complete(null);
        });
    }

    private void deliver(LogPage page) {
        try {
            if (page.gap()) {
                write(GAP);
            }
            if (!page.text().isEmpty()) {
                write(page.text());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(String text) throws IOException {
        byte[] bytes = text.getBytes(UTF_8);
        sink.write(LogStream.OUT, bytes, bytes.length);
    }

    private void failed(Throwable failure) {
        if (Calls.isStopped(failure)) {
            complete = false;
            finished.complete(null);
            return;
        }
        log.debug(
                "The log of a container could not be read [id={}, reason={}]",
                machineId,
                Failures.unwrap(failure).toString());
        pause = longer();
        again(pause);
    }

    private void beImpatient() {
        if (patience == null) {
            patience = region.ticker().schedule(IN_VAIN, () -> {
                complete = false;
                log.warn("The end of a container's log could not be read in {} [id={}]", IN_VAIN, machineId);
                stop();
            });
        }
    }

    private void bePatient() {
        if (patience != null) {
            patience.cancel();
            patience = null;
        }
    }

    private Duration longer() {
        Duration longer = pause.plus(OFTEN);
        return longer.compareTo(SELDOM) > 0 ? SELDOM : longer;
    }

    private void again(Duration delay) {
        if (!finished.isDone()) {
            next = region.ticker().schedule(delay, this::read);
        }
    }
}
