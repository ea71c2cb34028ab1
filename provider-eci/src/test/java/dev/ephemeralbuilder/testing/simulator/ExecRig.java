package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The simulator's exec with one container of real processes, without the API in front of it. */
public final class ExecRig implements AutoCloseable {
    private static final String BUILD = "build";
    private static final String VOLUME = "scripts";

    private final ExecFaults faults = new ExecFaults();
    private final GroupRuntime group;
    private final ExecFront front;

    /**
     * Starts a container that does nothing.
     *
     * @param folder for the container's files
     * @param mount where the container has a script
     * @param script its name and content
     * @param lacking programs that its image lacks
     * @param encoded whether output is sent as base64
     * @param idle after how long without a frame a connection is cut
     */
    public ExecRig(
            Path folder, String mount, Map<String, byte[]> script, Set<String> lacking, boolean encoded, Duration idle)
            throws IOException {
        List<VolumeOrder.ConfigFile> files = script.entrySet().stream()
                .map(file -> new VolumeOrder.ConfigFile(file.getKey(), file.getValue(), 0555))
                .toList();
        ContainerOrder container = new ContainerOrder(
                BUILD,
                "image",
                List.of("sleep", "600"),
                List.of(),
                Map.of(),
                null,
                List.of(new ContainerOrder.Mount(VOLUME, mount, true, null)),
                lacking);
        group = new GroupRuntime(
                "eci-1",
                "127.0.0.1",
                folder,
                List.of(container),
                List.of(new VolumeOrder(VOLUME, files)),
                Map.of(),
                null,
                () -> Instant.EPOCH,
                (name, code) -> {});
        group.start(BUILD);
        front = new ExecFront(0, encoded ? ExecEncoding.BASE64 : ExecEncoding.RAW, idle, faults, Clock.systemUTC());
    }

    /** Returns an address behind which a command runs. */
    public URI offer(List<String> command) {
        return front.offer(group, BUILD, command, true, false);
    }

    /** Returns what may go wrong on connections. */
    public ExecFaults faults() {
        return faults;
    }

    /** Cuts all connections. */
    public void cut() {
        front.cut(group.id());
    }

    /** Returns the number of connections. */
    public int connections() {
        return front.connections(group.id());
    }

    @Override
    public void close() throws IOException {
        front.close();
        group.end();
    }
}
