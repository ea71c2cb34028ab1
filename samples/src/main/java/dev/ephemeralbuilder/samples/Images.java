package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.MachineSpec;
import org.jspecify.annotations.Nullable;

/**
 * What a machine is made of, by product; at least one of the two.
 *
 * @param machine the image of an instance; null if it is to be no instance
 * @param container the image of a container; null if it is to be no container group
 */
record Images(@Nullable String machine, @Nullable String container) {
    /** Returns a spec with these images. */
    MachineSpec in(MachineSpec spec) {
        MachineSpec.Builder with = spec.toBuilder();
        if (machine != null) {
            with.machineImage(machine);
        }
        if (container != null) {
            with.containerImage(container);
        }
        return with.build();
    }
}
