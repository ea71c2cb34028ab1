package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachineState;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the cloud in memory knows of one machine. Not safe for use by many threads: guarded by the cloud's lock. */
final class InMemoryMachine {
    final String id;
    final Launch launch;
    final Instant createdAt;
    final Instant runningAt;
    final Instant visibleAt;
    final InMemoryHost host;
    final @Nullable InMemoryCommand command;
    final List<Ticker.Scheduled> alarms = new ArrayList<>();
    private final int number;
    private final Map<String, String> tags;
    private Instant cap;
    private @Nullable ReclaimNotice notice;
    private @Nullable Instant goneAt;
    private boolean begun;
    private boolean unpullable;
    private final StringBuilder console = new StringBuilder();

    InMemoryMachine(
            String id,
            int number,
            Launch launch,
            Instant createdAt,
            Instant runningAt,
            Instant visibleAt,
            InMemoryHost host,
            @Nullable InMemoryCommand command) {
        this.id = id;
        this.number = number;
        this.launch = launch;
        this.createdAt = createdAt;
        this.runningAt = runningAt;
        this.visibleAt = visibleAt;
        this.host = host;
        this.command = command;
        this.tags = launch.tags();
        this.cap = launch.cap();
    }

    MachineState state(Instant now) {
        if (goneAt != null) {
            return MachineState.STOPPING;
        }
        if (now.isBefore(runningAt) || unpullable) {
            return MachineState.STARTING;
        }
        return command != null && command.exitCode() != null ? MachineState.ENDED : MachineState.RUNNING;
    }

    /** Says once that it is time for its own command. */
    boolean begins(Instant now) {
        boolean begins = command != null && !begun && state(now) == MachineState.RUNNING;
        begun |= begins;
        return begins;
    }

    /** Says something more on its console. */
    void console(String text) {
        console.append(text);
    }

    Optional<String> console() {
        return console.isEmpty() ? Optional.empty() : Optional.of(console.toString());
    }

    /** Its image cannot be had. */
    void unpullable() {
        unpullable = true;
    }

    /** Whether answers show it already. */
    boolean visible(Instant now) {
        return !now.isBefore(visibleAt);
    }

    /** Whether the cloud does not know it any more. */
    boolean gone(Instant now) {
        return !now.isBefore(end());
    }

    /** Returns when it goes if nothing else happens. */
    Instant end() {
        Instant end = cap;
        if (goneAt != null && goneAt.isBefore(end)) {
            end = goneAt;
        }
        if (notice != null && notice.deadline().isBefore(end)) {
            end = notice.deadline();
        }
        return end;
    }

    Instant cap() {
        return cap;
    }

    void cap(Instant cap) {
        this.cap = cap;
    }

    void stop(Instant goneAt) {
        this.goneAt = goneAt;
    }

    void notice(@Nullable ReclaimNotice notice) {
        this.notice = notice;
    }

    void tag(String key, String value) {
        tags.put(key, value);
    }

    @Nullable String tag(String key) {
        return tags.get(key);
    }

    private String unpullableWords() {
        return "image " + launch.spec().containerImage().orElse("of the machine") + " was not found in its registry";
    }

    Machine describe(Instant now) {
        MachineState state = state(now);
        boolean open = launch.spec().publicBandwidthMbit() > 0;
        String last = (number >> 8 & 0xff) + "." + (number & 0xff);
        return Machine.builder()
                .id(id)
                .region(launch.offer().region())
                .zone(launch.offer().zone())
                .type(launch.offer().type().id())
                .market(launch.offer().market())
                .state(state)
                .createdAt(createdAt)
                .tags(tags)
                .privateAddress("127.64." + last)
                .publicAddress(open ? "127.65." + last : null)
                .cap(cap)
                .reclaimNotice(notice)
                .failure(Machine.FailureKind.IMAGE_PULL, unpullable ? unpullableWords() : null)
                .exitCode(command == null ? null : command.exitCode())
                .build();
    }
}
