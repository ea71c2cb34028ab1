package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The images that were made from machines. One is Creating for a time of the cloud's clock, and until the copy of the
 * disk is complete; then Available, or CreateFailed if the disk could not be read. The time is made up.
 *
 * <p>An image holds the machine's home folder as it is on disk: a machine made from it has the files and no processes.
 * Host keys, users and their keys are no part of the disk; they come with the user data of each machine. The snapshots
 * that the real operation leaves behind and bills are not simulated.
 *
 * <p>Safe for use by many threads; its lock guards state alone, disks are copied on other threads.
 */
final class Images {
    private static final Logger log = LoggerFactory.getLogger(Images.class);

    private final long seed;
    private final Path root;
    private final Executor threads;
    private final Duration time;
    private final Map<String, Image> byId = new LinkedHashMap<>();
    private long created;

    /**
     * @param root where the disks of images go
     * @param threads on which disks are copied
     * @param time how long an image is Creating at least
     */
    Images(long seed, Path root, Executor threads, Duration time) {
        this.seed = seed;
        this.root = root;
        this.threads = threads;
        this.time = time;
    }

    /** What a call says of an image that it orders. */
    record Order(String name, String description, String family, String resourceGroup, Map<String, String> tags) {}

    /** One image. What can change is guarded by the list that it is in. */
    static final class Image {
        final String id;
        final long number;
        final Order order;
        final String architecture;
        final int diskGib;
        final Instant created;
        final Instant ready;
        final Path home;
        final Disk disk;
        private boolean copied;
        private boolean failed;

        private Image(String id, long number, Order order, Instance source, Instant created, Instant ready, Disk disk) {
            this.id = id;
            this.number = number;
            this.order = order;
            this.architecture = source.request.type.architecture();
            this.diskGib = source.request.diskGib;
            this.created = created;
            this.ready = ready;
            this.home = source.runtime.processes().home();
            this.disk = disk;
        }

        String name() {
            return order.name().isEmpty() ? id : order.name();
        }
    }

    /** An image at the moment of the question. */
    record View(Image image, String status, int progress) {}

    /**
     * Begins an image of a machine.
     *
     * @throws ApiError if the name is taken, or the machine is going
     */
    synchronized String create(Order order, Instance source, Instant now) {
        if (!order.name().isEmpty()
                && byId.values().stream().anyMatch(image -> image.name().equals(order.name()))) {
            throw ApiError.of("InvalidImageName.Duplicated", "The specified Image name has already been used.");
        }
        Disk from = source.runtime.disk();
        if (!from.hold()) {
            throw ApiError.of("IncorrectInstanceStatus", "The current status of the instance does not support this.");
        }
        long number = created++;
        String id = "m-sim" + Long.toUnsignedString(Draw.bits(seed, "image", number), 36);
        Image image = new Image(id, number, order, source, now, now.plus(time), new Disk(root.resolve(id)));
        byId.put(id, image);
        // A machine that runs for the API may still be about to get its files.
        var unused = source.runtime.filled().thenRunAsync(Threads.guarded(() -> copy(image, from)), threads);
        return id;
    }

    private void copy(Image image, Disk from) {
        boolean whole = false;
        try {
            from.copyTo(image.disk.folder(), image.home, image.home);
            whole = true;
        } catch (IOException e) {
            log.warn("{} cannot be made", image.id, e);
        } finally {
            from.release();
            synchronized (this) {
                image.copied = whole;
                image.failed = !whole;
            }
        }
    }

    /** Returns all images, oldest first. */
    synchronized List<View> all(Instant now) {
        return byId.values().stream().map(image -> view(image, now)).toList();
    }

    /** Returns an image, or null if there is none with this id. */
    synchronized @Nullable View find(String id, Instant now) {
        Image image = byId.get(id);
        return image == null ? null : view(image, now);
    }

    /** Forgets an image; its disk goes when no machine is being made from it any more. */
    void delete(Image image) {
        synchronized (this) {
            byId.remove(image.id, image);
        }
        image.disk.condemn();
    }

    private static View view(Image image, Instant now) {
        if (image.failed) {
            return new View(image, "CreateFailed", 0);
        }
        if (image.copied && !now.isBefore(image.ready)) {
            return new View(image, "Available", 100);
        }
        long whole = Math.max(1, Duration.between(image.created, image.ready).toMillis());
        long done = Duration.between(image.created, now).toMillis();
        return new View(image, "Creating", (int) Math.min(99, 100 * done / whole));
    }
}
