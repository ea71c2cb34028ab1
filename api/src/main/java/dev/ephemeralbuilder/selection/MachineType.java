package dev.ephemeralbuilder.selection;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.MachineSpec;
import java.util.Optional;

/**
 * A type or size of machine that a cloud sells.
 *
 * @param id the cloud's name of it, such as {@code ecs.c7.xlarge} or {@code 4-8Gi}
 * @param family the family, such as {@code ecs.c7}; equal to {@code id} where there are none
 * @param architecture the processor architecture
 * @param millicpus processing power in thousandths of a virtual CPU
 * @param memoryMib memory in MiB
 * @param gpus number of GPUs
 */
public record MachineType(String id, String family, Architecture architecture, int millicpus, int memoryMib, int gpus) {
    /** Checks the parts. */
    public MachineType {
        requireNonNull(id, "id");
        requireNonNull(family, "family");
        requireNonNull(architecture, "architecture");
    }

    /** Returns why a machine of this type cannot serve a spec, or empty if its size and architecture fit. */
    public Optional<String> misfit(MachineSpec spec) {
        if (architecture != spec.architecture()) {
            return Optional.of("another architecture");
        }
        if (millicpus < spec.millicpus()) {
            return Optional.of("too few vCPUs");
        }
        if (memoryMib < spec.memoryMib()) {
            return Optional.of("too little memory");
        }
        if (gpus < spec.gpus()) {
            return Optional.of("too few GPUs");
        }
        if (spec.gpus() == 0 && gpus > 0) {
            return Optional.of("has GPUs that the spec does not ask for");
        }
        return Optional.empty();
    }
}
