package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.aliyuncs.ecs.model.v20140526.DescribeInstanceHistoryEventsRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeInstanceHistoryEventsResponse;
import com.aliyuncs.ecs.model.v20140526.DescribeInstanceHistoryEventsResponse.InstanceSystemEventType;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Stock that ends after the create call has succeeded, as the real SDK sees it. */
@Timeout(60)
class LateStockOutTest {
    private final ManualCloud cloud = new ManualCloud();

    @AfterEach
    void close() {
        cloud.close();
    }

    @Test
    void goneMachineHasAnEventThatItsCreationFailed() throws Exception {
        String id = vanishing(1, 1).get(0);
        cloud.clock.advance(Duration.ofSeconds(31));
        assertThat(cloud.client.status(id)).isEqualTo("absent");
        assertThat(events(request -> {})).singleElement().satisfies(event -> {
            assertThat(event.getInstanceId()).isEqualTo(id);
            assertThat(event.getEventId()).startsWith("e-");
            assertThat(event.getEventType().getName()).isEqualTo("SystemFailure.Delete");
            assertThat(event.getEventCycleStatus().getName()).isEqualTo("Executed");
            assertThat(event.getEventPublishTime()).isEqualTo("2026-01-05T08:00:35Z");
            assertThat(event.getEventFinishTime()).isEqualTo("2026-01-05T08:00:50Z");
            assertThat(event.getResourceType()).isEqualTo("instance");
        });
    }

    @Test
    void eventUnderWayIsShownOnlyToThoseWhoAskForItsState() throws Exception {
        String id = vanishing(1, 1).get(0);
        cloud.clock.advance(Duration.ofSeconds(20));
        assertThat(cloud.client.status(id)).isEqualTo("Pending");
        assertThat(events(request -> {})).isEmpty();
        assertThat(events(request -> request.setInstanceEventCycleStatuss(List.of("Scheduled", "Executing"))))
                .singleElement()
                .satisfies(event -> {
                    assertThat(event.getEventCycleStatus().getName()).isEqualTo("Executing");
                    assertThat(event.getEventFinishTime()).isEmpty();
                });
    }

    @Test
    void eventsAreFoundByMachineTypeIdAndTime() throws Exception {
        List<String> ids = vanishing(2, 2);
        cloud.clock.advance(Duration.ofMinutes(1));
        assertThat(events(request -> request.setInstanceId(ids.get(1)))).hasSize(1);
        assertThat(events(request -> request.setEventType("SystemFailure.Delete")))
                .hasSize(2);
        assertThat(events(request -> request.setInstanceEventTypes(List.of("SystemFailure.Reboot"))))
                .isEmpty();
        String event = events(request -> {}).get(0).getEventId();
        assertThat(events(request -> request.setEventIds(List.of(event)))).hasSize(1);
        assertThat(events(request -> request.setEventPublishTimeStart("2026-01-05T08:00:36Z")))
                .isEmpty();
        assertThat(events(request -> request.setEventPublishTimeEnd("2026-01-05T08:00:36Z")))
                .hasSize(2);
    }

    @Test
    void eventsComeInPages() throws Exception {
        vanishing(12, 12);
        cloud.clock.advance(Duration.ofMinutes(1));
        DescribeInstanceHistoryEventsRequest request = new DescribeInstanceHistoryEventsRequest();
        DescribeInstanceHistoryEventsResponse first = cloud.client.call(request);
        assertThat(first.getInstanceSystemEventSet()).hasSize(10);
        assertThat(first.getTotalCount()).isEqualTo(12);
        request.setPageNumber(2);
        assertThat(cloud.client.call(request).getInstanceSystemEventSet()).hasSize(2);
    }

    @Test
    void eventsAreForgottenAfterThirtyDays() throws Exception {
        vanishing(1, 1);
        cloud.clock.advance(Duration.ofDays(30));
        assertThat(events(request -> {})).hasSize(1);
        cloud.clock.advance(Duration.ofMinutes(1));
        assertThat(events(request -> {})).isEmpty();
    }

    @Test
    void partOfABatchMayVanishAlsoOfOneThatGotFewerThanItWanted() throws Exception {
        cloud.simulator.stock(SimulatorClient.TYPE, cloud.client.zone(), 4);
        cloud.simulator.faults().on("RunInstances").vanish(2);
        RunInstancesRequest request = cloud.client.spot();
        request.setAmount(6);
        request.setMinAmount(3);
        List<String> ids = cloud.client.create(request);
        assertThat(ids).hasSize(4);
        cloud.clock.advance(ManualCloud.BOOT);
        assertThat(cloud.visible(ManualCloud.describe(ids.toArray(new String[0]))))
                .containsExactlyElementsOf(ids.subList(0, 2));
        assertThat(events(event -> {}))
                .extracting(InstanceSystemEventType::getInstanceId)
                .containsExactlyInAnyOrderElementsOf(ids.subList(2, 4));
    }

    @Test
    void fewerThanMinAmountAreNone() throws Exception {
        cloud.simulator.stock(SimulatorClient.TYPE, cloud.client.zone(), 2);
        RunInstancesRequest request = cloud.client.spot();
        request.setAmount(6);
        request.setMinAmount(3);
        assertThat(cloud.outcome(request)).isEqualTo("403 OperationDenied.NoStock");
        assertThat(cloud.simulator.machines()).isEmpty();
    }

    private List<String> vanishing(int amount, int machines) throws Exception {
        cloud.simulator.faults().on("RunInstances").times(1).vanish(machines);
        RunInstancesRequest request = cloud.client.spot();
        request.setAmount(amount);
        return cloud.client.create(request);
    }

    private List<InstanceSystemEventType> events(Consumer<DescribeInstanceHistoryEventsRequest> filter)
            throws Exception {
        DescribeInstanceHistoryEventsRequest request = new DescribeInstanceHistoryEventsRequest();
        filter.accept(request);
        return cloud.client.call(request).getInstanceSystemEventSet();
    }
}
