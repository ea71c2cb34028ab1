package dev.ephemeralbuilder.samples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A checkout whose build says how it was called, makes {@code target/a.jar} and ends with exit code 3. */
final class StubCheckout {
    private StubCheckout() {}

    static Path in(Path folder) throws IOException {
        Path checkout = Files.createDirectory(folder.resolve("checkout"));
        Path build = Files.writeString(
                checkout.resolve("mvnw"),
                "#!/bin/sh\necho \"called with $*\"\nmkdir target\necho jar >target/a.jar\nexit 3\n");
        Files.setPosixFilePermissions(build, PosixFilePermissions.fromString("rwxr-xr-x"));
        return checkout;
    }
}
