package dev.ephemeralbuilder.alibaba;

import dev.ephemeralbuilder.selection.MachineType;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Which instance types a provider is set up to use: those whose family or id is named, or all if nothing is named.
 *
 * @param families families, such as {@code ecs.c7}
 * @param ids types, such as {@code ecs.c7.xlarge}
 */
public record TypeFilter(Set<String> families, Set<String> ids) implements Predicate<MachineType> {
    /** Copies the sets. */
    public TypeFilter {
        families = Set.copyOf(families);
        ids = Set.copyOf(ids);
    }

    /** Returns whether nothing is named. */
    public boolean isEmpty() {
        return families.isEmpty() && ids.isEmpty();
    }

    @Override
    public boolean test(MachineType type) {
        return isEmpty() || families.contains(type.family()) || ids.contains(type.id());
    }

    @Override
    public String toString() {
        return "the families " + new TreeSet<>(families) + " or the types " + new TreeSet<>(ids);
    }
}
