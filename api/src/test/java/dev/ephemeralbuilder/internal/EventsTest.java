package dev.ephemeralbuilder.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.event.BuilderEvent;
import dev.ephemeralbuilder.event.BuilderListener;
import dev.ephemeralbuilder.event.CloudEvent;
import dev.ephemeralbuilder.spi.CloudAction;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EventsTest {
    private static final int MOST = 5;

    private final HandTicker ticker = new HandTicker(Instant.EPOCH);
    private final CountDownLatch unblock = new CountDownLatch(1);
    private final List<Events> opened = new ArrayList<>();

    private Events events(BuilderListener... listeners) {
        Events events = new Events(List.of(listeners), ticker, MOST);
        opened.add(events);
        return events;
    }

    @AfterEach
    void end() throws InterruptedException {
        unblock.countDown();
        for (Events events : opened) {
            events.close(Duration.ofSeconds(10));
            events.stop();
        }
    }

    private static BuilderEvent event(int number) {
        return new BuilderEvent.LeftBehind(Instant.ofEpochSecond(number), "r", "m-" + number);
    }

    private BuilderListener blocking(CountDownLatch entered) {
        return event -> {
            entered.countDown();
            try {
                unblock.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
    }

    @Test
    void listenersThatBlockHoldUpNobodyElse() throws Exception {
        CountDownLatch entered = new CountDownLatch(12);
        CountDownLatch heard = new CountDownLatch(3);
        List<BuilderListener> all = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            all.add(blocking(entered));
        }
        all.add(event -> heard.countDown());
        Events events = events(all.toArray(BuilderListener[]::new));
        for (int i = 0; i < 3; i++) {
            events.publish(event(i));
        }
        assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(heard.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(unblock.getCount()).isEqualTo(1);
    }

    @Test
    void aListenerThatThrowsHearsTheNextEvent() throws Exception {
        CountDownLatch heard = new CountDownLatch(2);
        Events events = events(event -> {
            heard.countDown();
            throw new IllegalStateException("meant to fail");
        });
        events.publish(event(1));
        events.publish(event(2));
        assertThat(heard.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aListenerHearsBothKindsInOneOrder() throws Exception {
        List<Object> heard = new CopyOnWriteArrayList<>();
        CountDownLatch all = new CountDownLatch(3);
        Events events = events(new BuilderListener() {
            @Override
            public void onEvent(BuilderEvent event) {
                heard.add(event);
                all.countDown();
            }

            @Override
            public void onCloudEvent(CloudEvent event) {
                heard.add(event);
                all.countDown();
            }
        });
        CloudEvent call =
                new CloudEvent.Called(Instant.EPOCH, "p", "r", CloudAction.LIST, 1, Duration.ofSeconds(1), null);
        events.publish(event(1));
        events.publish(call);
        events.publish(event(2));
        assertThat(all.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(heard).containsExactly(event(1), call, event(2));
    }

    @Test
    void whatDoesNotFitIsDroppedAndToldInItsPlace() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        List<String> heard = new CopyOnWriteArrayList<>();
        CountDownLatch last = new CountDownLatch(1);
        CountDownLatch toldOfDropped = new CountDownLatch(1);
        BuilderListener blocking = blocking(entered);
        Events events = events(new BuilderListener() {
            @Override
            public void onEvent(BuilderEvent event) {
                blocking.onEvent(event);
                heard.add(((BuilderEvent.LeftBehind) event).machineId());
                if (event.equals(event(99))) {
                    last.countDown();
                }
            }

            @Override
            public void onDropped(long count) {
                heard.add("dropped " + count);
                toldOfDropped.countDown();
            }
        });
        events.publish(event(0));
        assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
        for (int i = 1; i <= MOST + 3; i++) {
            events.publish(event(i));
        }
        unblock.countDown();
        assertThat(toldOfDropped.await(20, TimeUnit.SECONDS)).isTrue();
        events.publish(event(99));
        assertThat(last.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(heard).containsExactly("m-0", "m-1", "m-2", "m-3", "m-4", "m-5", "dropped 3", "m-99");
    }

    @Test
    void whatIsLeftIsHeardBeforeTheEnd() throws Exception {
        List<BuilderEvent> heard = new CopyOnWriteArrayList<>();
        Events events = events(heard::add);
        events.publish(event(1));
        events.publish(event(2));
        assertThat(events.close(Duration.ofSeconds(20))).isTrue();
        events.publish(event(3));
        assertThat(heard).containsExactly(event(1), event(2));
    }

    @Test
    void aListenerThatBlocksIsInterruptedAtTheEnd() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        Events events = events(event -> {
            entered.countDown();
            try {
                unblock.await();
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
        });
        events.publish(event(1));
        assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(events.close(Duration.ZERO)).isFalse();
        events.stop();
        assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
    }
}
