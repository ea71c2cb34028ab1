package dev.ephemeralbuilder.testing.simulator;

import java.nio.file.Path;
import java.util.Map;

/**
 * A machine of the simulator at the moment of the question. Immutable.
 *
 * @param id such as {@code i-sim…}
 * @param state {@code Pending}, {@code Starting}, {@code Running} or {@code Stopping}, as the API calls it
 * @param address its IP address, of the loopback network
 * @param sshPort the port of its SSH server; 0 while the server is not open where each machine has a port of its own
 * @param type its instance type
 * @param zone its zone
 * @param home its home folder; there from shortly after it is running until it is gone
 * @param tags its tags
 */
public record SimulatedMachine(
        String id,
        String state,
        String address,
        int sshPort,
        String type,
        String zone,
        Path home,
        Map<String, String> tags) {
    /** Copies the tags. */
    public SimulatedMachine {
        tags = Map.copyOf(tags);
    }
}
