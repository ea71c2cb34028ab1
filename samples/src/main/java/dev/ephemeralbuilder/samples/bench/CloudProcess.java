package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.JournalEntry;
import dev.ephemeralbuilder.testing.simulator.SimulatedClock;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The simulated cloud of a benchmark, in a process of its own. Its arguments are a {@link CloudPlan} and a folder for its
 * machines; the first line that it
 * prints is its {@link CloudFacts}. It answers each line of its input with one line, and ends when its input does: so it
 * never outlives who started it.
 */
final class CloudProcess {
    /** The same for all clouds, so that those of one seed have the same prices. */
    private static final Instant START = Instant.parse("2026-01-05T08:00:00Z");

    private static final int REMEMBERED_CALLS = 2_000_000;
    static final int MACHINES = 5_000;

    private final AlibabaCloudSimulator simulator;
    private final Census census;
    private final Reclaims reclaims;

    /** By machine: when it began to accept SSH, in microseconds of the wall clock since 1970. */
    private final Map<String, Long> acceptedAt;

    private CloudProcess(
            AlibabaCloudSimulator simulator, Census census, Reclaims reclaims, Map<String, Long> acceptedAt) {
        this.simulator = simulator;
        this.census = census;
        this.reclaims = reclaims;
        this.acceptedAt = acceptedAt;
    }

    /**
     * Runs the cloud until the input ends.
     *
     * @param arguments a {@link CloudPlan} in JSON, and the folder
     */
    public static void main(String[] arguments) throws IOException {
        CloudPlan plan = Json.read(arguments[0], CloudPlan.class);
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        Map<String, Long> acceptedAt = new ConcurrentHashMap<>();
        try (Ticker wall = Ticker.system("ephemeral-bench-wall");
                AlibabaCloudSimulator simulator = start(plan, Path.of(arguments[1]), wall, acceptedAt)) {
            out.println(Json.line(facts(simulator, wall)));
            ReclaimPlan reclaimed = plan.reclaims();
            Reclaims reclaims = new Reclaims(simulator, reclaimed == null ? new ReclaimPlan(0, 0, 1) : reclaimed);
            Census census = new Census(simulator, wall, reclaims);
            census.start();
            CloudProcess process = new CloudProcess(simulator, census, reclaims, acceptedAt);
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                out.println(Json.line(process.answer(line)));
            }
        }
    }

    private static AlibabaCloudSimulator start(CloudPlan plan, Path folder, Ticker wall, Map<String, Long> acceptedAt)
            throws IOException {
        AlibabaCloudSimulator simulator = AlibabaCloudSimulator.builder()
                .seed(plan.seed())
                .clock(SimulatedClock.scaled(plan.scale(), START))
                .bootTime(Duration.ofSeconds(plan.bootLeastSeconds()), Duration.ofSeconds(plan.bootMostSeconds()))
                .journalCapacity(REMEMBERED_CALLS)
                .machineRoot(folder)
                .machineEnvironment(environment(plan, folder))
                // The last that happens before its server opens; the home folder is called as the machine is.
                .onMachineStart(home -> acceptedAt.put(home.getFileName().toString(), micros(wall)))
                .start();
        simulator
                .account()
                .instances(MACHINES)
                .onDemandVcpus(MACHINES * 8)
                .spotVcpus(MACHINES * 8)
                .groupVcpus(MACHINES * 8);
        simulator.vSwitches().values().forEach(vSwitch -> simulator.account().addresses(vSwitch, MACHINES));
        if (plan.faults()) {
            FaultMix.order(simulator.faults());
        }
        return simulator;
    }

    private static Map<String, String> environment(CloudPlan plan, Path folder) throws IOException {
        if (!plan.lazy()) {
            return Map.of();
        }
        Path programs = Files.createDirectory(folder.resolve("bin"));
        Path sleep = Files.writeString(programs.resolve("sleep"), "#!/bin/sh\nexec /bin/sleep 30\n");
        Files.setPosixFilePermissions(sleep, PosixFilePermissions.fromString("rwxr-xr-x"));
        return Map.of("PATH", programs + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    }

    static long micros(Ticker wall) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, wall.now());
    }

    private static CloudFacts facts(AlibabaCloudSimulator simulator, Ticker wall) {
        return new CloudFacts(
                simulator.endpoint().toString(),
                simulator.region(),
                simulator.accessKeyId(),
                simulator.accessKeySecret(),
                simulator.securityGroup(),
                simulator.machineImage(),
                simulator.vSwitches(),
                simulator.sshPort(),
                wall.now().toString(),
                simulator.clock().now().toString());
    }

    private Object answer(String question) {
        return switch (question) {
            case Cloud.CALLS -> calls();
            case Cloud.MACHINES -> census.take();
            case Cloud.BILLS -> bills();
            case Cloud.RECLAIMED -> new Cloud.Reclaimed(reclaims.done());
            case Cloud.ACCEPTED -> new Cloud.Accepted(Map.copyOf(acceptedAt));
            default -> throw new IllegalArgumentException("there is no answer to " + question);
        };
    }

    private List<Bill> bills() {
        return Stream.concat(
                        simulator.instances().stream().map(Bill::of),
                        simulator.groups().stream().map(Bill::of))
                .toList();
    }

    private CallCounts calls() {
        List<JournalEntry> entries = simulator.journal().entries();
        Map<String, Long> counts = new TreeMap<>();
        Map<String, Long> most = new TreeMap<>();
        long created = 0;
        Set<String> tokens = new HashSet<>();
        Map<String, Long> minutes = new HashMap<>();
        for (JournalEntry entry : entries) {
            String action = String.valueOf(entry.action());
            counts.merge(action, 1L, Long::sum);
            if (CallCounts.creates(action) && entry.succeeded()) {
                String token = entry.clientToken();
                created += token == null || tokens.add(token) ? 1 : 0;
            }
            long inMinute = minutes.merge(action + entry.time().truncatedTo(ChronoUnit.MINUTES), 1L, Long::sum);
            most.merge(action, inMinute, Math::max);
        }
        return new CallCounts(counts, most, created);
    }
}
