package dev.ephemeralbuilder.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TarTest {
    @TempDir
    Path temp;

    private Path source;
    private Path target;

    @BeforeEach
    void folders() throws IOException {
        source = Files.createDirectory(temp.resolve("source"));
        target = temp.resolve("target");
    }

    private static byte[] archive(TarWriter tar) throws IOException, InterruptedException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        tar.writeTo((bytes, length) -> out.write(bytes, 0, length));
        return out.toByteArray();
    }

    private byte[] archiveOfSource() throws IOException, InterruptedException {
        return archive(TarWriter.of(source, "", path -> true));
    }

    @Test
    void contentModesAndLinksSurvive() throws Exception {
        byte[] random = new byte[70_001];
        new Random(1).nextBytes(random);
        Files.write(source.resolve("data.bin"), random);
        Files.createDirectories(source.resolve("a folder/empty"));
        Path script = Files.writeString(source.resolve("a folder/run.sh"), "echo 构建\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-x---"));
        Files.createSymbolicLink(source.resolve("link"), Path.of("a folder/run.sh"));

        byte[] archive = archiveOfSource();
        TarReader.Unpacked unpacked = TarReader.folder(new ByteArrayInputStream(archive), target);

        assertThat(unpacked.files()).isEqualTo(2);
        assertThat(target.resolve("data.bin")).hasBinaryContent(random);
        assertThat(target.resolve("a folder/empty")).isEmptyDirectory();
        assertThat(Files.readSymbolicLink(target.resolve("link"))).hasToString("a folder/run.sh");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target.resolve("a folder/run.sh"))))
                .isEqualTo("rwxr-x---");
    }

    @Test
    void sizeIsKnownBeforeAnythingIsRead() throws Exception {
        Files.writeString(source.resolve("a"), "x".repeat(513));
        Files.writeString(source.resolve("n".repeat(150)), "y");
        TarWriter tar = TarWriter.of(source, "", path -> true);
        assertThat(archive(tar)).hasSize((int) tar.size());
    }

    @Test
    void longAndForeignNamesSurvive() throws Exception {
        String folder = "f".repeat(120);
        Files.createDirectories(source.resolve(folder));
        Path file = Path.of(folder, "é构建-" + "n".repeat(90) + ".txt");
        Files.writeString(source.resolve(file), "here");
        TarReader.folder(new ByteArrayInputStream(archiveOfSource()), target);
        assertThat(target.resolve(file)).hasContent("here");
    }

    @Test
    void theSystemsTarReadsIt() throws Exception {
        Files.createDirectories(source.resolve("d/" + "long".repeat(40)));
        Files.writeString(source.resolve("d/" + "long".repeat(40) + "/file"), "content");
        Path archive = Files.write(temp.resolve("a.tar"), archiveOfSource());
        Files.createDirectory(target);
        Process tar = new ProcessBuilder("tar", "-xf", archive.toString(), "-C", target.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(tar.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(tar.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(said).isEmpty();
        assertThat(target.resolve("d/" + "long".repeat(40) + "/file")).hasContent("content");
    }

    @Test
    void whatTheSystemsTarWritesIsRead() throws Exception {
        Files.createDirectories(source.resolve("x".repeat(99) + "/" + "y".repeat(99)));
        Files.writeString(source.resolve("x".repeat(99) + "/" + "y".repeat(99) + "/z"), "deep");
        Files.createLink(source.resolve("hard"), Files.writeString(source.resolve("file"), "linked"));
        Process tar = new ProcessBuilder("tar", "-cf", "-", "-C", source.toString(), ".").start();
        byte[] archive = tar.getInputStream().readAllBytes();
        assertThat(tar.waitFor(30, TimeUnit.SECONDS)).isTrue();
        TarReader.folder(new ByteArrayInputStream(archive), target);
        assertThat(target.resolve("x".repeat(99) + "/" + "y".repeat(99) + "/z")).hasContent("deep");
        assertThat(target.resolve("hard")).hasContent("linked");
    }

    @Test
    void filterLeavesOut() throws Exception {
        Files.createDirectories(source.resolve(".git/objects"));
        Files.writeString(source.resolve(".git/objects/1"), "no");
        Files.writeString(source.resolve("kept"), "yes");
        TarWriter tar = TarWriter.of(source, "", path -> !path.startsWith(".git"));
        assertThat(tar.files()).isEqualTo(1);
        TarReader.folder(new ByteArrayInputStream(archive(tar)), target);
        assertThat(target.resolve(".git")).doesNotExist();
    }

    @Test
    void aMissingSourceIsNamed() {
        assertThatThrownBy(() -> TarWriter.of(temp.resolve("none"), "x", path -> true))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("none");
    }

    @Test
    void aFileThatChangesWhileItIsReadIsNotSent() throws Exception {
        Path file = Files.writeString(source.resolve("log"), "one");
        TarWriter tar = TarWriter.of(source, "", path -> true);
        Files.writeString(file, "one two");
        assertThatThrownBy(() -> archive(tar)).isInstanceOf(IOException.class).hasMessageContaining("longer");
    }

    @Test
    void nothingLeavesTheTarget() throws Exception {
        Path victim = Files.writeString(temp.resolve("victim"), "untouched");
        byte[] up = archive(TarWriter.of(Files.writeString(source.resolve("a"), "evil"), "../victim", path -> true));
        assertThatThrownBy(() -> TarReader.folder(new ByteArrayInputStream(up), target))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("outside the target");
        assertThat(victim).hasContent("untouched");
    }

    @Test
    void nothingLeavesTheTargetThroughALinkThatIsThere() throws Exception {
        Path elsewhere = Files.createDirectory(temp.resolve("elsewhere"));
        Files.createDirectories(target);
        Files.createSymbolicLink(target.resolve("door"), elsewhere);
        byte[] through =
                archive(TarWriter.of(Files.writeString(source.resolve("a"), "evil"), "door/new/file", path -> true));
        assertThatThrownBy(() -> TarReader.folder(new ByteArrayInputStream(through), target))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("through a link");
        assertThat(elsewhere).isEmptyDirectory();
    }

    @Test
    void aLinkThatPointsOutsideIsRefused() throws Exception {
        Files.createSymbolicLink(source.resolve("door"), Path.of("../../outside"));
        byte[] archive = archiveOfSource();
        assertThatThrownBy(() -> TarReader.folder(new ByteArrayInputStream(archive), target))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("leaves the target");
    }

    @Test
    void anArchiveThatBreaksOffLeavesNoPart() throws Exception {
        Files.writeString(source.resolve("file"), "x".repeat(100_000));
        byte[] archive = archiveOfSource();
        byte[] half = java.util.Arrays.copyOf(archive, archive.length / 2);
        assertThatThrownBy(() -> TarReader.folder(new ByteArrayInputStream(half), target))
                .isInstanceOf(java.io.EOFException.class);
        assertThat(target).isEmptyDirectory();
    }

    @Test
    void garbageIsNotAnArchive() {
        byte[] garbage =
                "this is a message of the day and no archive ".repeat(50).getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> TarReader.folder(new ByteArrayInputStream(garbage), target))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not a tar archive");
    }

    @Test
    void aLinkBehindALinkDoesNotLeadOutside() throws Exception {
        ByteArrayOutputStream archive = new ByteArrayOutputStream();
        archive.writeBytes(header("a/b/s", '2', "../.."));
        // By its words this stays inside; by the link s it is a sibling of everything.
        archive.writeBytes(header("a/b/s/esc", '2', "../outside"));
        archive.writeBytes(new byte[2 * TarWriter.BLOCK]);
        assertThatThrownBy(() -> TarReader.folder(new ByteArrayInputStream(archive.toByteArray()), target))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("leaves the target");
        assertThat(Files.isSymbolicLink(target.resolve("esc"))).isFalse();
    }

    private static byte[] header(String name, char type, String link) {
        byte[] header = new byte[TarWriter.BLOCK];
        put(header, 0, name);
        put(header, 100, "0000755");
        put(header, 124, "00000000000");
        header[156] = (byte) type;
        put(header, 157, link);
        put(header, 257, "ustar");
        put(header, 148, "        ");
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xff;
        }
        put(header, 148, String.format("%06o\0 ", sum));
        return header;
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }
}
