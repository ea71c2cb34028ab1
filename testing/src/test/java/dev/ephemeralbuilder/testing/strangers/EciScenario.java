package dev.ephemeralbuilder.testing.strangers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import dev.ephemeralbuilder.testing.simulator.AlibabaCloudSimulator;
import dev.ephemeralbuilder.testing.simulator.SimulatedClock;
import dev.ephemeralbuilder.testing.simulator.SimulatedGroup;
import dev.ephemeralbuilder.testing.simulator.TemporaryKeys;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;

/**
 * What each client of ECI is put through, on a simulator of its own with the same seed and a clock that stands, so that
 * all of them must see the same: ids, prices and times too.
 */
final class EciScenario implements AutoCloseable {
    private static final Instant START = Instant.parse("2026-01-05T08:00:20Z");
    private static final Duration BOOT = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration POLL = Duration.ofMillis(20);
    private static final String IMAGE = "registry.example.com/team/build:21";
    private static final String TYPE = "ecs.c7.xlarge";
    // What the two signatures and their URLs encode in different ways.
    private static final Map<String, String> TAGS =
            new TreeMap<>(Map.of("owner", "strangers", "odd", "a b&c=d+e*~%2F/é中'()!", "empty", ""));
    private static final String TEXT = "a file with é and 中\n";
    private static final String WAIT = "exec sleep 300";

    private final SimulatedClock clock = SimulatedClock.manual(START);
    private final AlibabaCloudSimulator cloud = AlibabaCloudSimulator.builder()
            .seed(11)
            .clock(clock)
            .bootTime(BOOT, BOOT)
            .start();
    private final List<String> zones = List.copyOf(cloud.vSwitches().keySet());
    private final EciStranger.Maker maker;
    private final EciStranger client;
    private final Looks looks = new Looks();

    private EciScenario(EciStranger.Maker maker) {
        this.maker = maker;
        client = client(cloud.accessKeyId(), cloud.accessKeySecret(), null);
    }

    /** Runs all of it with one kind of client. */
    static Map<String, Looks.Outcome> run(EciStranger.Maker maker) {
        try (EciScenario scenario = new EciScenario(maker)) {
            scenario.create();
            scenario.commands();
            scenario.log();
            scenario.page();
            scenario.tags();
            scenario.market();
            scenario.refusals();
            scenario.broken();
            scenario.images();
            scenario.caches();
            scenario.ends();
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

    private EciStranger client(String keyId, String secret, @Nullable String token) {
        return maker.make(new Wire.Access(cloud.endpoint().getAuthority(), cloud.region(), keyId, secret, token));
    }

    private EciWire.Creation creation(String name, String script) {
        return new EciWire.Creation(
                name,
                zones.get(0),
                cloud.vSwitches().get(zones.get(0)),
                cloud.securityGroup(),
                2.0,
                4.0,
                null,
                "NoSpot",
                null,
                null,
                Map.of("owner", "strangers"),
                List.of(new EciWire.Container(
                        "build", IMAGE, List.of("sh", "-c"), List.of(script), Map.of("WORD", "é=1 2"))),
                List.of(new EciWire.File("text.txt", Base64.getEncoder().encodeToString(TEXT.getBytes(UTF_8)), 292)),
                null,
                false,
                false);
    }

    /** The first group: two containers, spot with a limit. */
    private EciWire.Creation first() {
        EciWire.Creation creation = creation("first", "echo one; echo \"$WORD\" >&2; echo three; " + WAIT);
        List<EciWire.Container> two = new ArrayList<>(creation.containers());
        two.add(new EciWire.Container("side", "redis:7", List.of("sleep", "300"), List.of(), Map.of()));
        return creation.with("containers", two)
                .with("tags", TAGS)
                .with("strategy", "SpotWithPriceLimit")
                .with("limit", 0.815)
                .with("token", "token-1");
    }

    private List<String> groups() {
        return cloud.groups().stream().map(SimulatedGroup::id).toList();
    }

    private String id() {
        return groups().get(0);
    }

    private static ConditionFactory patiently() {
        return await().atMost(PATIENCE).pollDelay(Duration.ZERO).pollInterval(POLL);
    }

    private void awaitState(String id, String state) {
        await().atMost(PATIENCE)
                .until(() -> cloud.groups().stream()
                        .anyMatch(
                                group -> group.id().equals(id) && group.state().equals(state)));
    }

    /** Creates a group, and waits until it is in a state after its start. */
    private String started(EciWire.Creation creation, String state) throws Refusal {
        String id = client.create(creation).id();
        clock.advance(BOOT);
        awaitState(id, state);
        return id;
    }

    private EciWire.Group group(String id) throws Refusal {
        return client.describe(query(List.of(id), Map.of())).rows().get(0);
    }

    private static EciWire.Query query(List<String> ids, Map<String, String> tags) {
        return new EciWire.Query(ids, tags, null, 20, null, true);
    }

    private EciWire.Detail detail(String id) throws Refusal {
        return client.details(query(List.of(id), Map.of())).rows().get(0);
    }

    private void create() {
        looks.look("CreateContainerGroup with a token", "1 id", () -> {
            String id = client.create(first()).id();
            return Cell.of(List.of(id).equals(groups()) ? "1 id" : "id of another", id);
        });
        looks.look("CreateContainerGroup, the same again", "the same id", () -> {
            String id = client.create(first()).id();
            return Cell.of(List.of(id).equals(groups()) ? "the same id" : "another id", id);
        });
        looks.refused(
                "CreateContainerGroup, same token, other size",
                400,
                "IdempotentParameterMismatch",
                () -> client.create(first().with("memoryGib", 8.0)));
        looks.look("DescribeContainerGroups, at once", "Scheduling", () -> {
            EciWire.Group group = group(id());
            return Cell.of(group.status(), group);
        });
        looks.look("DescribeContainerGroups, while it pulls", "Pending", () -> {
            clock.advance(BOOT.dividedBy(2));
            awaitState(id(), "Pending");
            EciWire.Group group = group(id());
            return Cell.of(group.status(), group);
        });
        looks.look("DescribeContainerGroups, all fields of one", "Running, Running, Running", () -> {
            // Not a second more: containers start on threads of their own, at the time that it is then.
            clock.advance(BOOT.dividedBy(2));
            awaitState(id(), "Running");
            EciWire.Group group = group(id());
            return Cell.of(
                    group.status() + ", "
                            + group.containers().stream()
                                    .map(run -> run.state().state())
                                    .collect(Collectors.joining(", ")),
                    group);
        });
        looks.look("DescribeContainerGroups, newer fields", "SpotWithPriceLimit [true, true]", () -> {
            EciWire.Detail detail = detail(id());
            return Cell.of(detail.strategy() + " " + detail.ready(), detail);
        });
        looks.look("DescribeContainerGroupStatus", "Running [build Running, side Running]", () -> {
            List<EciWire.Status> rows = client.statuses(id()).rows();
            return Cell.of(rows.get(0).phase() + " " + rows.get(0).containers(), rows);
        });
        looks.look("DescribeContainerGroupEvents", "[Started] last", () -> {
            List<EciWire.Happening> rows = client.history(id()).rows();
            return Cell.of("[" + rows.get(rows.size() - 1).reason() + "] last", rows);
        });
    }

    private EciWire.Output run(@Nullable String input, boolean sync, String... command) throws Refusal {
        return client.run(new EciWire.Command(id(), "build", List.of(command), input, sync));
    }

    private void commands() {
        looks.look("ExecContainerCommand", "hello é é=1 2", () -> {
            String text = run(null, false, "sh", "-c", "echo hello é; echo \"$WORD\" >&2")
                    .text();
            return Cell.of(text.strip().replace('\n', ' '));
        });
        looks.look("ExecContainerCommand with input", "read: é 中", () -> {
            String text = run("é 中\n", false, "sh", "-c", "read -r line; echo \"read: $line\"")
                    .text();
            return Cell.of(text.strip());
        });
        looks.look(
                "ExecContainerCommand, a mounted file",
                TEXT.strip(),
                () -> Cell.of(
                        run(null, false, "cat", "/strangers/text.txt").text().strip()));
        looks.look("ExecContainerCommand, long output", "1000000 bytes", () -> {
            String text = run(null, false, "sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x")
                    .text();
            return Cell.of(text.length() + " bytes", text);
        });
        looks.look(
                "ExecContainerCommand, synchronous",
                "now",
                () -> Cell.of(run(null, true, "echo", "now").text().strip()));
        looks.refused(
                "ExecContainerCommand, 21 items",
                400,
                "InvalidParameter.ValueExceeded",
                () -> run(null, false, Collections.nCopies(21, "x").toArray(new String[0])));
        looks.refused(
                "ExecContainerCommand, an unknown container",
                404,
                "InvalidParameter.NotFound",
                () -> client.run(new EciWire.Command(id(), "none", List.of("true"), null, false)));
    }

    private EciWire.Log read(int tail, @Nullable Integer bytes, boolean timestamps) throws Refusal {
        return client.log(new EciWire.LogQuery(id(), "build", tail, bytes, timestamps));
    }

    private void log() {
        looks.look("DescribeContainerLog", "one é=1 2 three", () -> {
            await().atMost(PATIENCE)
                    .until(() -> read(500, null, false).content().contains("three\n"));
            EciWire.Log log = read(500, null, false);
            return Cell.of(log.content().strip().replace('\n', ' '), log);
        });
        looks.look("DescribeContainerLog, 2 lines", "2 lines", () -> {
            String content = read(2, null, false).content();
            return Cell.of(content.lines().count() + " lines", content);
        });
        looks.look("DescribeContainerLog, at most 6 bytes", "6 bytes", () -> {
            String content = read(500, 6, false).content();
            return Cell.of(content.getBytes(UTF_8).length + " bytes", content);
        });
        looks.look(
                "DescribeContainerLog with times",
                "2026-01-05T08:00:30.000000000Z three",
                () -> Cell.of(read(1, null, true).content().strip()));
        looks.refused("DescribeContainerLog, 2001 lines", 400, "InvalidParameter", () -> read(2001, null, false));
    }

    private void page() {
        looks.look("CreateContainerGroup, 4 more", "5 groups", () -> {
            for (int i = 2; i <= 5; i++) {
                client.create(creation("more-" + i, WAIT).with("tags", TAGS));
            }
            clock.advance(BOOT);
            groups().forEach(id -> awaitState(id, "Running"));
            return Cell.of(groups().size() + " groups", groups());
        });
        looks.look("DescribeContainerGroups, pages of 2 by tag", "2+2+1 of 5", () -> {
            List<Integer> sizes = new ArrayList<>();
            List<EciWire.Group> all = new ArrayList<>();
            EciWire.Groups page = client.describe(new EciWire.Query(List.of(), TAGS, null, 2, null, false));
            for (int pages = 1; pages <= 5; pages++) {
                sizes.add(page.rows().size());
                all.addAll(page.rows());
                if (page.next() == null || page.next().isEmpty()) {
                    break;
                }
                page = client.describe(new EciWire.Query(List.of(), TAGS, null, 2, page.next(), false));
            }
            return Cell.of(
                    sizes.stream().map(String::valueOf).collect(Collectors.joining("+")) + " of " + page.total(), all);
        });
        looks.look(
                "DescribeContainerGroups, a tag that none has",
                "0 of 0",
                () -> count(query(List.of(), Map.of("owner", "nobody"))));
        looks.look(
                "DescribeContainerGroups, an unknown id",
                "1 of 1",
                () -> count(query(List.of("eci-none", id()), Map.of())));
        looks.look(
                "DescribeContainerGroups by status",
                "0 of 0",
                () -> count(new EciWire.Query(List.of(), Map.of(), "Pending", 20, null, false)));
        looks.refused(
                "DescribeContainerGroups, pages of 21",
                400,
                "InvalidParameter",
                () -> client.describe(new EciWire.Query(List.of(), Map.of(), null, 21, null, false)));
    }

    private Cell count(EciWire.Query query) throws Refusal {
        EciWire.Groups page = client.describe(query);
        return Cell.of(page.rows().size() + " of " + page.total());
    }

    private void tags() {
        List<String> two = groups().subList(0, 2);
        looks.look("TagResources", "2 groups", () -> {
            client.tag(new Wire.Tagging(two, new TreeMap<>(Map.of("lease", "17", "odd", "changed"))));
            return tagged(new TreeMap<>(Map.of("lease", "17", "odd", "changed")));
        });
        looks.look("ListTagResources of one", "4 tags", () -> {
            List<Wire.Tag> rows = client.tags(new Wire.TagQuery(two.subList(0, 1), Map.of(), null))
                    .rows();
            return Cell.of(rows.size() + " tags", rows);
        });
        looks.look("UntagResources by key", "0 groups", () -> {
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
                "InvalidParameter.NotFound",
                () -> client.tag(new Wire.Tagging(List.of("eci-none"), Map.of("a", "b"))));
        looks.refused(
                "TagResources, a reserved key",
                400,
                "InvalidParameter",
                () -> client.tag(new Wire.Tagging(two, Map.of("acs:x", "b"))));
    }

    private Cell tagged(Map<String, String> tags) throws Refusal {
        List<Wire.Tag> rows =
                client.tags(new Wire.TagQuery(List.of(), tags, null)).rows();
        return Cell.of(rows.stream().map(Wire.Tag::id).distinct().count() + " groups", rows);
    }

    private void market() {
        looks.look("DescribeRegions", "1 with " + zones.size() + " zones", () -> {
            List<EciWire.Region> rows = client.regions().rows();
            return Cell.of(
                    rows.size() + " with " + rows.get(0).zones().size() + " zones",
                    rows.get(0).id() + rows.get(0).zones());
        });
        looks.look(
                "DescribeContainerGroupPrice of a size",
                "0.0001225 CNY a second",
                () -> quote(new EciWire.Offer(2.0, 4.0, null, "NoSpot")));
        looks.look(
                "DescribeContainerGroupPrice of a type",
                "0.0002264 CNY a second",
                () -> quote(new EciWire.Offer(null, null, TYPE, "NoSpot")));
        looks.look("DescribeContainerGroupPrice, spot of a type", zones.size() + " an hour", () -> {
            List<EciWire.SpotPrice> rows = client.spotPrices(new EciWire.Offer(null, null, TYPE, "SpotAsPriceGo"))
                    .rows();
            return Cell.of(rows.size() + " an hour", rows);
        });
        looks.look("DescribeContainerGroupPrice, spot of a size", "a price in each zone", () -> {
            List<EciWire.SpotPrice> rows = client.spotPrices(new EciWire.Offer(4.0, 8.0, null, "SpotAsPriceGo"))
                    .rows();
            boolean each = rows.stream().map(EciWire.SpotPrice::zone).distinct().count() == zones.size();
            return Cell.of(each ? "a price in each zone" : "prices in some zones", rows);
        });
        looks.look("DescribeAvailableResource", "[WithStock]", () -> stocks(client.stocks(TYPE)));
        cloud.stockOut(TYPE, zones.get(1));
        looks.look(
                "DescribeAvailableResource, one sold out",
                "[WithStock, WithoutStock]",
                () -> stocks(client.stocks(TYPE)));
        looks.look("ListUsage", "10.000 vCPUs", () -> {
            EciWire.Usage usage = client.usage();
            return Cell.of(usage.values().get("UsedCpu") + " vCPUs", usage);
        });
    }

    private Cell quote(EciWire.Offer offer) throws Refusal {
        EciWire.Quote quote = client.quote(offer);
        return Cell.of(quote.trade() + " " + quote.currency() + " a second", quote);
    }

    private static Cell stocks(EciWire.Stocks stocks) {
        List<String> categories =
                stocks.rows().stream().map(EciWire.Stock::category).toList();
        return Cell.of(new TreeSet<>(categories).toString(), stocks);
    }

    private void refusals() {
        EciWire.Creation good = creation("refused", WAIT);
        EciWire.Creation typed =
                good.with("vcpus", null).with("memoryGib", null).with("type", TYPE);
        cloud.stock(TYPE, zones.get(0), 0);
        looks.refused("CreateContainerGroup, out of stock", 403, "OperationDenied.NoStock", () -> client.create(typed));
        looks.refused(
                "CreateContainerGroup, spot out of stock",
                403,
                "OperationDenied.NoStock",
                () -> client.create(typed.with("strategy", "SpotAsPriceGo")));
        cloud.stock(TYPE, zones.get(0), 100);
        looks.refused(
                "CreateContainerGroup, price limit too low",
                403,
                "Spot.NotMatched",
                () -> client.create(typed.with("strategy", "SpotWithPriceLimit").with("limit", 0.001)));
        fails(
                "throttled",
                400,
                "Throttling.User",
                () -> cloud.faults().on("CreateContainerGroup").times(1).throttle());
        fails(
                "over quota",
                403,
                "QuotaExceeded",
                () -> cloud.faults().on("CreateContainerGroup").times(1).error("QuotaExceeded"));
        fails(
                "no permission",
                403,
                "Forbidden.RAM",
                () -> cloud.faults().on("CreateContainerGroup").times(1).error("Forbidden.RAM"));
        looks.refused(
                "CreateContainerGroup, no name", 400, "MissingParameter", () -> client.create(good.with("name", "")));
        looks.refused(
                "CreateContainerGroup, an impossible size",
                400,
                "InvalidParameter.CPU.Memory",
                () -> client.create(good.with("vcpus", 100.0)));
        looks.refused(
                "CreateContainerGroup, too long a value",
                400,
                "InvalidParameter.ValueExceeded",
                () -> client.create(good.with("tags", Map.of("owner", "x".repeat(129)))));
        looks.refused(
                "CreateContainerGroup, dry run",
                400,
                "DryRunOperation",
                () -> client.create(good.with("dryRun", true)));
        looks.refused(
                "DeleteContainerGroup, an unknown id",
                404,
                "InvalidParameter.NotFound",
                () -> client.delete(new EciWire.Deletion("eci-none", true, null)));
        cloud.faults().on("DescribeContainerGroups").times(1).error("ServiceUnavailable");
        looks.refused("DescribeContainerGroups, 503 with a code", 503, "ServiceUnavailable", () -> group(id()));
        cloud.faults().on("DescribeContainerGroups").times(1).error("InternalError");
        looks.refused("DescribeContainerGroups, 500 with a code", 500, "InternalError", () -> group(id()));
        cloud.faults().clear();
    }

    private void fails(String how, int status, String code, Runnable order) {
        order.run();
        looks.refused("CreateContainerGroup, " + how, status, code, () -> client.create(creation("refused", WAIT)));
    }

    private void broken() {
        EciWire.Creation creation = creation("lost", WAIT).with("token", "token-2");
        cloud.faults().on("CreateContainerGroup").times(1).html503();
        looks.unknown("CreateContainerGroup, 503 as a page of HTML", () -> client.create(creation));
        cloud.faults().on("CreateContainerGroup").times(1).loseAnswer();
        looks.unknown("CreateContainerGroup, the answer is lost", () -> client.create(creation));
        looks.look("CreateContainerGroup, again after that", "the id that was made before", () -> {
            List<String> before = groups();
            String id = client.create(creation).id();
            boolean same = before.equals(groups())
                    && before.size() == 6
                    && before.get(5).equals(id);
            return Cell.of(same ? "the id that was made before" : "another id", id);
        });
        cloud.faults().on("ExecContainerCommand").times(1).html503();
        looks.unknown("ExecContainerCommand, 503 as a page of HTML", () -> run(null, false, "true"));
        cloud.faults().on("CreateContainerGroup").times(1).vanish();
        looks.look("CreateContainerGroup, out of stock later", "ScheduleFailed NoStock", () -> {
            String id = started(creation("late", WAIT), "ScheduleFailed");
            EciWire.Group group = group(id);
            return Cell.of(
                    group.status() + " "
                            + group.events().stream().map(EciWire.Event::reason).collect(Collectors.joining(",")),
                    List.of(group, client.statuses(id)));
        });
        cloud.faults().clear();
    }

    private void images() {
        cloud.images().image("registry.example.com/none:1").missing();
        cloud.images().login("private.example.com", "robot", "secret");
        looks.look("image that is not there", "Pending ErrImagePull", () -> {
            String id = client.create(creation("missing", WAIT).withImage("registry.example.com/none:1"))
                    .id();
            clock.advance(BOOT);
            await().atMost(PATIENCE)
                    .until(() ->
                            !"Pulling".equals(last(client.history(id).rows()).reason()));
            return waiting(id);
        });
        looks.look("image that is not there, later", "Pending ImagePullBackOff", () -> {
            String id = last(groups());
            clock.advance(Duration.ofSeconds(6));
            return waiting(id);
        });
        looks.look("image of a private registry, no password", "Pending ErrImagePull", () -> {
            String id = client.create(creation("private", WAIT).withImage("private.example.com/build:1"))
                    .id();
            clock.advance(BOOT);
            return waiting(id);
        });
        looks.look("image of a private registry, wrong password", "Pending ErrImagePull", () -> {
            String id = client.create(creation("wrong", WAIT)
                            .withImage("private.example.com/build:1")
                            .with("login", new EciWire.Login("private.example.com", "robot", "wrong")))
                    .id();
            clock.advance(BOOT);
            return waiting(id);
        });
        looks.look("image of a private registry", "Running", () -> {
            String id = started(
                    creation("login", WAIT)
                            .withImage("private.example.com/build:1")
                            .with("login", new EciWire.Login("private.example.com", "robot", "secret")),
                    "Running");
            return Cell.of(group(id).status(), group(id));
        });
    }

    /** A group that waits for its image, with the reason. */
    private Cell waiting(String id) throws Refusal {
        EciWire.Group group = group(id);
        EciWire.Detail detail = detail(id);
        return Cell.of(group.status() + " " + detail.reasons().get(0).reason(), List.of(group, detail));
    }

    private static <T> T last(List<T> list) {
        return list.get(list.size() - 1);
    }

    private void caches() {
        String vSwitch = cloud.vSwitches().get(zones.get(0));
        List<String> made = new ArrayList<>();
        looks.look("CreateImageCache", "a cache and a group", () -> {
            EciWire.CacheCreated created = client.createCache(
                    new EciWire.CacheCreation("cache", List.of(IMAGE), vSwitch, cloud.securityGroup()));
            made.add(created.id());
            return Cell.of(
                    created.id().startsWith("imc-") && created.group().equals(last(groups()))
                            ? "a cache and a group"
                            : "something else",
                    created);
        });
        looks.look("DescribeImageCaches, while it is made", "1 Preparing", () -> caches(made.get(0)));
        looks.look("DescribeImageCaches, after that", "1 Ready", () -> {
            clock.advance(BOOT);
            patiently().until(() -> caches(made.get(0)).seen().equals("1 Ready"));
            return caches(made.get(0));
        });
        looks.look("group that matches the cache", "ImageCached", () -> {
            String id = started(creation("cached", WAIT).with("cached", true), "Running");
            EciWire.Group group = group(id);
            boolean cached =
                    group.events().stream().anyMatch(event -> event.reason().equals("ImageCached"));
            return Cell.of(cached ? "ImageCached" : "not cached", group);
        });
        looks.look("DeleteImageCache", "0", () -> {
            client.deleteCache(made.get(0));
            return caches(made.get(0));
        });
        looks.refused(
                "DeleteImageCache, an unknown id",
                404,
                "InvalidParameter.NotFound",
                () -> client.deleteCache("imc-none"));
    }

    private Cell caches(String id) throws Refusal {
        List<EciWire.Cache> rows = client.caches(new EciWire.CacheQuery(id)).rows();
        return Cell.of(
                rows.size() + rows.stream().map(row -> " " + row.status()).collect(Collectors.joining()), rows);
    }

    private void ends() {
        looks.look("command that exits with 7", "Failed with 7", () -> {
            String id = started(creation("seven", "exit 7"), "Failed");
            EciWire.Group group = group(id);
            return Cell.of(
                    group.status() + " with "
                            + group.containers().get(0).state().exitCode(),
                    List.of(group, detail(id), client.statuses(id)));
        });
        looks.look("command that succeeds", "Succeeded with 0", () -> {
            String id = started(creation("zero", "echo done"), "Succeeded");
            EciWire.Group group = group(id);
            return Cell.of(
                    group.status() + " with "
                            + group.containers().get(0).state().exitCode(),
                    List.of(group, client.log(new EciWire.LogQuery(id, "build", 10, null, false))));
        });
        looks.look("notice of the end of spot", "SpotToBeReleased", () -> {
            cloud.reclaim(id(), Duration.ofMinutes(3));
            EciWire.Group group = group(id());
            return Cell.of(last(group.events()).reason(), group);
        });
        looks.look("end of spot", "Expired", () -> {
            String id = id();
            clock.advance(Duration.ofMinutes(3));
            awaitState(id, "Expired");
            EciWire.Group group = group(id);
            return Cell.of(group.status(), List.of(group, detail(id), client.statuses(id)));
        });
        looks.refused("ExecContainerCommand after the end", 400, "IncorrectStatus", () -> run(null, false, "true"));
    }

    private void keys() {
        TemporaryKeys good = cloud.temporaryKeys(Duration.ofHours(1));
        looks.refused("wrong secret", 400, "SignatureDoesNotMatch", () -> {
            try (EciStranger stranger = client(cloud.accessKeyId(), "wrong", null)) {
                stranger.describe(query(List.of(), Map.of()));
            }
        });
        looks.look("temporary keys", "1 of 1", () -> {
            try (EciStranger stranger = client(good.accessKeyId(), good.accessKeySecret(), good.securityToken())) {
                EciWire.Groups page = stranger.describe(query(List.of(id()), Map.of()));
                return Cell.of(page.rows().size() + " of " + page.total());
            }
        });
    }

    private void delete() {
        String id = groups().get(1);
        looks.look("DeleteContainerGroup with a token", "Terminating", () -> {
            client.delete(new EciWire.Deletion(id, false, "token-3"));
            EciWire.Group group = group(id);
            return Cell.of(group.status());
        });
        looks.look("DescribeContainerGroups, after that", "0 of 0", () -> {
            clock.advance(Duration.ofSeconds(40));
            return count(query(List.of(id), Map.of()));
        });
        looks.look("DeleteContainerGroup of all others, by force", "0 of 0", () -> {
            for (String other : groups()) {
                if (!other.equals(id)) {
                    remove(other);
                }
            }
            clock.advance(Duration.ofSeconds(40));
            return count(query(List.of(), Map.of()));
        });
    }

    /** Deletes a group unless it is gone already, as the one that made the cache. */
    private void remove(String id) throws Refusal {
        if (!client.describe(query(List.of(id), Map.of())).rows().isEmpty()) {
            client.delete(new EciWire.Deletion(id, true, null));
        }
    }
}
