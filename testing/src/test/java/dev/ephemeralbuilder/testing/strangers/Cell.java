package dev.ephemeralbuilder.testing.strangers;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * What one client saw in one call.
 *
 * @param seen what must be as expected
 * @param digest of all that it read, which must be the same for all clients; empty if there is no more to it
 * @param note the client's own words, which may differ
 */
record Cell(String seen, String digest, String note) {
    static Cell of(String seen) {
        return new Cell(seen, "", "");
    }

    /** With a digest of something whose text shows all of it. */
    static Cell of(String seen, Object all) {
        CRC32 crc = new CRC32();
        crc.update(all.toString().getBytes(StandardCharsets.UTF_8));
        return new Cell(seen, String.format("%08x", crc.getValue()), "");
    }

    boolean agrees(Cell other) {
        return seen.equals(other.seen) && digest.equals(other.digest);
    }

    @Override
    public String toString() {
        return seen + (digest.isEmpty() ? "" : " #" + digest);
    }
}
