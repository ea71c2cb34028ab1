package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import java.util.Map;
import java.util.TreeMap;

/** How to reach a simulator, as text. */
final class SimulatorText {
    private final AlibabaCloudSimulator simulator;

    SimulatorText(AlibabaCloudSimulator simulator) {
        this.simulator = simulator;
    }

    /** Returns an {@code ephemeral.toml} with which {@code ephemeral run} uses the simulator. */
    String settings() {
        StringBuilder s = new StringBuilder();
        s.append("[fleet]\n");
        s.append("owner = \"simulated\"\n\n");
        s.append("[ecs]\n");
        s.append("region = \"").append(simulator.region()).append("\"\n");
        s.append("endpoint = \"").append(simulator.endpoint()).append("\"\n");
        s.append("machine-image = \"").append(simulator.machineImage()).append("\"\n");
        s.append("security-group = \"").append(simulator.securityGroup()).append("\"\n");
        s.append("ssh-port = ").append(simulator.sshPort()).append("\n\n");
        s.append("[ecs.vswitches]\n");
        vSwitches()
                .forEach((zone, id) ->
                        s.append('"').append(zone).append("\" = \"").append(id).append("\"\n"));
        s.append("\n[eci]\n");
        s.append("endpoint = \"").append(simulator.endpoint()).append("\"\n");
        s.append("container-image = \"").append(Simulation.CONTAINER_IMAGE).append("\"\n");
        s.append("families = [\"")
                .append(String.join("\", \"", Simulation.FAMILIES))
                .append("\"]\n");
        return s.toString();
    }

    /** Returns shell commands that hand the simulator's key to every client. */
    String environment() {
        return "export ALIBABA_CLOUD_ACCESS_KEY_ID=" + simulator.accessKeyId() + "\n"
                + "export ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + simulator.accessKeySecret() + "\n";
    }

    /** Returns all of it, for a person who has just started the simulator. */
    String guide() {
        String address = simulator.endpoint().getAuthority();
        StringBuilder s = new StringBuilder();
        s.append("A simulated Alibaba Cloud answers at ")
                .append(simulator.endpoint())
                .append(". Ctrl-C ends it.\n\n");
        s.append("  region          ").append(simulator.region()).append('\n');
        s.append("  access key      ").append(simulator.accessKeyId()).append('\n');
        s.append("  secret          ").append(simulator.accessKeySecret()).append('\n');
        s.append("  machine image   ").append(simulator.machineImage()).append('\n');
        s.append("  security group  ").append(simulator.securityGroup()).append('\n');
        s.append("  container image any, such as ")
                .append(Simulation.CONTAINER_IMAGE)
                .append("; its command runs on this host\n");
        s.append("  SSH port        ").append(simulator.sshPort()).append('\n');
        vSwitches()
                .forEach((zone, id) -> s.append("  vSwitch         ")
                        .append(id)
                        .append(" in ")
                        .append(zone)
                        .append('\n'));
        s.append("\n# Every client, in its shell:\n").append(environment());
        s.append("\n# ephemeral run --config FILE, with FILE as follows (--write-config FILE writes it):\n");
        s.append(settings());
        s.append("\n# The aliyun command line tool:\n");
        s.append("aliyun ecs DescribeInstances --RegionId ")
                .append(simulator.region())
                .append(" --endpoint ")
                .append(address)
                .append(" --insecure\n");
        s.append("aliyun eci DescribeContainerGroups --RegionId ")
                .append(simulator.region())
                .append(" --endpoint ")
                .append(address)
                .append(" --insecure\n");
        s.append("\n# Faults, machines, a journal of all calls (see docs/simulator.md):\n");
        s.append("curl -sS ").append(simulator.endpoint()).append("/_simulator/machines\n");
        s.append("\n# The Java SDK, before the client is made, and for each request:\n");
        s.append("DefaultProfile.addEndpoint(\"")
                .append(simulator.region())
                .append("\", \"Ecs\", \"")
                .append(address)
                .append("\");\n");
        s.append("DefaultProfile.addEndpoint(\"")
                .append(simulator.region())
                .append("\", \"Eci\", \"")
                .append(address)
                .append("\");\n");
        s.append("request.setSysProtocol(ProtocolType.HTTP);\n");
        return s.toString();
    }

    private Map<String, String> vSwitches() {
        return new TreeMap<>(simulator.vSwitches());
    }
}
