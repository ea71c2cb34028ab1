package dev.ephemeralbuilder.testing.simulator;

import com.aliyuncs.AcsRequest;
import com.aliyuncs.ecs.model.v20140526.DeleteInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstancesResponse;
import com.aliyuncs.exceptions.ClientException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** A simulator whose clock stands until it is moved, with the real SDK at it. Machines boot in 100 seconds. */
final class ManualCloud implements AutoCloseable {
    static final Instant START = Instant.parse("2026-01-05T08:00:20Z");
    static final Duration BOOT = Duration.ofSeconds(100);

    final SimulatedClock clock = SimulatedClock.manual(START);
    final AlibabaCloudSimulator simulator = AlibabaCloudSimulator.builder()
            .seed(7)
            .clock(clock)
            .bootTime(BOOT, BOOT)
            .imageTime(Duration.ofSeconds(200))
            // Fails where it meets its own file.
            .onMachineStart(home -> Files.createFile(home.resolve("hooked")))
            .start();
    final SimulatorClient client = new SimulatorClient(simulator);

    /** Returns HTTP status and code of an error, such as {@code 403 OperationDenied.NoStock}, or {@code 200}. */
    String outcome(AcsRequest<?> request) throws Exception {
        return outcome(client, request);
    }

    static String outcome(SimulatorClient client, AcsRequest<?> request) throws Exception {
        String raw = client.raw(request);
        String status = raw.substring(0, 3);
        return status.equals("200")
                ? status
                : status + " "
                        + new ObjectMapper()
                                .readTree(raw.substring(4))
                                .path("Code")
                                .asText();
    }

    static DescribeInstancesRequest describe(String... ids) {
        DescribeInstancesRequest request = new DescribeInstancesRequest();
        request.setMaxResults(100);
        if (ids.length > 0) {
            request.setInstanceIds("[\"" + String.join("\",\"", ids) + "\"]");
        }
        return request;
    }

    List<String> visible(DescribeInstancesRequest request) throws ClientException {
        return client.call(request).getInstances().stream()
                .map(DescribeInstancesResponse.Instance::getInstanceId)
                .toList();
    }

    static DeleteInstancesRequest delete(String... ids) {
        DeleteInstancesRequest request = new DeleteInstancesRequest();
        request.setInstanceIds(List.of(ids));
        request.setForce(true);
        return request;
    }

    @Override
    public void close() {
        client.close();
        simulator.close();
    }
}
