package dev.ephemeralbuilder.internal;

import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.internal.Supervisor.Reply;
import dev.ephemeralbuilder.spi.Channel;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One long question to a spot machine whose metadata know of a reclaim: when will you be taken back? It is open while the
 * machine is at work, since an idle one has nothing to lose by waiting for the next look at the cloud, and while a notice
 * of its stands. Asked again when the connection is lost, with growing pauses: what makes a script go on must not have to
 * wait for this. Confined to the ticker, but for {@link #duringCopy}.
 */
final class NoticeQuestion {
    private static final Logger log = LoggerFactory.getLogger(NoticeQuestion.class);

    /** Between two looks of the machine at its metadata; as ecs-openapi, 6.1 advises. */
    private static final Duration EVERY = Duration.ofSeconds(5);

    /** What is over sooner needs no question, and the channels of what has just begun come first. */
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(3);

    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

    /** No honest line is longer; the question is given up with the connection then. */
    private static final int LONGEST_LINE = 4 << 10;

    private final Region region;
    private final Held held;
    private final Link link;
    private final @Nullable URI address;
    private int copies;
    private boolean asking;
    private boolean unable;
    private Duration pause = FIRST_PAUSE;
    private @Nullable Channel channel;

    NoticeQuestion(Region region, Held held, Link link) {
        this.region = region;
        this.held = held;
        this.link = link;
        this.address = held.offer().market() == Market.SPOT ? region.metadata().orElse(null) : null;
        held.scripts().onChange(this::settle);
    }

    /** Files are copied from now on; returns what says that this is over. From any thread. */
    Runnable duringCopy() {
        CompletableFuture<@Nullable Void> over = new CompletableFuture<>();
        try {
            region.ticker().execute(() -> {
                copies++;
                settle();
                Stages.whenDone(over, region.ticker(), (v, failure) -> {
                    copies--;
                    settle();
                });
            });
        } catch (RejectedExecutionException e) {
            log.debug("The fleet is closed: nobody asks for notices [id={}]", held.machineId());
        }
        return () -> over.complete(null);
    }

    private boolean isWanted() {
        return address != null
                && !unable
                && !held.released()
                && (copies > 0 || held.scripts().anyRuns() || held.notices().isByMachine());
    }

    private void settle() {
        Channel open = channel;
        if (isWanted() && !asking) {
            asking = true;
            pause = FIRST_PAUSE;
            askLater();
        } else if (!isWanted() && open != null) {
            open.close();
        }
    }

    private void askLater() {
        Stages.whenDone(Stages.after(region.ticker(), pause), (v, failure) -> ask());
    }

    private void ask() {
        URI at = address;
        if (at == null || !isWanted()) {
            asking = false;
            return;
        }
        Instant now = region.ticker().now();
        // One try: a machine that is out of reach is somebody else's worry.
        Stages.whenDone(link.open(Supervisor.notices(at, EVERY).line(), now), (opened, failure) -> {
            if (failure != null) {
                log.debug(
                        "The machine cannot be asked for notices [id={}, reason={}]",
                        held.machineId(),
                        Failures.unwrap(failure).toString());
                again(now);
                return;
            }
            channel = opened;
            if (!isWanted()) {
                opened.close();
            }
            new Answer(opened, now).next();
        });
    }

    /** A question that was open for long is asked again soon. */
    private void again(Instant askedAt) {
        channel = null;
        if (!isWanted()) {
            asking = false;
            return;
        }
        boolean stood = Duration.between(askedAt, region.ticker().now()).compareTo(LONGEST_PAUSE) > 0;
        pause = stood ? FIRST_PAUSE : Times.shorter(pause.multipliedBy(2), LONGEST_PAUSE);
        askLater();
    }

    private void take(Reply reply) {
        Optional<String> notice = reply.value("notice");
        if (notice.isPresent()) {
            String[] words = notice.get().split(" ", 2);
            try {
                held.notices().onMachine(new ReclaimNotice(Instant.parse(words[0]), words.length > 1 ? words[1] : ""));
            } catch (DateTimeException e) {
                log.debug("A machine's notice has no readable time [id={}]", held.machineId());
            }
        } else if (reply.value("withdrawn").isPresent()) {
            held.notices().onMachine(null);
            settle();
        } else if (reply.value("unable").isPresent()) {
            unable = true;
            log.debug(
                    "The machine cannot look at its metadata; the cloud is asked alone [id={}, reason={}]",
                    held.machineId(),
                    reply.value("unable").orElse(""));
        }
    }

    /** What one channel brings, line by line. */
    private final class Answer {
        private final Channel from;
        private final Instant askedAt;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();

        Answer(Channel from, Instant askedAt) {
            this.from = from;
            this.askedAt = askedAt;
        }

        void next() {
            Stages.whenDone(from.read(), region.ticker(), (bytes, failure) -> {
                if (failure != null || !bytes.hasRemaining() || line.size() > LONGEST_LINE) {
                    from.close();
                    again(askedAt);
                    return;
                }
                lines(bytes);
                next();
            });
        }

        private void lines(ByteBuffer bytes) {
            while (bytes.hasRemaining()) {
                byte b = bytes.get();
                line.write(b);
                if (b == '\n') {
                    take(Supervisor.parse(line.toString(StandardCharsets.UTF_8)));
                    line.reset();
                }
            }
        }
    }
}
