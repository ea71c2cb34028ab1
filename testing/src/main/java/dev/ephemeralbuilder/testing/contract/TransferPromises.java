package dev.ephemeralbuilder.testing.contract;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.EphemeralBuilder;
import dev.ephemeralbuilder.Script;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files up and down. */
abstract class TransferPromises extends FleetPromises {
    @TempDir
    Path here;

    TransferPromises(Supplier<ContractRig> rigs, Supplier<ContractFleet> fleets) {
        super(rigs, fleets);
    }

    @Test
    void aTreeGoesUpAndComesBackWithModesAndLinks() throws Exception {
        byte[] bytes = ContractBytes.everyValue(1_000_000);
        Path tree = here.resolve("tree");
        Files.createDirectories(tree.resolve("empty"));
        Files.write(tree.resolve("data"), bytes);
        mode(Files.writeString(tree.resolve("tool"), "#!/bin/sh\necho tool\n"), "rwxr-x---");
        mode(Files.writeString(tree.resolve("private"), "mine\n"), "rw-------");
        Files.createSymbolicLink(tree.resolve("link"), Path.of("tool"));
        EphemeralBuilder builder = fleet().acquire();
        fleet().time().await("the end of an upload", ContractTime.onAThread(() -> builder.upload(tree, "there")));
        assertThat(new String(fleet().run(builder, Script.of("there/link")).output(), US_ASCII))
                .as(
                        "an upload must keep modes and links, so that a tool runs by its link; channels must carry input byte"
                                + " by byte")
                .isEqualTo("tool\n");
        Path back = here.resolve("back");
        fleet().time().await("the end of a download", ContractTime.onAThread(() -> builder.download("there", back)));
        ContractBytes.assertSame(
                "a file must come back as it went up: channels must carry bytes as they are",
                Files.readAllBytes(back.resolve("data")),
                bytes);
        String kept =
                "files must come back as they went up; machines need a tar that keeps modes, links and empty folders";
        assertThat(modeOf(back.resolve("tool"))).as(kept).isEqualTo("rwxr-x---");
        assertThat(modeOf(back.resolve("private"))).as(kept).isEqualTo("rw-------");
        assertThat(Files.readSymbolicLink(back.resolve("link"))).as(kept).hasToString("tool");
        assertThat(back.resolve("empty")).as(kept).isEmptyDirectory();
    }

    private static void mode(Path file, String mode) throws Exception {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }

    private static String modeOf(Path file) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
