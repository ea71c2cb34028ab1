package dev.ephemeralbuilder.eci;

import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.selection.MachineType;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The sizes of container groups that exist in all regions (eci-openapi, section 7, edition of June 2026). ECI rounds what
 * lies between them up and bills what it rounded to, so nothing else is offered. Ranges of that table are read as
 * doublings. Regions have further sizes [not known here]. A size is called as the vendor calls it in annotations of pods,
 * such as {@code 2-4Gi}.
 */
final class EciSizes {
    private static final Comparator<MachineType> SMALLEST_FIRST =
            Comparator.comparingInt(MachineType::millicpus).thenComparingInt(MachineType::memoryMib);

    /** Memory in MiB by thousandths of a vCPU. */
    private static final Map<Integer, List<Integer>> TABLE = new TreeMap<>();

    static {
        TABLE.put(250, List.of(512, 1024));
        put(500, 1, 2);
        put(1000, 2, 4, 8);
        put(2000, 1, 2, 4, 8, 16);
        put(4000, 2, 4, 8, 16, 32);
        put(8000, 4, 8, 16, 32, 64);
        put(12000, 12, 24, 48, 96);
        put(16000, 16, 32, 64, 128);
        put(24000, 24, 48, 96, 192);
        put(32000, 32, 64, 128, 256);
        put(52000, 96, 192, 384);
        put(64000, 128, 256, 512);
    }

    private static final Map<String, MachineType> BY_ID = new TreeMap<>();

    static {
        TABLE.forEach((millicpus, memories) -> memories.forEach(mib -> {
            MachineType size = size(millicpus, mib);
            BY_ID.put(size.id(), size);
        }));
    }

    private EciSizes() {}

    private static void put(int millicpus, Integer... gib) {
        List<Integer> mib = new ArrayList<>();
        for (int g : gib) {
            mib.add(g * 1024);
        }
        TABLE.put(millicpus, List.copyOf(mib));
    }

    /** Returns all sizes, the smallest first. */
    static List<MachineType> all() {
        return BY_ID.values().stream().sorted(SMALLEST_FIRST).toList();
    }

    /** Returns whether a type is a size, and not an instance type of ECS. */
    static boolean isSize(MachineType type) {
        return BY_ID.containsKey(type.id());
    }

    /** Returns what a spec is rounded up to: what would be billed; empty if there is no size as large as that. */
    static Optional<MachineType> billed(MachineSpec spec) {
        return all().stream().filter(size -> fits(size, spec)).findFirst();
    }

    /** Returns the sizes that come nearest to a spec that is too large: the largest ones that ECI has around its memory. */
    static List<MachineType> nearest(MachineSpec spec) {
        int most = all().stream().mapToInt(MachineType::millicpus).max().orElseThrow();
        List<MachineType> largest =
                all().stream().filter(size -> size.millicpus() == most).toList();
        Optional<MachineType> below = largest.stream()
                .filter(size -> size.memoryMib() <= spec.memoryMib())
                .reduce((a, b) -> b);
        Optional<MachineType> above = largest.stream()
                .filter(size -> size.memoryMib() > spec.memoryMib())
                .findFirst();
        List<MachineType> nearest = new ArrayList<>();
        below.ifPresent(nearest::add);
        above.ifPresent(nearest::add);
        return nearest;
    }

    private static boolean fits(MachineType size, MachineSpec spec) {
        return size.millicpus() >= spec.millicpus() && size.memoryMib() >= spec.memoryMib();
    }

    /** Returns a size by what the cloud says of a group, which may be one that is not in the table. */
    static String id(BigDecimal vcpus, BigDecimal gib) {
        return text(vcpus) + "-" + text(gib) + "Gi";
    }

    /** Returns the vCPUs of a type in the form of the API. */
    static String vcpus(MachineType type) {
        return text(BigDecimal.valueOf(type.millicpus(), 3));
    }

    /** Returns the memory of a type in GiB, in the form of the API. */
    static String gib(MachineType type) {
        return text(gib(type.memoryMib()));
    }

    private static MachineType size(int millicpus, int memoryMib) {
        String id = id(BigDecimal.valueOf(millicpus, 3), gib(memoryMib));
        return new MachineType(id, id, Architecture.X86_64, millicpus, memoryMib, 0);
    }

    private static BigDecimal gib(int mib) {
        return BigDecimal.valueOf(mib).divide(BigDecimal.valueOf(1024));
    }

    private static String text(BigDecimal number) {
        return number.stripTrailingZeros().toPlainString();
    }
}
