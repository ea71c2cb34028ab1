package dev.ephemeralbuilder.eci;

import com.google.gson.JsonObject;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.ReclaimNotice;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Machine.FailureKind;
import dev.ephemeralbuilder.spi.MachineState;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Turns what the cloud says of container groups into machines (eci-openapi, sections 4 and 7). */
final class ContainerGroups {
    private static final String NOTICE = "SpotToBeReleased";
    private static final String OUTBID = "BidFailed";

    /** What Kubernetes' runtimes say of a container that could not be started at all. */
    private static final Set<String> NEVER_STARTED = Set.of(
            "StartError",
            "ContainerCannotRun",
            "CreateContainerError",
            "CreateContainerConfigError",
            "RunContainerError");

    /** The exit codes of what SIGKILL and SIGTERM have ended. */
    private static final Set<Integer> KILLED = Set.of(137, 143);

    private static final String DEADLINE = "DeadlineExceeded";

    /** What has ended so shortly before the end of a notice was ended. */
    private static final Duration FAREWELL = Duration.ofSeconds(30);

    private final String region;
    private final Map<String, String> zones;
    private final Clock clock;
    private final Duration noticeTime;
    private final PullFailures pulls;

    /**
     * Creates the translation.
     *
     * @param vSwitches the vSwitch of each zone
     * @param clock dates a reclaim for which the cloud names no time
     * @param noticeTime how long before the reclaim the cloud tells of it
     */
    ContainerGroups(
            String region, Map<String, String> vSwitches, Clock clock, Duration noticeTime, PullFailures pulls) {
        this.region = region;
        this.zones = new HashMap<>();
        vSwitches.forEach((zone, vSwitch) -> zones.put(vSwitch, zone));
        this.clock = clock;
        this.noticeTime = noticeTime;
        this.pulls = pulls;
    }

    Machine machine(JsonObject group) {
        String status = present(group, "Status");
        MachineState state = state(status);
        String strategy = Json.text(group, "SpotStrategy");
        Market market = strategy == null || strategy.equals("NoSpot") ? Market.ON_DEMAND : Market.SPOT;
        Map<String, String> tags = new HashMap<>();
        for (JsonObject tag : Json.objects(group, "Tags")) {
            String value = Json.text(tag, "Value");
            tags.put(present(tag, "Key"), value == null ? "" : value);
        }
        try {
            ReclaimNotice notice = market == Market.SPOT ? notice(group, status) : null;
            Machine.Builder machine = Machine.builder()
                    .id(present(group, "ContainerGroupId"))
                    .region(region)
                    .zone(zone(group))
                    .type(type(group))
                    .market(market)
                    .state(state)
                    .createdAt(time(present(group, "CreationTime")))
                    .tags(tags)
                    .privateAddress(Json.text(group, "IntranetIp"))
                    .publicAddress(Json.text(group, "InternetIp"))
                    .reclaimNotice(notice);
            for (JsonObject container : Json.objects(group, "Containers")) {
                waiting(group, container, machine);
                String name = String.valueOf(Json.text(container, "Name"));
                if (name.equals(EciApi.SUPERVISED) || name.equals(EciApi.OWN_COMMAND)) {
                    container(group, status, container, notice, machine);
                }
            }
            return machine.build();
        } catch (DateTimeException e) {
            throw malformed("a time is malformed");
        }
    }

    private static MachineState state(String status) {
        return switch (status) {
            case "Scheduling", "Pending" -> MachineState.STARTING;
            case "Running", "Restarting", "Updating" -> MachineState.RUNNING;
            case "Terminating", "WatingForDel", "WaitingForDel" -> MachineState.STOPPING;
            case "Succeeded", "Failed", "Expired", "ScheduleFailed", "StartingFailed" -> MachineState.ENDED;
            // One group of a kind that is not known yet must not hide all others; nothing follows from this state.
            default -> MachineState.STARTING;
        };
    }

    private String zone(JsonObject group) {
        String zone = Json.text(group, "ZoneId");
        if (zone != null) {
            return zone;
        }
        // A group that is not scheduled yet may have none [unconfirmed].
        String vSwitch = Json.text(group, "VSwitchId");
        return vSwitch == null ? "" : zones.getOrDefault(vSwitch, "");
    }

    /** The API names an instance type where one was asked for; everything else is a size. */
    private static String type(JsonObject group) {
        String type = Json.text(group, "InstanceType");
        if (type != null) {
            return type;
        }
        BigDecimal vcpus = Json.number(group, "Cpu");
        BigDecimal gib = Json.number(group, "Memory");
        if (vcpus == null || gib == null) {
            throw malformed("a group has neither an InstanceType nor Cpu and Memory");
        }
        return EciSizes.id(vcpus, gib);
    }

    private @Nullable ReclaimNotice notice(JsonObject group, String status) {
        List<JsonObject> events = Json.objects(group, "Events").stream()
                .filter(e -> NOTICE.equals(Json.text(e, "Reason")))
                .toList();
        boolean expired = status.equals("Expired");
        boolean outbid = status.equals("Failed") && isOutbid(group);
        // A job that came to its own end in time was not reclaimed.
        if ((events.isEmpty() && !expired && !outbid) || status.equals("Succeeded")) {
            return null;
        }
        String source = expired ? status : outbid ? OUTBID : NOTICE;
        Optional<Instant> said =
                events.stream().map(this::at).flatMap(Optional::stream).max(Comparator.naturalOrder());
        if (said.isPresent()) {
            return new ReclaimNotice(said.get().plus(noticeTime), source);
        }
        String at = Json.text(group, expired ? "ExpiredTime" : "FailedTime");
        return new ReclaimNotice(
                at != null ? time(at) : clock.instant().plus(expired || outbid ? Duration.ZERO : noticeTime), source);
    }

    /**
     * Returns when an event came that may have come again: the first time, unless the group has outlived that notice, which
     * was a false alarm then.
     */
    private Optional<Instant> at(JsonObject event) {
        Optional<Instant> first =
                Optional.ofNullable(Json.text(event, "FirstTimestamp")).map(ContainerGroups::time);
        Optional<Instant> last =
                Optional.ofNullable(Json.text(event, "LastTimestamp")).map(ContainerGroups::time);
        boolean again = first.isPresent()
                && last.isPresent()
                && last.get().isAfter(first.get().plus(noticeTime));
        return first.isEmpty() || again ? last : first;
    }

    private static boolean isOutbid(JsonObject group) {
        return Json.objects(group, "Events").stream().anyMatch(e -> OUTBID.equals(Json.text(e, "Reason")))
                || Json.objects(group, "Containers").stream()
                        .map(c -> Json.object(c, "CurrentState"))
                        .anyMatch(s ->
                                OUTBID.equals(Json.text(s, "Reason")) || OUTBID.equals(Json.text(s, "DetailStatus")));
    }

    /** A group does not get ready while any of its containers, a user's own included, cannot be made. */
    private void waiting(JsonObject group, JsonObject container, Machine.Builder machine) {
        JsonObject state = Json.object(container, "CurrentState");
        if (!"Waiting".equals(Json.text(state, "State"))) {
            return;
        }
        pulls.failure(container, state, Json.objects(group, "Events"))
                .ifPresent(words -> machine.failure(FailureKind.IMAGE_PULL, words));
        if (NEVER_STARTED.contains(String.valueOf(Json.text(state, "Reason")))) {
            machine.failure(ended(container, state, null, false));
        }
    }

    /** What the library's own container says that has ended. */
    private static void container(
            JsonObject group,
            String status,
            JsonObject container,
            @Nullable ReclaimNotice notice,
            Machine.Builder machine) {
        JsonObject state = Json.object(container, "CurrentState");
        if (!"Terminated".equals(Json.text(state, "State"))) {
            return;
        }
        BigDecimal code = Json.number(state, "ExitCode");
        boolean own = EciApi.OWN_COMMAND.equals(Json.text(container, "Name"));
        boolean started = !NEVER_STARTED.contains(String.valueOf(Json.text(state, "Reason")));
        if (own && started && code != null && endedByItself(group, status, state, code.intValue(), notice)) {
            machine.exitCode(code.intValue());
        }
        // What ended because someone ended it has no failure.
        boolean byItself = notice == null && !status.equals("Terminating");
        if (byItself && (!started || !own)) {
            machine.failure(ended(container, state, code, started));
        }
    }

    /**
     * Returns whether an exit code is the command's own, and not that of a command which the cloud has ended: at the end of
     * a notice, at the group's deadline, or with the group. What a program that minds SIGTERM makes of it is told apart by
     * the time.
     */
    private static boolean endedByItself(
            JsonObject group, String status, JsonObject state, int code, @Nullable ReclaimNotice notice) {
        boolean killed = KILLED.contains(code) && !"OOMKilled".equals(Json.text(state, "Reason"));
        return switch (status) {
            case "Succeeded" -> true;
            case "Expired" -> false;
            case "Failed" -> notice == null ? !(killed && isOverdue(group)) : !killed && !endsWith(notice, state);
            default -> !killed;
        };
    }

    private static boolean isOverdue(JsonObject group) {
        return DEADLINE.equals(Json.text(group, "Reason"))
                || Json.objects(group, "Events").stream().anyMatch(e -> DEADLINE.equals(Json.text(e, "Reason")));
    }

    private static boolean endsWith(ReclaimNotice notice, JsonObject state) {
        String finished = Json.text(state, "FinishTime");
        return finished != null && !time(finished).isBefore(notice.deadline().minus(FAREWELL));
    }

    private static String ended(JsonObject container, JsonObject state, @Nullable BigDecimal code, boolean started) {
        StringBuilder words = new StringBuilder("the container of image ")
                .append(Json.text(container, "Image"))
                .append(started ? " ended by itself" : " could not be started");
        if (code != null) {
            words.append(" with exit code ").append(code.toPlainString());
        }
        String reason = Json.text(state, "Reason");
        if (reason != null) {
            words.append(" (").append(reason).append(')');
        }
        String message = Json.text(state, "Message");
        if (message != null) {
            words.append(": ").append(CloudWords.harmless(message));
        }
        return words.toString();
    }

    private static Instant time(String text) {
        return OffsetDateTime.parse(text).toInstant();
    }

    private static String present(JsonObject in, String field) {
        String value = Json.text(in, field);
        if (value == null) {
            throw malformed("a group has no " + field);
        }
        return value;
    }

    private static ProviderException malformed(String why) {
        return EciApi.malformed(EciApi.DESCRIBE, why, Effect.NONE);
    }
}
