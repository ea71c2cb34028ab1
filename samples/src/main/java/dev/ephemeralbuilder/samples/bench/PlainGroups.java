package dev.ephemeralbuilder.samples.bench;

import com.aliyuncs.exceptions.ClientException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.ephemeralbuilder.spi.Ticker;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Container groups as most teams use them: a container that sleeps, a look every five seconds, and the script by one
 * {@code ExecContainerCommand} whose last line of output is the exit code.
 */
final class PlainGroups implements PlainWay {
    private static final String VERSION = "2018-08-08";
    private static final String CONTAINER = "build";
    private static final String SENTINEL = "__EXIT__";
    private static final Pattern LAST_LINE = Pattern.compile(SENTINEL + "(\\d+)\n\\z");

    /** The longest item of a command that the API takes. */
    private static final int ITEM = 256;

    /** Puts the items together, runs them, and says how that ended. */
    private static final String JOIN = "s=;for p;do s=$s$p;done;(eval \"$s\");echo " + SENTINEL + "$?";

    private final CloudFacts facts;
    private final @Nullable PlainPlace place;
    private final Ticker ticker;
    private final PlainRpc api;
    private final PlainSocket sockets = new PlainSocket();

    /** @param place null for whichever type there is for the size */
    PlainGroups(CloudFacts facts, @Nullable PlainPlace place, Ticker ticker) {
        this.facts = facts;
        this.place = place;
        this.ticker = ticker;
        this.api = new PlainRpc(facts, VERSION);
    }

    @Override
    public String create(String request) throws ClientException {
        String zone = (place == null ? PlainPlace.usual(facts) : place).zone();
        Map<String, String> parameters = new TreeMap<>();
        parameters.put("ContainerGroupName", request);
        parameters.put("ZoneId", zone);
        parameters.put("VSwitchId", facts.vSwitches().getOrDefault(zone, ""));
        parameters.put("SecurityGroupId", facts.securityGroup());
        parameters.put("RestartPolicy", "Never");
        if (place == null || place.isSize()) {
            parameters.put("Cpu", "4");
            parameters.put("Memory", "8");
        } else {
            parameters.put("InstanceType", place.type());
            parameters.put("SpotDuration", Integer.toString(place.spotDuration()));
        }
        parameters.put("SpotStrategy", "SpotAsPriceGo");
        parameters.put("Tag.1.Key", PlainApi.REQUEST_TAG);
        parameters.put("Tag.1.Value", request);
        parameters.put("Container.1.Name", CONTAINER);
        parameters.put("Container.1.Image", CloudClients.CONTAINER_IMAGE);
        parameters.put("Container.1.Command.1", "sleep");
        parameters.put("Container.1.Arg.1", "3600");
        return api.call("CreateContainerGroup", parameters)
                .required("ContainerGroupId")
                .asText();
    }

    @Override
    public boolean awaitRunning(String id) throws ClientException, InterruptedException {
        for (int look = 0; look < PlainApi.MOST_LOOKS; look++) {
            JsonNode groups = api.call("DescribeContainerGroups", Map.of("ContainerGroupIds", "[\"" + id + "\"]"))
                    .path("ContainerGroups");
            if (groups.path(0).path("Status").asText().equals("Running")) {
                return true;
            }
            Pause.on(ticker, PlainApi.BETWEEN_LOOKS);
        }
        return false;
    }

    @Override
    public Ran script(String id, BuildLog log, IntConsumer seen)
            throws ClientException, IOException, InterruptedException {
        String script = log.script();
        List<String> command = new ArrayList<>(List.of("sh", "-c", JOIN, "sh"));
        for (int i = 0; i < script.length(); i += ITEM) {
            command.add(script.substring(i, Math.min(script.length(), i + ITEM)));
        }
        String uri = api.call(
                        "ExecContainerCommand",
                        Map.of(
                                "ContainerGroupId",
                                id,
                                "ContainerName",
                                CONTAINER,
                                "Command",
                                Json.line(command),
                                "TTY",
                                "false",
                                "Stdin",
                                "false"))
                .required("WebSocketUri")
                .asText();
        String output = sockets.read(URI.create(uri), log.length().plus(SLACK), seen);
        Matcher last = LAST_LINE.matcher(output);
        return last.find()
                ? new Ran(Integer.valueOf(last.group(1)), output.substring(0, last.start()))
                : new Ran(null, output);
    }

    @Override
    public void delete(String id) throws ClientException {
        api.call("DeleteContainerGroup", Map.of("ContainerGroupId", id));
    }

    @Override
    public void close() {
        api.close();
    }
}
