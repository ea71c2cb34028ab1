package dev.ephemeralbuilder.testing.simulator;

import java.util.List;

/**
 * A volume of a container group. Immutable, but for the contents, which nobody changes.
 *
 * @param files what is in it at first: a ConfigFileVolume; nothing: an EmptyDirVolume
 */
record VolumeOrder(String name, List<ConfigFile> files) {
    VolumeOrder {
        files = List.copyOf(files);
    }

    /**
     * A file of a volume.
     *
     * @param path relative to the volume
     * @param mode the rights in the nine lowest bits, such as 0644
     */
    @SuppressWarnings("ArrayRecordComponent") // Nobody compares orders, and a copy of each content serves nobody.
    record ConfigFile(String path, byte[] content, int mode) {
        /** Leaves out the content, which may be secret. */
        @Override
        public String toString() {
            return "ConfigFile[" + path + "]";
        }
    }
}
