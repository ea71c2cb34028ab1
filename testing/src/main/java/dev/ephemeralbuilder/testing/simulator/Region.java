package dev.ephemeralbuilder.testing.simulator;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What an account has in the simulated region before it creates anything. Immutable. */
final class Region {
    static final String IMAGE = "m-simulated-linux";
    static final int IMAGE_GIB = 20;
    static final String SECURITY_GROUP = "sg-simulated";
    static final String VPC = "vpc-simulated";

    private final String name;
    private final SortedMap<String, String> vSwitches;
    private final Map<String, String> zoneOfVSwitch;
    private final Catalogue catalogue = Catalogue.load();

    Region(String name) {
        this.name = name;
        SortedMap<String, String> switches = new TreeMap<>();
        Map<String, String> zones = new LinkedHashMap<>();
        // Zones of mainland regions are cn-hangzhou-h, those of regions with a number ap-southeast-1a.
        boolean numbered = !name.isEmpty() && Character.isDigit(name.charAt(name.length() - 1));
        for (String letter : numbered ? List.of("a", "b", "c", "d") : List.of("h", "i", "j", "k")) {
            String zone = numbered ? name + letter : name + "-" + letter;
            switches.put(zone, "vsw-simulated-" + letter);
            zones.put("vsw-simulated-" + letter, zone);
        }
        this.vSwitches = Collections.unmodifiableSortedMap(switches);
        this.zoneOfVSwitch = Collections.unmodifiableMap(zones);
    }

    String name() {
        return name;
    }

    List<String> zones() {
        return new ArrayList<>(vSwitches.keySet());
    }

    /** Returns zone to vSwitch. */
    SortedMap<String, String> vSwitches() {
        return vSwitches;
    }

    @Nullable String zoneOf(String vSwitch) {
        return zoneOfVSwitch.get(vSwitch);
    }

    Catalogue catalogue() {
        return catalogue;
    }

    /** Whether a zone sells a type: GPUs and ARM stand in the first two zones only, all else everywhere. */
    boolean sells(String zone, Catalogue.Type type) {
        boolean rare = type.gpus() > 0 || type.architecture().equals("ARM");
        return !rare || zones().indexOf(zone) < 2;
    }
}
