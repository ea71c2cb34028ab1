package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.AcquireRequest;
import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.LogSink;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.RunningScript;
import dev.ephemeralbuilder.Script;
import dev.ephemeralbuilder.alibaba.AlibabaCredentials;
import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.spi.StateStore;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What two processes need to share the machines of a simulator in one of them; and the program that is the other one. It
 * gets its settings on standard input and says on standard output how far it is, a word per line.
 */
final class SharedMachines {
    static final int LINES_PER_PART = 2_500;
    static final int PARTS = 40;

    /** The parts that the script writes before it waits for a file of this name. */
    static final String GATE = "go";

    /** The request of both. */
    static final AcquireRequest REQUEST =
            AcquireRequest.builder().requestId("build-42").build();

    private static final String OWNER = "shared-machines";

    private SharedMachines() {}

    /** The store of both. */
    static StateStore store(Path folder) {
        return StateStore.directory(folder, OWNER);
    }

    /** Begins a fleet as both processes have it. */
    static BuildFleet.Builder fleet(Properties settings) {
        return BuildFleet.builder()
                .owner(OWNER)
                .stateStore(store(Path.of(settings.getProperty("store"))))
                .provider(provider(settings));
    }

    /** Returns the provider of both. */
    static EcsProvider provider(Properties settings) {
        int port = Integer.parseInt(settings.getProperty("sshPort"));
        return EcsProvider.builder()
                .region(settings.getProperty("region"))
                .endpoint(URI.create(settings.getProperty("endpoint")))
                .credentials(AlibabaCredentials.fixed(settings.getProperty("keyId"), settings.getProperty("keySecret")))
                .securityGroup(settings.getProperty("securityGroup"))
                .vSwitches(Map.of(settings.getProperty("zone"), settings.getProperty("vSwitch")))
                .families(Set.of("ecs.c7"))
                .addressResolver(machine -> machine.privateAddress()
                        .map(address -> new InetSocketAddress(address, port))
                        .orElse(null))
                .build();
    }

    /** What both ask for. */
    static MachineSpec spec(Properties settings) {
        return MachineSpec.builder()
                .vcpus(2)
                .memoryGib(4)
                .machineImage(settings.getProperty("image"))
                .build();
    }

    /** A script that writes some megabytes of numbered lines, half of them before and half behind the gate. */
    static Script script() {
        return Script.of("part=0; while [ $part -lt " + PARTS + " ]; do"
                + " while [ $part -ge " + PARTS / 2 + " ] && [ ! -e " + GATE + " ]; do sleep 0.05; done;"
                + " awk -v first=$((part * " + LINES_PER_PART + ")) 'BEGIN {"
                + " for (i = first; i < first + " + LINES_PER_PART + "; i++)"
                + " printf \"line %09d of the pattern\\n\", i }';"
                + " sleep 0.02; part=$((part + 1)); done; exit 7");
    }

    /** Returns what the script writes. */
    static String pattern() {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < PARTS * LINES_PER_PART; i++) {
            all.append(String.format("line %09d of the pattern%n", i));
        }
        return all.toString();
    }

    /** Acquires, starts the script, follows it, and lives until it is killed, but not for ever. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Properties settings = new Properties();
        settings.load(System.in);
        PrintStream out = System.out;
        BuildFleet fleet = fleet(settings)
                .listener(event -> {
                    if (event instanceof BuilderEvent.Launched launched) {
                        out.println("launched " + launched.machineId());
                        out.flush();
                    }
                })
                .build();
        EphemeralBuilder builder = fleet.acquire(spec(settings), REQUEST);
        try {
            RunningScript script = builder.start(script()).get(60, TimeUnit.SECONDS);
            out.println("started " + script.id());
            AtomicLong followed = new AtomicLong();
            LogSink counting = (stream, bytes, length) -> {
                if (followed.getAndAdd(length) == 0) {
                    out.println("followed");
                    out.flush();
                }
            };
            script.follow(counting).get(2, TimeUnit.MINUTES);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the script was not followed", e);
        }
        boolean killed = new CountDownLatch(1).await(2, TimeUnit.MINUTES);
        throw new IllegalStateException("nobody killed this process: " + killed);
    }
}
