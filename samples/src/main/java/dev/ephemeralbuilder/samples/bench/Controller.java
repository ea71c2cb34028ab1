package dev.ephemeralbuilder.samples.bench;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.samples.product.ProviderChoice;
import dev.ephemeralbuilder.spi.StateStore;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs jobs in a process of its own, which may be killed at any moment. The first line of its input is a {@link Plan}; it
 * prints an {@link Event} in a line whenever something has happened, the last when everything is closed. It ends at once
 * when its input does.
 */
final class Controller {
    static final String USED = "used";
    static final String TRIED = "tried";
    static final String CLOSED = "closed";

    /** A machine is about to be taken back. */
    static final String TAKEN = "taken";

    private static final Duration SLACK = Duration.ofMinutes(5);

    /** By the cloud's clock: until a machine is ready, or given up. */
    private static final Duration READY = Ours.READY;

    /** Of one job on its way through the library. */
    private static final int MOST_ATTEMPTS = 4;

    private final Plan plan;
    private final PrintStream out;

    private Controller(Plan plan, PrintStream out) {
        this.plan = plan;
        this.out = out;
    }

    /** Who runs the jobs. */
    enum Kind {
        OURS,
        PLAIN_LOOP,
        NO_HANDLING
    }

    /**
     * A job that has not ended.
     *
     * @param tries how many tries have ended
     */
    record Job(String name, int tries) {}

    /**
     * What is to be done.
     *
     * @param scale of the cloud's clock
     * @param providers which products machines come from
     * @param atOnce how many jobs run at a time
     * @param tries how often a job is tried at most
     * @param reclaims what the jobs are like; null for the jobs and the mischief of {@code bench faults}
     * @param place where plain loops start their machines; null for their usual places
     * @param stateFolder where controllers leave what their successors need; null for those that have none
     */
    record Plan(
            Kind kind,
            CloudFacts cloud,
            double scale,
            long seed,
            ProviderChoice providers,
            int atOnce,
            int tries,
            @Nullable ReclaimPlan reclaims,
            @Nullable PlainPlace place,
            @Nullable String stateFolder,
            List<Job> jobs) {
        /** Returns the same plan for other jobs. */
        Plan with(List<Job> others) {
            return new Plan(
                    kind,
                    cloud,
                    scale,
                    seed,
                    providers,
                    atOnce,
                    tries,
                    reclaims,
                    place,
                    stateFolder,
                    List.copyOf(others));
        }

        /** Returns whether a job is not tried again after a result. */
        boolean isLast(Job job, Contestant.Result result) {
            return result.end() != Contestant.End.FAILED_AGAIN || job.tries() + 1 >= tries;
        }

        private Work work(Job job) {
            String attempt = job.name() + "-" + job.tries();
            return reclaims == null ? Work.of(attempt) : reclaims.work(job.name(), attempt);
        }

        /** Returns how long it takes at most, by the wall clock, until something is said, if all is well. */
        Duration silence() {
            Duration longest = reclaims == null ? Duration.ZERO : ReclaimPlan.LONGEST;
            return SLACK.plusMillis((long) (READY.plus(longest).toMillis() / scale));
        }

        private Duration oneJob() {
            return silence().multipliedBy(Math.max(tries, MOST_ATTEMPTS));
        }

        private Mischief mischief(Consumer<String> takes) {
            Mischief.Shares shares = reclaims == null ? Mischief.Shares.FAULTS : Mischief.Shares.NONE;
            return new Mischief(cloud, seed, shares, takes);
        }
    }

    /**
     * What has happened.
     *
     * @param what {@link #USED}, {@link #TAKEN}, {@link #TRIED} or {@link #CLOSED}
     * @param job the job, or empty
     * @param machine the machine that the script is going to run on, or that is taken back; or empty
     * @param result how the try ended, or null
     * @param millis time since the job began in this process, by the cloud's clock
     * @param estimate what all has cost, as the contestant sees it
     */
    record Event(
            String what,
            String job,
            String machine,
            Contestant.@Nullable Result result,
            long millis,
            double estimate) {}

    /** Runs the jobs of the plan in the first line of input. */
    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Plan plan = Json.read(in.readLine(), Plan.class);
        Thread orphan = new Thread(() -> endWith(in), "ephemeral-bench-parent");
        orphan.setDaemon(true);
        orphan.start();
        new Controller(plan, out).run();
        System.exit(0);
    }

    /** Who started this process is gone. */
    private static void endWith(BufferedReader in) {
        try {
            while (in.readLine() != null) {
                // Nothing more is asked.
            }
        } catch (IOException e) {
            // As good as its end.
        }
        Runtime.getRuntime().halt(1);
    }

    private void run() throws Exception {
        try (Ticker ticker = new CloudTicker("ephemeral-bench-clock", plan.cloud(), plan.scale())) {
            double estimate;
            try (Contestant contestant = contestant(ticker);
                    Crew crew = new Crew("job", plan.atOnce())) {
                List<Future<?>> jobs = new ArrayList<>();
                for (Job job : plan.jobs()) {
                    jobs.add(crew.submit(() -> {
                        run(contestant, job, ticker);
                        return null;
                    }));
                }
                for (Future<?> job : jobs) {
                    job.get(plan.oneJob().toSeconds(), TimeUnit.SECONDS);
                }
                estimate = contestant.settle();
            }
            say(new Event(CLOSED, "", "", null, 0, estimate));
        }
    }

    private Contestant contestant(Ticker ticker) {
        Mischief mischief = plan.mischief(machine -> say(new Event(TAKEN, "", machine, null, 0, 0)));
        if (plan.kind() != Kind.OURS) {
            PlainLoop loop = new PlainLoop(ways(ticker), mischief);
            return plan.kind() == Kind.PLAIN_LOOP ? loop : new NoHandling(loop);
        }
        BuildFleet.Builder fleet = CloudClients.fleet(plan.cloud(), plan.providers())
                .owner(FaultsCommand.OWNER)
                .ticker(ticker)
                // By this ticker: deletions take their time while one call in ten fails.
                .closeTimeout(Duration.ofMinutes(5));
        String folder = plan.stateFolder();
        if (folder != null) {
            fleet.stateStore(StateStore.directory(Path.of(folder), FaultsCommand.OWNER));
        }
        return new Ours(fleet, CloudClients.spec(plan.cloud(), plan.providers()), mischief);
    }

    private List<PlainWay> ways(Ticker ticker) {
        PlainPlace place = plan.place();
        PlainPlace instances = place == null ? PlainPlace.usual(plan.cloud()) : place;
        return plan.providers().products().stream()
                .map(product -> switch (product) {
                    case ECS -> new PlainMachines(plan.cloud(), instances, ticker);
                    case ECI -> new PlainGroups(plan.cloud(), place, ticker);
                })
                .toList();
    }

    private void run(Contestant contestant, Job job, Ticker ticker) throws InterruptedException {
        Instant begin = ticker.now();
        Job next = job;
        while (true) {
            Contestant.Result result =
                    contestant.run(plan.work(next), machine -> say(new Event(USED, job.name(), machine, null, 0, 0)));
            long millis = Duration.between(begin, ticker.now()).toMillis();
            say(new Event(TRIED, job.name(), "", result, millis, 0));
            if (plan.isLast(next, result)) {
                return;
            }
            next = new Job(job.name(), next.tries() + 1);
        }
    }

    private synchronized void say(Event event) {
        out.println(Json.line(event));
    }
}
