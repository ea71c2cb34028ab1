package dev.ephemeralbuilder.testing.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.aliyuncs.ecs.model.v20140526.CreateImageRequest;
import com.aliyuncs.ecs.model.v20140526.DeleteImageRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeImagesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeImagesResponse;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.apache.sshd.client.session.ClientSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Images of machines as the real SDK sees them, and machines made from them. They take 200 seconds. */
@Timeout(60)
class ImageApiTest {
    private final ManualCloud cloud = new ManualCloud();

    @AfterEach
    void close() {
        cloud.close();
    }

    @Test
    void imageIsCreatingForATimeAndThenAvailable() throws Exception {
        String image = image(running(cloud.client.spot()), "tools-1");
        cloud.clock.advance(Duration.ofSeconds(50));
        assertThat(images("Creating")).singleElement().satisfies(row -> {
            assertThat(row.getImageId()).isEqualTo(image);
            assertThat(row.getImageName()).isEqualTo("tools-1");
            assertThat(row.getProgress()).isEqualTo("25%");
            assertThat(row.getArchitecture()).isEqualTo("x86_64");
            assertThat(row.getSize()).isEqualTo(40);
            assertThat(row.getImageOwnerAlias()).isEqualTo("self");
        });
        assertThat(images("Available"))
                .extracting(DescribeImagesResponse.Image::getImageId)
                .containsExactly(cloud.simulator.machineImage());
        awaitAvailable(image);
        assertThat(images("Creating")).isEmpty();
        assertThat(images("Available"))
                .last()
                .satisfies(row -> assertThat(row.getProgress()).isEqualTo("100%"));
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void machineFromAnImageHasTheFilesAndOnlyItsOwnKeys() throws Exception {
        try (SshKit first = new SshKit();
                SshKit second = new SshKit()) {
            String source = running(cloud.client.spot(first.userData()));
            awaitSsh(source);
            try (ClientSession session = first.connect(machine(source))) {
                assertThat(SshKit.run(session, """
                                umask 022; mkdir -p tools/bin sealed && echo 'echo tool' > tools/bin/tool
                                chmod 750 tools/bin/tool; ln -s bin/tool tools/near; ln -s "$HOME/tools/bin/tool" far
                                ln -s nowhere dangling; mkfifo pipe; echo x > sealed/file; chmod 555 sealed
                                sleep 600 >/dev/null 2>&1 & echo $! > sleeper
                                """).status()).isZero();
            }
            String image = image(source, "");
            // The first machine may go at once: its disk was taken when the image was ordered.
            cloud.client.call(ManualCloud.delete(source));
            awaitAvailable(image);

            RunInstancesRequest request = cloud.client.spot(second.userData());
            request.setImageId(image);
            String copy = running(request);
            awaitSsh(copy);
            Path home = machine(copy).home();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve("tools/bin/tool"))))
                    .isEqualTo("rwxr-x---");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve("sealed"))))
                    .isEqualTo("r-xr-xr-x");
            assertThat(Files.readSymbolicLink(home.resolve("dangling"))).isEqualTo(Path.of("nowhere"));
            try (ClientSession session = second.connect(machine(copy))) {
                assertThat(SshKit.run(session, "tools/near; ./far; [ ! -e pipe ] && cat sealed/file")
                                .text())
                        .isEqualTo("tool\ntool\nx\n");
            }
            assertThat(home.resolve("hooked")).exists();
            long sleeper = Long.parseLong(
                    Files.readString(home.resolve("sleeper"), UTF_8).strip());
            LocalMachineTest.awaitGone(sleeper);
        }
    }

    @Test
    void imageCannotBeUsedBeforeItIsAvailable() throws Exception {
        String image = image(running(cloud.client.spot()), "tools-1");
        RunInstancesRequest request = cloud.client.spot();
        request.setImageId(image);
        assertThat(cloud.outcome(request)).isEqualTo("403 OperationDenied");
        awaitAvailable(image);
        assertThat(cloud.outcome(request)).isEqualTo("200");
        request.setImageId("m-none");
        assertThat(cloud.outcome(request)).isEqualTo("404 InvalidImageId.NotFound");
    }

    @Test
    void imageFitsTypesOfItsOwnArchitecture() throws Exception {
        String image = image(running(cloud.client.spot()), "tools-1");
        awaitAvailable(image);
        RunInstancesRequest request = cloud.client.spot();
        request.setInstanceType("ecs.c8y.xlarge");
        assertThat(cloud.outcome(request)).isEqualTo("200");
        request.setImageId(image);
        assertThat(cloud.outcome(request)).isEqualTo("403 ImageNotSupportInstanceType");
    }

    @Test
    void diskMustNotBeSmallerThanTheMachineThatTheImageWasMadeFrom() throws Exception {
        RunInstancesRequest large = cloud.client.spot();
        large.setSystemDiskSize("60");
        String image = image(running(large), "tools-1");
        awaitAvailable(image);
        RunInstancesRequest request = cloud.client.spot();
        request.setImageId(image);
        assertThat(cloud.outcome(request)).isEqualTo("200");
        request.setSystemDiskSize("59");
        assertThat(cloud.outcome(request)).isEqualTo("404 InvalidSystemDiskSize.LessThanImageSize");
    }

    @Test
    void imageInUseIsDeletedOnlyByForce() throws Exception {
        String image = image(running(cloud.client.spot()), "tools-1");
        assertThat(cloud.outcome(delete(image, true))).isEqualTo("403 ImageIsCreating");
        awaitAvailable(image);
        RunInstancesRequest request = cloud.client.spot();
        request.setImageId(image);
        // Not booted yet: the image's files must outlive the image.
        String user = cloud.client.create(request).get(0);
        assertThat(cloud.outcome(delete(image, false))).isEqualTo("403 ImageUsingByInstance");
        assertThat(cloud.outcome(delete(image, true))).isEqualTo("200");
        assertThat(cloud.outcome(delete(image, true))).isEqualTo("404 InvalidImageId.NotFound");
        assertThat(cloud.outcome(request)).isEqualTo("404 InvalidImageId.NotFound");
        Path files = machine(user).home().resolveSibling(image);
        assertThat(files).exists();
        cloud.clock.advance(ManualCloud.BOOT);
        await().until(() -> Files.notExists(files));
        assertThat(machine(user).home()).exists();
    }

    @Test
    void imagesAreMadeOfMachinesThatRun() throws Exception {
        String pending = cloud.client.create(cloud.client.spot()).get(0);
        assertThat(cloud.outcome(create(pending, "tools-1"))).isEqualTo("403 IncorrectInstanceStatus");
        assertThat(cloud.outcome(create("i-none", "tools-1"))).isEqualTo("404 InvalidInstanceId.NotFound");
        assertThat(cloud.outcome(new CreateImageRequest())).isEqualTo("400 MissingParameter");
    }

    @Test
    void namesAreWellFormedAndUsedOnce() throws Exception {
        String id = running(cloud.client.spot());
        image(id, "tools-1");
        assertThat(cloud.outcome(create(id, "tools-1"))).isEqualTo("400 InvalidImageName.Duplicated");
        assertThat(cloud.outcome(create(id, "-tools"))).isEqualTo("400 InvalidImageName.Malformed");
    }

    @Test
    void imageOfADiskThatCannotBeReadFails() throws Exception {
        String id = running(cloud.client.spot());
        Path home = machine(id).home();
        await().until(() -> Files.exists(home.resolve("hooked")));
        MachineRuntime.delete(home);
        String image = image(id, "tools-1");
        await().until(() -> !images("CreateFailed").isEmpty());
        cloud.clock.advance(Duration.ofSeconds(200));
        RunInstancesRequest request = cloud.client.spot();
        request.setImageId(image);
        assertThat(cloud.outcome(request)).isEqualTo("403 OperationDenied");
        assertThat(cloud.outcome(delete(image, false))).isEqualTo("200");
    }

    @Test
    void sameTokenGivesTheSameImage() throws Exception {
        CreateImageRequest request = create(running(cloud.client.spot()), "tools-1");
        request.setClientToken("token-1");
        String image = cloud.client.call(request).getImageId();
        assertThat(cloud.client.call(request).getImageId()).isEqualTo(image);
    }

    private String running(RunInstancesRequest request) throws Exception {
        String id = cloud.client.create(request).get(0);
        cloud.clock.advance(ManualCloud.BOOT);
        return id;
    }

    private String image(String instance, String name) throws Exception {
        return cloud.client.call(create(instance, name)).getImageId();
    }

    private static CreateImageRequest create(String instance, String name) {
        CreateImageRequest request = new CreateImageRequest();
        request.setInstanceId(instance);
        request.setImageName(name);
        return request;
    }

    private static DeleteImageRequest delete(String image, boolean force) {
        DeleteImageRequest request = new DeleteImageRequest();
        request.setImageId(image);
        request.setForce(force);
        return request;
    }

    private List<DescribeImagesResponse.Image> images(String status) throws Exception {
        DescribeImagesRequest request = new DescribeImagesRequest();
        request.setStatus(status);
        return cloud.client.call(request).getImages();
    }

    /** The cloud's time must pass, and the copy of the disk be complete, which is real. */
    private void awaitAvailable(String image) {
        cloud.clock.advance(Duration.ofSeconds(200));
        await().atMost(Duration.ofSeconds(30))
                .until(() -> images("Available").stream()
                        .anyMatch(row -> row.getImageId().equals(image)));
    }

    private SimulatedMachine machine(String id) {
        return cloud.simulator.machines().stream()
                .filter(machine -> machine.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private void awaitSsh(String id) {
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> {
            new Socket(machine(id).address(), machine(id).sshPort()).close();
            return true;
        });
    }
}
