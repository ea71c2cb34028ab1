package dev.ephemeralbuilder.samples.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What goes wrong on the machines of {@code bench faults}: SSH or exec is cut in 5 % of the scripts, 10 % of the machines are
 * taken back with notice in the middle of one, and 2 % without. Which ones, and at which byte of the output, follows from the seed and from
 * the try. Safe for use by many threads.
 */
final class Mischief {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final HttpClient client = HttpClient.newBuilder()
            .connectTimeout(PATIENCE)
            .version(HttpClient.Version.HTTP_1_1)
            .build();
    private final URI controls;
    private final long seed;
    private final Shares shares;
    private final Consumer<String> takes;

    /** @param takes is told of each machine before it is taken back */
    Mischief(CloudFacts facts, long seed, Shares shares, Consumer<String> takes) {
        this.shares = shares;
        this.takes = takes;
        this.controls = URI.create(facts.endpoint() + "/_simulator/");
        this.seed = seed;
    }

    /**
     * What happens in how many of the scripts, from 0 to 1.
     *
     * @param cut the connection is cut
     * @param reclaimed the machine is taken back with the usual notice
     * @param lost it is taken back without
     */
    record Shares(double cut, double reclaimed, double lost) {
        static final Shares FAULTS = new Shares(0.05, 0.10, 0.02);
        static final Shares NONE = new Shares(0, 0, 0);
    }

    private enum Deed {
        NONE,
        CUT,
        LOSE_MACHINE,
        RECLAIM
    }

    /** What happens to one try, told of each piece of its output. Confined to one thread at a time. */
    final class Watch {
        private final Supplier<@Nullable String> machine;
        private final long at;
        private Deed deed;
        private long seen;
        private volatile boolean lostMachine;

        private Watch(Supplier<@Nullable String> machine, Deed deed, long at) {
            this.machine = machine;
            this.deed = deed;
            this.at = at;
        }

        /** Returns whether the machine was taken away. */
        boolean lostMachine() {
            return lostMachine;
        }

        /** Some of the output has come. */
        void seen(int bytes) {
            seen += bytes;
            if (seen <= at || deed == Deed.NONE) {
                return;
            }
            String id = machine.get();
            if (id == null) {
                return;
            }
            Deed due = deed;
            deed = Deed.NONE;
            switch (due) {
                case CUT -> order(cut(id), "{}");
                case RECLAIM -> take(id, "{}");
                default -> {
                    lostMachine = true;
                    take(id, "{\"noticeSeconds\":0}");
                }
            }
        }

        private void take(String id, String body) {
            takes.accept(id);
            order("machines/" + id + "/reclaim", body);
        }
    }

    /** Returns whether a machine is a container group: its id says so. */
    static boolean isGroup(String machine) {
        return machine.startsWith("eci-");
    }

    /** Returns what cuts the connections of a machine: groups have other ones. */
    private static String cut(String machine) {
        return isGroup(machine) ? "groups/" + machine + "/cut-exec" : "machines/" + machine + "/cut-ssh";
    }

    /**
     * Begins a try.
     *
     * @param attempt the name of the try
     * @param machine says which machine it is, or null until that is known
     * @param bytes how long its output is
     */
    Watch watch(String attempt, Supplier<@Nullable String> machine, int bytes) {
        SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + attempt.hashCode());
        double draw = random.nextDouble();
        // Before the last block, so that the script still runs.
        long at = (long) (random.nextDouble() * bytes * 0.7);
        return new Watch(machine, deed(draw), at);
    }

    private Deed deed(double draw) {
        if (draw < shares.cut()) {
            return Deed.CUT;
        }
        double lost = shares.cut() + shares.lost();
        if (draw < lost) {
            return Deed.LOSE_MACHINE;
        }
        return draw < lost + shares.reclaimed() ? Deed.RECLAIM : Deed.NONE;
    }

    private void order(String path, String body) {
        HttpRequest request = HttpRequest.newBuilder(controls.resolve(path))
                .timeout(PATIENCE)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            int status =
                    client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            // 404: the machine is gone already.
            if (status != 200 && status != 404) {
                throw new IllegalStateException("the simulator answered " + status + " to " + path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the simulator does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
