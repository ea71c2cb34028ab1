package dev.ephemeralbuilder.testing.strangers;

import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.SimulatedClock;
import dev.ephemeralbuilder.testing.simulator.SimulatedMachine;
import dev.ephemeralbuilder.testing.simulator.TemporaryKeys;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What each client is put through, on a simulator of its own with the same seed and a clock that stands, so that all of
 * them must see the same: ids, prices and times too.
 */
final class Scenario implements AutoCloseable {
    private static final Instant START = Instant.parse("2026-01-05T08:00:20Z");
    private static final String TYPE = "ecs.c7.xlarge";
    private static final double LIMIT = 0.815;
    // What the two signatures and their URLs encode in different ways.
    private static final Map<String, String> TAGS =
            new TreeMap<>(Map.of("owner", "strangers", "odd", "a b&c=d+e*~%2F/é中'()!", "empty", ""));
    private static final int LARGE_USER_DATA = 20_000;

    private final SimulatedClock clock = SimulatedClock.manual(START);
    private final AlibabaCloudSimulator cloud = AlibabaCloudSimulator.builder()
            .seed(11)
            .clock(clock)
            .bootTime(Duration.ofSeconds(40), Duration.ofSeconds(50))
            .start();
    private final List<String> zones = List.copyOf(cloud.vSwitches().keySet());
    private final Stranger.Maker maker;
    private final Stranger client;
    private final Looks looks = new Looks();

    private Scenario(Stranger.Maker maker) {
        this.maker = maker;
        client = client(cloud.accessKeyId(), cloud.accessKeySecret(), null);
    }

    /** Runs all of it with one kind of client. */
    static Map<String, Looks.Outcome> run(Stranger.Maker maker) {
        try (Scenario scenario = new Scenario(maker)) {
            scenario.create();
            scenario.page();
            scenario.tags();
            scenario.market();
            scenario.refusals();
            scenario.broken();
            scenario.keys();
            scenario.delete();
            scenario.looks.models(scenario.client);
            return scenario.looks.outcomes();
        }
    }

    @Override
    public void close() {
        client.close();
        cloud.close();
    }

    private Stranger client(String keyId, String secret, @Nullable String token) {
        return maker.make(new Wire.Access(cloud.endpoint().getAuthority(), cloud.region(), keyId, secret, token));
    }

    private Wire.Creation creation(int amount, @Nullable String token, Map<String, String> tags) {
        return new Wire.Creation(
                TYPE,
                cloud.machineImage(),
                cloud.securityGroup(),
                zones.get(0),
                cloud.vSwitches().get(zones.get(0)),
                amount,
                amount,
                token,
                tags,
                LIMIT,
                null,
                null,
                false);
    }

    private List<String> machines() {
        return cloud.machines().stream().map(SimulatedMachine::id).toList();
    }

    private void create() {
        Wire.Creation creation = creation(23, "token-1", TAGS);
        looks.look("RunInstances, 23 with a token", "23 ids", () -> {
            List<String> ids = client.create(creation).ids();
            return Cell.of(ids.size() + (ids.equals(machines()) ? " ids" : " ids of others"), ids);
        });
        looks.look("RunInstances, the same again", "the same 23 ids", () -> {
            List<String> ids = client.create(creation).ids();
            return Cell.of((ids.equals(machines()) ? "the same " : "other ") + ids.size() + " ids", ids);
        });
        looks.refused(
                "RunInstances, same token, other amount",
                400,
                "IdempotentParameterMismatch",
                () -> client.create(creation(22, "token-1", TAGS)));
        looks.look("DescribeInstances, while it starts", "Pending", () -> {
            Wire.Machine machine = machine();
            return Cell.of(machine.status(), machine);
        });
        looks.refused(
                "DeleteInstances, while it starts",
                403,
                "IncorrectInstanceStatus.Initializing",
                () -> client.delete(new Wire.Deletion(machines(), true, null)));
        clock.advance(Duration.ofMinutes(1));
        looks.look("DescribeInstances, all fields of one", "Running in " + zones.get(0), () -> {
            Wire.Machine machine = machine();
            return Cell.of(machine.status() + " in " + machine.zone(), machine);
        });
        looks.look("ModifyInstanceAutoReleaseTime", "2026-01-05T09:30Z", () -> {
            client.cap(new Wire.Cap(machines().get(0), "2026-01-05T09:30:40Z"));
            return Cell.of(machine().cap());
        });
        cloud.console(machines().get(0), "no root device\n");
        looks.look("GetInstanceConsoleOutput", "no root device", () -> {
            Wire.Console console =
                    client.console(new Wire.ConsoleQuery(machines().get(0)));
            String text = new String(Base64.getDecoder().decode(console.output()), StandardCharsets.UTF_8);
            String last = text.lines().reduce("", (before, line) -> line);
            return Cell.of(last, console.time() + " of " + machines().indexOf(console.id()));
        });
    }

    private Wire.Machine machine() throws Refusal {
        return client.describe(new Wire.Query(machines().subList(0, 1), Map.of(), 100, null))
                .rows()
                .get(0);
    }

    private void page() {
        looks.look("DescribeInstances, pages of 10 by tag", "10+10+3 of 23", () -> {
            List<Integer> sizes = new ArrayList<>();
            List<Wire.Machine> all = new ArrayList<>();
            Wire.Machines page = client.describe(new Wire.Query(List.of(), TAGS, 10, null));
            for (int pages = 1; pages <= 5; pages++) {
                sizes.add(page.rows().size());
                all.addAll(page.rows());
                if (page.next() == null || page.next().isEmpty()) {
                    break;
                }
                page = client.describe(new Wire.Query(List.of(), TAGS, 10, page.next()));
            }
            return Cell.of(
                    sizes.stream().map(String::valueOf).collect(Collectors.joining("+")) + " of " + page.total(), all);
        });
        looks.look("DescribeInstances, a tag that none has", "0 of 0", () -> {
            Wire.Machines page = client.describe(new Wire.Query(List.of(), Map.of("owner", "nobody"), 100, null));
            return Cell.of(page.rows().size() + " of " + page.total());
        });
        looks.look("DescribeInstances, an unknown id", "1 of 1", () -> {
            Wire.Machines page =
                    client.describe(new Wire.Query(List.of("i-none", machines().get(0)), Map.of(), 100, null));
            return Cell.of(page.rows().size() + " of " + page.total());
        });
    }

    private void tags() {
        List<String> two = machines().subList(0, 2);
        looks.look("ListTagResources, pages", "50+19", () -> {
            Wire.Tags page = client.tags(new Wire.TagQuery(List.of(), Map.of(), null));
            List<Wire.Tag> all = new ArrayList<>(page.rows());
            String sizes = "" + page.rows().size();
            for (int pages = 1; pages < 5 && page.next() != null && !page.next().isEmpty(); pages++) {
                page = client.tags(new Wire.TagQuery(List.of(), Map.of(), page.next()));
                all.addAll(page.rows());
                sizes += "+" + page.rows().size();
            }
            return Cell.of(sizes, all);
        });
        looks.look("TagResources", "2 machines", () -> {
            client.tag(new Wire.Tagging(two, Map.of("lease", "17", "odd", "changed")));
            return tagged(Map.of("lease", "17", "odd", "changed"));
        });
        looks.look("UntagResources by key", "0 machines", () -> {
            client.untag(new Wire.Untagging(two, List.of("lease", "never-there"), false));
            return tagged(Map.of("lease", "17"));
        });
        looks.look("UntagResources, all", "no tags", () -> {
            client.untag(new Wire.Untagging(two, List.of(), true));
            List<Wire.Tag> left =
                    client.tags(new Wire.TagQuery(two, Map.of(), null)).rows();
            return Cell.of(left.isEmpty() ? "no tags" : "tags " + left);
        });
        looks.refused(
                "TagResources, an unknown id",
                404,
                "InvalidResourceId.NotFound",
                () -> client.tag(new Wire.Tagging(List.of("i-none"), Map.of("a", "b"))));
        looks.refused(
                "TagResources, a reserved key",
                400,
                "InvalidTagKey.Malformed",
                () -> client.tag(new Wire.Tagging(two, Map.of("acs:x", "b"))));
    }

    private Cell tagged(Map<String, String> tags) throws Refusal {
        List<Wire.Tag> rows =
                client.tags(new Wire.TagQuery(List.of(), tags, null)).rows();
        long machines = rows.stream().map(Wire.Tag::id).distinct().count();
        return Cell.of(machines + " machines", rows);
    }

    private void market() {
        looks.look("DescribeZones", zones.size() + " zones", () -> {
            List<Wire.Zone> rows = client.zones().rows();
            return Cell.of(rows.size() + " zones", rows);
        });
        looks.look("DescribeInstanceTypes, pages of 20", "20+20+7 types", () -> {
            List<Wire.Type> all = new ArrayList<>();
            List<String> sizes = new ArrayList<>();
            String next = null;
            for (int pages = 0; pages < 5; pages++) {
                Wire.Types page = client.types(new Wire.TypeQuery(20, next));
                all.addAll(page.rows());
                sizes.add("" + page.rows().size());
                next = page.next();
                if (next == null || next.isEmpty()) {
                    break;
                }
            }
            return Cell.of(String.join("+", sizes) + " types", all);
        });
        looks.look("DescribeSpotPriceHistory", "16 points in CNY", () -> {
            Wire.Prices prices = client.prices(new Wire.Offer(TYPE, zones.get(0)));
            return Cell.of(prices.rows().size() + " points in " + prices.currency(), prices);
        });
        looks.look("DescribePrice", "2 for CNY", () -> {
            Wire.Quote quote = client.quote(new Wire.Offer(TYPE, zones.get(0)));
            return Cell.of("2 for " + quote.currency(), quote);
        });
        looks.look("DescribeSpotAdvice", zones.size() + " zones", () -> {
            List<Wire.Advice> rows = client.advices(TYPE).rows();
            return Cell.of(rows.size() + " zones", rows);
        });
        looks.look("DescribeAvailableResource", "[WithStock]", () -> stocks(client.stocks(TYPE)));
        cloud.stockOut(TYPE, zones.get(1));
        looks.look(
                "DescribeAvailableResource, one sold out",
                "[WithStock, WithoutStock]",
                () -> stocks(client.stocks(TYPE)));
    }

    private static Cell stocks(Wire.Stocks stocks) {
        List<String> categories =
                stocks.rows().stream().map(Wire.Stock::category).toList();
        return Cell.of(new TreeSet<>(categories).toString(), stocks);
    }

    private void refusals() {
        Wire.Creation good = creation(1, null, Map.of());
        cloud.stock(TYPE, zones.get(0), 0);
        looks.refused("RunInstances, out of stock", 403, "OperationDenied.NoStock", () -> client.create(good));
        cloud.stock(TYPE, zones.get(0), 100);
        cloud.faults().on("RunInstances").times(1).throttle();
        looks.refused("RunInstances, throttled", 400, "Throttling.User", () -> client.create(good));
        cloud.faults().on("RunInstances").times(1).error("QuotaExceed.ElasticQuota");
        looks.refused("RunInstances, over quota", 403, "QuotaExceed.ElasticQuota", () -> client.create(good));
        cloud.faults().on("RunInstances").times(1).error("Forbidden.RAM");
        looks.refused("RunInstances, no permission", 403, "Forbidden.RAM", () -> client.create(good));
        looks.refused(
                "RunInstances, unknown image",
                404,
                "InvalidImageId.NotFound",
                () -> client.create(good.withImage("m-none")));
        looks.refused("RunInstances, no image", 400, "MissingParameter", () -> client.create(good.withImage("")));
        looks.refused(
                "RunInstances, price limit too low",
                400,
                "InvalidSpotPriceLimit.LowerThanPublicPrice",
                () -> client.create(good.withLimit(0.001)));
        looks.refused("RunInstances, dry run", 400, "DryRunOperation", () -> client.create(good.asDryRun()));
        looks.refused(
                "DeleteInstances, an unknown id",
                404,
                "InvalidInstanceId.NotFound",
                () -> client.delete(new Wire.Deletion(List.of("i-none"), true, null)));
        looks.refused(
                "DeleteInstances, not forced",
                403,
                "IncorrectInstanceStatus",
                () -> client.delete(new Wire.Deletion(machines(), false, null)));
        cloud.faults().on("DescribeInstances").times(1).error("ServiceUnavailable");
        looks.refused("DescribeInstances, 503 with a code", 503, "ServiceUnavailable", this::machine);
        cloud.faults().on("DescribeInstances").times(1).error("InternalError");
        looks.refused("DescribeInstances, 500 with a code", 500, "InternalError", this::machine);
        cloud.faults().clear();
    }

    private void broken() {
        Wire.Creation creation = creation(2, "token-2", Map.of("owner", "lost"));
        cloud.faults().on("RunInstances").times(1).html503();
        looks.unknown("RunInstances, 503 as a page of HTML", () -> client.create(creation));
        cloud.faults().on("RunInstances").times(1).loseAnswer();
        looks.unknown("RunInstances, the answer is lost", () -> client.create(creation));
        looks.look("RunInstances, again after that", "2 ids that were made before", () -> {
            List<String> before = machines();
            List<String> ids = client.create(creation).ids();
            boolean same = before.equals(machines())
                    && before.subList(23, before.size()).equals(ids);
            return Cell.of(ids.size() + (same ? " ids that were made before" : " other ids"), ids);
        });
        looks.look("RunInstances, 20 KB of user data", "1 id", () -> {
            String data = Base64.getEncoder().encodeToString(new byte[LARGE_USER_DATA]);
            List<String> ids = client.create(creation(1, null, Map.of()).withUserData("2026-01-05T09:00:59Z", data))
                    .ids();
            return Cell.of(ids.size() + " id", ids);
        });
        clock.advance(Duration.ofMinutes(1));
        cloud.faults().clear();
    }

    private void keys() {
        String id = cloud.accessKeyId();
        String secret = cloud.accessKeySecret();
        TemporaryKeys good = cloud.temporaryKeys(Duration.ofHours(1));
        TemporaryKeys other = cloud.temporaryKeys(Duration.ofHours(1));
        TemporaryKeys expired = cloud.temporaryKeys(Duration.ZERO);
        refusedKeys("wrong secret", 400, "SignatureDoesNotMatch", id, "wrong", null);
        refusedKeys("unknown key", 404, "InvalidAccessKeyId.NotFound", "nobody", secret, null);
        looks.look("temporary keys", "26 of 26", () -> {
            try (Stranger temporary = client(good.accessKeyId(), good.accessKeySecret(), good.securityToken())) {
                Wire.Machines page = temporary.describe(new Wire.Query(List.of(), Map.of(), 100, null));
                return Cell.of(page.rows().size() + " of " + page.total());
            }
        });
        refusedKeys(
                "temporary keys that expired",
                400,
                "InvalidSecurityToken.Expired",
                expired.accessKeyId(),
                expired.accessKeySecret(),
                expired.securityToken());
        refusedKeys(
                "temporary keys, token of others",
                400,
                "InvalidSecurityToken.MismatchWithAccessKey",
                good.accessKeyId(),
                good.accessKeySecret(),
                other.securityToken());
        refusedKeys(
                "temporary keys, no such token",
                400,
                "InvalidSecurityToken.Malformed",
                good.accessKeyId(),
                good.accessKeySecret(),
                "nonsense");
        refusedKeys(
                "temporary keys without token",
                400,
                "MissingSecurityToken",
                good.accessKeyId(),
                good.accessKeySecret(),
                null);
    }

    private void refusedKeys(
            String call, int status, String code, String keyId, String secret, @Nullable String token) {
        looks.refused(call, status, code, () -> {
            try (Stranger stranger = client(keyId, secret, token)) {
                stranger.describe(new Wire.Query(List.of(), Map.of(), 100, null));
            }
        });
    }

    private void delete() {
        List<String> all = machines();
        looks.look("DeleteInstances, 26 with a token", "26 Stopping", () -> {
            client.delete(new Wire.Deletion(all, true, "token-3"));
            List<Wire.Machine> rows =
                    client.describe(new Wire.Query(all, Map.of(), 100, null)).rows();
            List<String> states =
                    rows.stream().map(Wire.Machine::status).distinct().toList();
            return Cell.of(rows.size() + " " + String.join(",", states), rows);
        });
        looks.look("DescribeInstances, after that", "0 of 0", () -> {
            clock.advance(Duration.ofSeconds(5));
            Wire.Machines page = client.describe(new Wire.Query(all, Map.of(), 100, null));
            return Cell.of(page.rows().size() + " of " + page.total());
        });
    }
}
