package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code DescribeVSwitches} of ECS (ecs-openapi, 1.1). Its networks are made up; the addresses of machines are those of
 * the loopback network and do not lie in them.
 */
final class NetworkOperations {
    private final Region region;
    private final Instances instances;

    NetworkOperations(Region region, Instances instances) {
        this.region = region;
        this.instances = instances;
    }

    void register(Gateway.Operations operations) {
        operations.add("DescribeVSwitches", (p, verdict) -> vSwitches(p));
    }

    private ObjectNode vSwitches(Parameters p) {
        String id = p.get("VSwitchId");
        String zone = p.get("ZoneId");
        String vpc = p.get("VpcId");
        List<ObjectNode> all = new ArrayList<>();
        int network = 0;
        for (Map.Entry<String, String> vSwitch : region.vSwitches().entrySet()) {
            network++;
            if ((id == null || id.equals(vSwitch.getValue()))
                    && (zone == null || zone.equals(vSwitch.getKey()))
                    && (vpc == null || vpc.equals(Region.VPC))) {
                all.add(row(vSwitch.getKey(), vSwitch.getValue(), network));
            }
        }
        ObjectNode answer = object().put("TotalCount", all.size());
        List<ObjectNode> rows = Paging.byNumber(all, p, answer);
        answer.putObject("VSwitches").putArray("VSwitch").addAll(rows);
        return answer;
    }

    private ObjectNode row(String zone, String id, int network) {
        return object().put("VSwitchId", id)
                .put("VSwitchName", id)
                .put("VpcId", Region.VPC)
                .put("ZoneId", zone)
                .put("Status", "Available")
                .put("IsDefault", false)
                .put("CidrBlock", "10." + network + ".0.0/16")
                .put("Description", "")
                .put("AvailableIpAddressCount", instances.freeAddresses(id));
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
