package dev.ephemeralbuilder.testing.simulator;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Image caches (eci-openapi, 4). Each is made by a temporary group that pulls its images; the cache is Ready when that has
 * succeeded, and the group is deleted then. Safe for use by many threads.
 */
final class ImageCaches {
    private final long seed;
    private final Map<String, Cache> byId = new LinkedHashMap<>();
    private long created;

    ImageCaches(long seed) {
        this.seed = seed;
    }

    /** One cache. What can change is guarded by the list that it is in. */
    static final class Cache {
        final String id;
        final long number;
        final String name;
        final List<String> images;
        final int sizeGib;
        final @Nullable Integer retentionDays;
        final String elimination;
        final Map<String, String> tags;
        final Instant created;
        private String group = "";
        private String status = "Preparing";

        private Cache(
                String id,
                long number,
                String name,
                List<String> images,
                int sizeGib,
                @Nullable Integer retentionDays,
                String elimination,
                Map<String, String> tags,
                Instant created) {
            this.id = id;
            this.number = number;
            this.name = name;
            this.images = images;
            this.sizeGib = sizeGib;
            this.retentionDays = retentionDays;
            this.elimination = elimination;
            this.tags = new LinkedHashMap<>(tags);
            this.created = created;
        }

        /** Returns when it goes by itself, or null. */
        @Nullable Instant expires() {
            return retentionDays == null ? null : created.plus(Duration.ofDays(retentionDays));
        }
    }

    /** A cache at the moment of the question. */
    record View(Cache cache, String group, String status) {}

    synchronized Cache create(
            String name,
            List<String> images,
            int sizeGib,
            @Nullable Integer retentionDays,
            String elimination,
            Map<String, String> tags,
            Instant now) {
        String id = "imc-sim" + Long.toUnsignedString(Draw.bits(seed, "imageCache", created), 36);
        Cache cache =
                new Cache(id, created++, name, List.copyOf(images), sizeGib, retentionDays, elimination, tags, now);
        byId.put(id, cache);
        return cache;
    }

    /** Says which group makes a cache. */
    synchronized void madeBy(Cache cache, String group) {
        cache.group = group;
        cache.status = "Creating";
    }

    /** Says what became of the group that makes a cache. */
    synchronized void finish(Cache cache, boolean succeeded) {
        cache.status = succeeded ? "Ready" : "Failed";
    }

    synchronized boolean delete(String id) {
        return byId.remove(id) != null;
    }

    /** Returns those that match, oldest first, without those whose time is over. */
    synchronized List<View> select(Predicate<Cache> filter, Instant now) {
        byId.values().removeIf(cache -> {
            Instant end = cache.expires();
            return end != null && !now.isBefore(end);
        });
        return byId.values().stream()
                .filter(filter)
                .map(cache -> new View(cache, cache.group, cache.status))
                .toList();
    }

    /**
     * Returns the ready cache that a group uses: the one that it names, or if it wants one matched the newest that has
     * one of its images; null for none.
     *
     * @throws ApiError if it names one that is not there, or not ready
     */
    @Nullable Cache use(GroupRequest request, Instant now) {
        if (!request.imageCache.isEmpty()) {
            List<View> named = select(cache -> cache.id.equals(request.imageCache), now);
            if (named.isEmpty()) {
                throw ApiError.of("ImageSnapshot.NotFound", "The specified image snapshot does not exist.");
            }
            if (!named.get(0).status().equals("Ready")) {
                throw ApiError.of("ImageSnapshot.IncorrectStatus", "The specified image snapshot is not ready.");
            }
            return named.get(0).cache();
        }
        Collection<String> wanted = request.containers.stream()
                .map(container -> container.order().image())
                .toList();
        Cache best = null;
        for (View view : request.matchesImageCache ? select(cache -> true, now) : List.<View>of()) {
            if (view.status().equals("Ready") && view.cache().images.stream().anyMatch(wanted::contains)) {
                best = view.cache();
            }
        }
        return best;
    }
}
