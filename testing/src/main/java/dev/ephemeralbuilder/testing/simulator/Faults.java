package dev.ephemeralbuilder.testing.simulator;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Faults that a test orders. A rule is armed as soon as it knows what to do, so set zone, type, times and probability
 * first where requests are already coming:
 *
 * <pre>{@code
 * simulator.faults().on("RunInstances").zone("cn-hangzhou-h").times(3).error("OperationDenied.NoStock");
 * simulator.faults().on("*").probability(0.1).latency(Duration.ofMillis(200));
 * }</pre>
 *
 * <p>Of several rules that meet a request, the first that was made decides what happens to it; delays add up. Draws
 * depend on the seed, the action and how many requests of that action met the rule before, so a seed means the same
 * run as long as requests come in the same order. Requests with a wrong signature are refused before any rule.
 *
 * <p>Safe for use by many threads.
 */
public final class Faults {
    private final long seed;
    private final List<Rule> rules = new CopyOnWriteArrayList<>();
    private final AtomicInteger created = new AtomicInteger();
    private final SshFaults ssh = new SshFaults();
    private final ExecFaults exec = new ExecFaults();

    Faults(long seed) {
        this.seed = seed;
    }

    /**
     * Begins a rule.
     *
     * @param action the name of the API's operation, such as {@code RunInstances}, or {@code *} for all
     */
    public Rule on(String action) {
        Rule rule = new Rule(action, created.getAndIncrement());
        rules.add(rule);
        return rule;
    }

    /** Returns the faults of SSH connections. */
    public SshFaults ssh() {
        return ssh;
    }

    /** Returns the faults of the connections that run commands in containers. */
    public ExecFaults exec() {
        return exec;
    }

    /** Ends all rules, also those of {@link #ssh} and {@link #exec}. */
    public void clear() {
        rules.clear();
        // The same orders after this give the same draws.
        created.set(0);
        ssh.clear();
        exec.clear();
    }

    /** Returns the rules that know what to do, in the order in which they were made. */
    List<Order> orders() {
        List<Order> orders = new ArrayList<>();
        for (Rule rule : rules) {
            Effect effect = rule.effect;
            if (effect != null) {
                orders.add(rule.order(effect));
            }
        }
        return orders;
    }

    /** Ends one rule; false if there is none with this number. */
    boolean remove(int number) {
        return rules.removeIf(rule -> rule.number == number);
    }

    /** Says what happens to a request. */
    Verdict judge(String action, @Nullable String zone, @Nullable String type) {
        Verdict verdict = Verdict.NONE;
        for (Rule rule : rules) {
            Effect armed = rule.effect;
            if (armed == null || (!armed.kind.isDelay() && verdict.effect.kind != Kind.NONE)) {
                continue;
            }
            if (rule.matches(action, zone, type) && rule.draw(action)) {
                verdict = verdict.with(armed);
            }
        }
        return verdict;
    }

    /**
     * What happens to a request.
     *
     * @param effect what is done, apart from delays
     * @param latency how long the answer is held back, by the wall clock
     * @param describeLag how long what is created stays unseen, by the cloud's clock
     * @param processing how long the call counts as being processed, by the cloud's clock
     */
    record Verdict(Effect effect, Duration latency, Duration describeLag, Duration processing) {
        static final Verdict NONE = new Verdict(Effect.NONE, Duration.ZERO, Duration.ZERO, Duration.ZERO);

        private Verdict with(Effect more) {
            return switch (more.kind) {
                case LATENCY -> new Verdict(effect, latency.plus(more.duration), describeLag, processing);
                case DESCRIBE_LAG -> new Verdict(effect, latency, describeLag.plus(more.duration), processing);
                case PROCESSING -> new Verdict(effect, latency, describeLag, processing.plus(more.duration));
                default -> new Verdict(more, latency, describeLag, processing);
            };
        }

        /** Returns the names of what was ordered, as the methods of {@link Rule} are called. */
        List<String> names() {
            List<String> names = new ArrayList<>();
            if (effect.kind != Kind.NONE) {
                names.add(effect.kind.text());
            }
            if (!latency.isZero()) {
                names.add(Kind.LATENCY.text());
            }
            if (!describeLag.isZero()) {
                names.add(Kind.DESCRIBE_LAG.text());
            }
            if (!processing.isZero()) {
                names.add(Kind.PROCESSING.text());
            }
            return names;
        }
    }

    enum Kind {
        NONE("none"),
        ERROR("error"),
        LOSE_ANSWER("loseAnswer"),
        HTML_503("html503"),
        EMPTY_OK("emptyOk"),
        MALFORMED_JSON("malformedJson"),
        TRUNCATED_JSON("truncatedJson"),
        SLOW_BODY("slowBody"),
        VANISH("vanish"),
        LATENCY("latency"),
        DESCRIBE_LAG("describeLag"),
        PROCESSING("processing");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        /** Returns the name of the method of {@link Rule} that orders it. */
        String text() {
            return text;
        }

        /** Returns the names of all that can be ordered. */
        static List<String> names() {
            return Arrays.stream(values())
                    .filter(kind -> kind != NONE)
                    .map(Kind::text)
                    .toList();
        }

        /** Whether it goes together with whatever else happens to a request. */
        private boolean isDelay() {
            return this == LATENCY || this == DESCRIBE_LAG || this == PROCESSING;
        }
    }

    /** A rule as it stands; {@code left} is how often it still takes effect, null for always. */
    record Order(
            int number,
            String action,
            @Nullable String zone,
            @Nullable String type,
            double probability,
            @Nullable Long left,
            Effect effect) {}

    /**
     * What is done.
     *
     * @param duration how long, where that means something
     * @param error the answer of {@link Kind#ERROR}
     * @param machines how many at most, of {@link Kind#VANISH}
     */
    record Effect(Kind kind, Duration duration, @Nullable ApiError error, int machines) {
        static final Effect NONE = new Effect(Kind.NONE, Duration.ZERO);

        private Effect(Kind kind, Duration duration) {
            this(kind, duration, null, 0);
        }
    }

    /** One rule, under construction until it is told what to do. Methods return the same rule. */
    public final class Rule {
        private final String action;
        private final int number;
        private final AtomicLong left = new AtomicLong(Long.MAX_VALUE);
        private final Map<String, AtomicLong> ordinals = new ConcurrentHashMap<>();
        private volatile @Nullable String zone;
        private volatile @Nullable String type;
        private volatile double probability = 1;
        private volatile @Nullable Effect effect;

        private Rule(String action, int number) {
            this.action = requireNonNull(action, "action");
            this.number = number;
        }

        /** Keeps the rule to requests for a zone, by {@code ZoneId} or by the zone of the first {@code VSwitchId}. */
        public Rule zone(String zone) {
            this.zone = requireNonNull(zone, "zone");
            return this;
        }

        /** Keeps the rule to requests whose {@code InstanceType} is this, or begins with it in a list of ECI. */
        public Rule type(String type) {
            this.type = requireNonNull(type, "type");
            return this;
        }

        /** Sets how often the rule takes effect. Default: always. */
        public Rule times(int times) {
            if (times < 0) {
                throw new IllegalArgumentException("times must not be negative");
            }
            left.set(times);
            return this;
        }

        /** Sets the share of requests that the rule hits, 0 to 1. Default: 1. */
        public Rule probability(double probability) {
            if (!(probability >= 0 && probability <= 1)) {
                throw new IllegalArgumentException("probability must be 0 to 1");
            }
            this.probability = probability;
            return this;
        }

        /**
         * Answers with an error in place of serving the request, with the HTTP status that goes with the code. A client
         * token remembers such a failure like a real one, unless it is a 5xx or of throttling (ecs-openapi, 1.3).
         *
         * @param code such as {@code OperationDenied.NoStock}
         */
        public Rule error(String code) {
            return error(ApiError.statusOf(code), code);
        }

        /**
         * Answers with an error in place of serving the request.
         *
         * @param status the HTTP status, 400 to 599
         * @param code the API's code
         */
        public Rule error(int status, String code) {
            if (status < 400 || status > 599) {
                throw new IllegalArgumentException("status must be 400 to 599");
            }
            ApiError error = new ApiError(status, requireNonNull(code, "code"), "Injected by the simulator: " + code);
            return arm(new Effect(Kind.ERROR, Duration.ZERO, error, 0));
        }

        /** Answers {@code Throttling.User} with status 400, the usual one [unconfirmed]; the request is not served. */
        public Rule throttle() {
            return error(400, "Throttling.User");
        }

        /** Holds the answer back; the request is served at once. */
        public Rule latency(Duration latency) {
            return arm(new Effect(Kind.LATENCY, requireNonNull(latency, "latency")));
        }

        /** Serves the request, then resets the connection in place of answering. */
        public Rule loseAnswer() {
            return arm(new Effect(Kind.LOSE_ANSWER, Duration.ZERO));
        }

        /** Answers 503 with a page of HTML, as a gateway does; the request is not served. */
        public Rule html503() {
            return arm(new Effect(Kind.HTML_503, Duration.ZERO));
        }

        /** Serves the request, then answers 200 without a body. */
        public Rule emptyOk() {
            return arm(new Effect(Kind.EMPTY_OK, Duration.ZERO));
        }

        /**
         * Serves the request, then answers 200 with a single brace. The SDK's own reader throws
         * {@link NullPointerException} on that (ecs-openapi, 4.5).
         */
        public Rule malformedJson() {
            return arm(new Effect(Kind.MALFORMED_JSON, Duration.ZERO));
        }

        /**
         * Serves the request, then answers 200 with the first half of the JSON. For clients that check what they get:
         * the reader of the SDK's core 4.7.10 never returns from most such texts, and runs out of memory on some.
         */
        public Rule truncatedJson() {
            return arm(new Effect(Kind.TRUNCATED_JSON, Duration.ZERO));
        }

        /** Serves the request and sends the answer in small pieces over a time. */
        public Rule slowBody(Duration duration) {
            return arm(new Effect(Kind.SLOW_BODY, requireNonNull(duration, "duration")));
        }

        /**
         * For {@code RunInstances}: serves the request and gives ids, but the machines vanish before they run, as they
         * do when stock ends between the two (ecs-openapi, 0). {@code DescribeInstanceHistoryEvents} then has a
         * {@code SystemFailure.Delete} for each: first Executing, and Executed once the machine is gone. When the event
         * comes is made up.
         *
         * <p>For {@code CreateContainerGroup}: the group becomes ScheduleFailed, with an event {@code NoStock}
         * (eci-openapi, 8).
         */
        public Rule vanish() {
            return vanish(Integer.MAX_VALUE);
        }

        /**
         * Like {@link #vanish()}, for a part of each call's machines: the last of the ids that it gives.
         *
         * @param machines how many of each call vanish, zero or more
         */
        public Rule vanish(int machines) {
            if (machines < 0) {
                throw new IllegalArgumentException("machines must not be negative");
            }
            return arm(new Effect(Kind.VANISH, Duration.ZERO, null, machines));
        }

        /**
         * For {@code RunInstances} and {@code CreateContainerGroup}: what the call creates is there, but no call sees it
         * for a while: it is missing from describe calls and {@code ListTagResources}, by id and by tag, and operations on
         * its id answer {@code InvalidInstanceId.NotFound} or {@code InvalidParameter.NotFound} (ecs-openapi, 3 and 6.3; that the latter do is [unconfirmed]). Goes
         * together with any other fault of the call, such as {@link #loseAnswer}.
         *
         * @param lag from the create call, by the cloud's clock; those of several rules add up
         */
        public Rule describeLag(Duration lag) {
            return arm(new Effect(Kind.DESCRIBE_LAG, requireNonNull(lag, "lag")));
        }

        /**
         * For calls with a {@code ClientToken}: a second call with the same token is told for a while that the first
         * one is still running, {@code IdempotentProcessing} (ecs-openapi, 1.3). The first one itself is served and
         * answered at once; {@link #loseAnswer} or {@link #latency} of another rule make a client ask again.
         *
         * @param duration from the first call, by the cloud's clock; those of several rules add up
         */
        public Rule processing(Duration duration) {
            return arm(new Effect(Kind.PROCESSING, requireNonNull(duration, "duration")));
        }

        private Rule arm(Effect chosen) {
            this.effect = chosen;
            return this;
        }

        /** Returns the number by which {@link Faults#remove} knows the rule. */
        int number() {
            return number;
        }

        private Order order(Effect armed) {
            long times = left.get();
            return new Order(number, action, zone, type, probability, times == Long.MAX_VALUE ? null : times, armed);
        }

        private boolean matches(String wanted, @Nullable String wantedZone, @Nullable String wantedType) {
            String onlyZone = zone;
            String onlyType = type;
            return (action.equals("*") || action.equals(wanted))
                    && (onlyZone == null || onlyZone.equals(wantedZone))
                    && (onlyType == null || onlyType.equals(wantedType));
        }

        private boolean draw(String wanted) {
            long ordinal =
                    ordinals.computeIfAbsent(wanted, name -> new AtomicLong()).getAndIncrement();
            if (Draw.unit(seed, "fault", number, wanted, ordinal) >= probability) {
                return false;
            }
            return left.getAndUpdate(value -> value == 0 || value == Long.MAX_VALUE ? value : value - 1) > 0;
        }
    }

    /** Faults of SSH connections. */
    public static final class SshFaults {
        private final ByteCuts cuts = new ByteCuts();

        private SshFaults() {}

        /**
         * Cuts connections. The first channel that has sent the first of these numbers of bytes, its output and error
         * output taken together, loses its connection there; from then on the next number holds, for any channel.
         * Processes live on. What of the last bytes still arrives is up to the network.
         *
         * @param bytes one number per cut, zero or more
         */
        public SshFaults cutAfterBytes(long... bytes) {
            cuts.add(bytes);
            return this;
        }

        void clear() {
            cuts.clear();
        }

        /** Returns the cuts that are still to come. */
        List<Long> pending() {
            return cuts.pending();
        }

        /** Returns how many of the next bytes may still be sent before the connection is cut; -1 for all of them. */
        int bytesBeforeCut(long sent, int next) {
            return cuts.bytesBeforeCut(sent, next);
        }
    }
}
