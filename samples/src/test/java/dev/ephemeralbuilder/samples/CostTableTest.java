package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ephemeralbuilder.Architecture;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.cost.CostEstimate;
import dev.ephemeralbuilder.cost.CostLine;
import dev.ephemeralbuilder.cost.CostLine.End;
import dev.ephemeralbuilder.cost.CostReport;
import dev.ephemeralbuilder.cost.CostTimes;
import dev.ephemeralbuilder.cost.PricePoint;
import dev.ephemeralbuilder.selection.MachineType;
import dev.ephemeralbuilder.selection.Offer;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Costs as people and as programs read them. */
@Tag("once")
class CostTableTest {
    private static final Instant START = Instant.parse("2026-11-20T22:00:00Z");
    private static final ObjectMapper JSON = new ObjectMapper();

    private static CostLine line(
            String id, Optional<String> job, Map<String, String> labels, End end, CostTimes times, String currency) {
        Money hourly = Money.of("0.36", currency);
        Money onDemand = Money.of("1.80", currency);
        Offer offer = Offer.builder()
                .provider(id.startsWith("i-") ? "ecs" : "eci")
                .region("cn-hangzhou")
                .zone("cn-hangzhou-h")
                .type(new MachineType("ecs.c7.xlarge", "ecs.c7", Architecture.X86_64, 4_000, 8_192, 0))
                .market(Market.SPOT)
                .hourlyPrice(hourly)
                .hourlyOnDemandPrice(onDemand)
                .build();
        boolean running = end == End.RUNNING;
        return new CostLine(
                id,
                "request-" + id,
                job,
                labels,
                Optional.of("ci"),
                Optional.of("host-1"),
                offer,
                START,
                running ? Optional.empty() : Optional.of(START.plus(times.billed())),
                end,
                times,
                CostEstimate.of(hourly, onDemand, times.billed()),
                List.of(new PricePoint(START, hourly)));
    }

    private static CostTimes times(int launch, int boot, int run, int idle, int lost) {
        return new CostTimes(
                Duration.ofSeconds(launch),
                Duration.ofSeconds(boot),
                Duration.ofSeconds(run),
                Duration.ofSeconds(idle),
                Duration.ZERO,
                Duration.ofSeconds(lost),
                Duration.ofSeconds(20));
    }

    private static CostReport report() {
        Optional<String> job = Optional.of("nightly-7");
        return new CostReport(
                List.of(
                        line("i-1", job, Map.of("team", "core"), End.RECLAIMED, times(2, 40, 600, 18, 600), "CNY"),
                        line("i-2", job, Map.of("team", "core"), End.CLOSED, times(2, 38, 1_500, 20, 0), "CNY"),
                        line(
                                "i-3",
                                Optional.empty(),
                                Map.of("team", "web"),
                                End.BOOT_FAILED,
                                times(3, 120, 0, 0, 0),
                                "CNY"),
                        line("eci-1", Optional.of("pr-41"), Map.of(), End.RUNNING, times(1, 14, 300, 5, 0), "CNY")),
                0);
    }

    @Test
    void theTableIsTheOneOfTheDocuments() throws IOException {
        String shown = String.join("\n", CostTable.lines(report(), CostGrouping.JOB, ZoneOffset.UTC));
        assertThat(Files.readString(Path.of("../docs/costs.md"))).contains("```text\n" + shown + "\n```");
    }

    @Test
    void whatIsMissingIsSaid() {
        List<String> lines = CostTable.lines(report(), CostGrouping.JOB, ZoneOffset.UTC);
        assertThat(lines)
                .contains(
                        "* Estimates, not rounded as a bill is. Public traffic is not known and not in them.",
                        "  Nor are the disks of 4 machines: nobody has said what a disk costs.",
                        "  1 machine without a known end, counted until now or the cap.");
    }

    @Test
    void currenciesAreNotAddedUp() {
        List<CostLine> both = new ArrayList<>(report().lines());
        both.add(line("i-9", Optional.empty(), Map.of(), End.CLOSED, times(1, 1, 3_598, 0, 0), "USD"));
        List<String> totals = CostTable.lines(new CostReport(both, 0), CostGrouping.JOB, ZoneOffset.UTC).stream()
                .filter(line -> line.startsWith("TOTAL"))
                .toList();
        assertThat(totals).hasSize(2);
        assertThat(totals.get(0)).contains("CNY").doesNotContain("USD");
        assertThat(totals.get(1)).contains("0.3600 USD").doesNotContain("CNY");
    }

    @Test
    void linesWithoutTheLabelAreAGroup() {
        assertThat(CostTable.lines(report(), CostGrouping.of("label:team"), ZoneOffset.UTC))
                .anyMatch(line -> line.startsWith("(none) "))
                .anyMatch(line -> line.startsWith("core "))
                .anyMatch(line -> line.startsWith("team "));
    }

    @Test
    void aDayIsOneOfTheZone() {
        CostGrouping day = CostGrouping.of("day");
        assertThat(day.groups(report(), ZoneOffset.UTC).keySet()).containsExactly("2026-11-20");
        assertThat(day.groups(report(), ZoneId.of("Asia/Shanghai")).keySet()).containsExactly("2026-11-21");
    }

    @Test
    void groupsAreWrittenAsTheyAreRead() {
        for (String text : List.of("job", "day", "provider", "label:team")) {
            assertThat(CostGrouping.of(text)).hasToString(text);
        }
        assertThatThrownBy(() -> CostGrouping.of("label")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void jsonSaysTheSameAsTheReport() throws IOException {
        JsonNode json = JSON.readTree(CostRows.json(report(), CostGrouping.JOB, ZoneOffset.UTC, START));
        assertThat(json.get("estimate").booleanValue()).isTrue();
        assertThat(json.get("by").textValue()).isEqualTo("job");
        assertThat(json.get("since").textValue()).isEqualTo(START.toString());
        assertThat(json.get("notIncluded").get(0).textValue()).isEqualTo("traffic");
        assertThat(json.get("totals")).hasSize(1);
        BigDecimal total = report().totals().get(0).amount().amount();
        assertThat(json.get("totals").get(0).get("amount").decimalValue()).isCloseTo(total, within());
        assertThat(json.get("groups")).hasSize(3);
        BigDecimal sum = BigDecimal.ZERO;
        for (JsonNode machine : json.get("machines")) {
            sum = sum.add(machine.get("amount").decimalValue());
            assertThat(machine.get("disk").isNull()).isTrue();
        }
        assertThat(sum).isCloseTo(total, within());
        JsonNode running = json.get("machines").get(3);
        assertThat(running.get("end").textValue()).isEqualTo("running");
        assertThat(running.get("ended").isNull()).isTrue();
        assertThat(running.get("runSeconds").decimalValue()).isEqualByComparingTo("300");
    }

    private static Offset<BigDecimal> within() {
        return Offset.offset(new BigDecimal("0.00000001"));
    }

    @Test
    void csvComesBackAsItWas() {
        Map<String, String> odd = Map.of("team", "a,\"b\"\r\nc");
        CostLine line = line("i-1", Optional.of("x,y"), odd, End.CLOSED, times(2, 40, 600, 18, 0), "CNY");
        CostReport report = new CostReport(List.of(line), 0);
        List<String> rows = CostRows.csv(report, CostGrouping.of("label:team"), ZoneOffset.UTC);
        List<String> header = parse(rows.get(0));
        List<String> cells = parse(rows.get(1));
        assertThat(cells).hasSameSizeAs(header);
        assertThat(cells.get(header.indexOf("group"))).isEqualTo("a,\"b\"\r\nc");
        assertThat(cells.get(header.indexOf("labels"))).isEqualTo("team=a,\"b\"\r\nc");
        assertThat(cells.get(header.indexOf("job"))).isEqualTo("x,y");
        assertThat(cells.get(header.indexOf("billedSeconds"))).isEqualTo("660.000");
        assertThat(new BigDecimal(cells.get(header.indexOf("amount")))).isEqualByComparingTo("0.066");
        assertThat(cells.get(header.indexOf("disk"))).isEmpty();
        assertThat(cells.get(header.indexOf("estimate"))).isEqualTo("true");
    }

    /** Reads a row by the grammar of RFC 4180. */
    private static List<String> parse(String row) {
        List<String> cells = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < row.length(); i++) {
            char c = row.charAt(i);
            if (quoted && c == '"' && i + 1 < row.length() && row.charAt(i + 1) == '"') {
                cell.append(c);
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                cells.add(cell.toString());
                cell.setLength(0);
            } else {
                cell.append(c);
            }
        }
        cells.add(cell.toString());
        return cells;
    }
}
