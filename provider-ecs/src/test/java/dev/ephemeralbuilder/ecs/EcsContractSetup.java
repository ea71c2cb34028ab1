package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.contract.ContractSetup;
import dev.ephemeralbuilder.testing.simulator.Faults;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/** What the contract kits need to test the provider on the simulator. */
final class EcsContractSetup implements ContractSetup {
    private final SimulatedCloud cloud;
    private final EcsProvider provider;
    private @Nullable EcsProvider other;

    private final Runnable over;

    /** @param over called when the test is over */
    private EcsContractSetup(SimulatedCloud cloud, EcsProvider provider, Runnable over) {
        this.cloud = cloud;
        this.provider = provider;
        this.over = over;
    }

    /**
     * Simulators with a provider each, as many as tests run at a time. Each serves one test after the other, since both take
     * longer to start than most tests run. Safe for use by many threads.
     */
    static final class Clouds implements AutoCloseable {
        private final Queue<EcsContractSetup> all = new ConcurrentLinkedQueue<>();
        private final Queue<EcsContractSetup> idle = new ConcurrentLinkedQueue<>();

        /** Returns the setup of one test, on a cloud that no other test uses. */
        EcsContractSetup next() {
            EcsContractSetup used = idle.poll();
            SimulatedCloud cloud = used == null ? new SimulatedCloud() : used.cloud;
            EcsProvider provider = used == null ? cloud.provider().build() : used.provider;
            EcsContractSetup[] mine = new EcsContractSetup[1];
            mine[0] = new EcsContractSetup(cloud, provider, () -> idle.add(mine[0]));
            if (used == null) {
                all.add(mine[0]);
            }
            return mine[0];
        }

        @Override
        public void close() {
            all.forEach(setup -> {
                setup.provider.close();
                setup.cloud.close();
            });
        }
    }

    @Override
    public CloudProvider provider() {
        return provider;
    }

    @Override
    public synchronized CloudProvider other() {
        if (other == null) {
            other = cloud.provider().build();
        }
        return other;
    }

    @Override
    public MachineSpec spec() {
        return cloud.spec().build();
    }

    @Override
    public Ticker ticker() {
        return cloud.ticker();
    }

    @Override
    public synchronized void close() {
        if (other != null) {
            other.close();
        }
        cloud.calm();
        over.run();
    }

    @Override
    public void stockOut(Offer offer) {
        cloud.stockOut(offer);
    }

    @Override
    public void stockOutOfSpot(Offer offer) {
        cloud.stockOutOfSpot(offer);
    }

    @Override
    public void failNext(Call call, Failure failure) {
        Faults.Rule rule = cloud.simulator().faults().on(action(call)).times(1);
        switch (failure) {
            case CREDENTIALS -> rule.error("Forbidden.RAM");
            case THROTTLED -> rule.throttle();
            case QUOTA -> rule.error("QuotaExceed.ElasticQuota");
            case CONFIGURATION -> rule.error("InvalidImageId.NotFound");
            case SERVER_ERROR -> rule.html503();
            case NONSENSE -> rule.malformedJson();
            case LOST_ANSWER -> rule.loseAnswer();
        }
    }

    private static String action(Call call) {
        return switch (call) {
            case MARKET -> "DescribeInstanceTypes";
            case LAUNCH -> "RunInstances";
            case DESCRIBE, LIST -> "DescribeInstances";
            case RENEW -> "TagResources";
            case EXTEND -> "ModifyInstanceAutoReleaseTime";
            case DELETE -> "DeleteInstances";
        };
    }

    @Override
    public void vanishNextLaunch() {
        cloud.simulator().faults().on("RunInstances").times(1).vanish();
    }

    @Override
    public void hideNextLaunch(Duration time) {
        cloud.simulator().faults().on("RunInstances").times(1).describeLag(time);
    }

    @Override
    public void vanish(Machine machine) {
        cloud.delete(machine);
    }

    @Override
    public void reclaim(Machine machine, Duration notice) {
        cloud.simulator().reclaim(machine.id(), notice);
    }

    @Override
    public void say(Machine machine, String line) {
        cloud.simulator().console(machine.id(), line + "\n");
    }

    @Override
    public void withdrawReclaim(Machine machine) {
        cloud.simulator().withdrawReclaim(machine.id());
    }

    @Override
    public void reclaimUnseen(Machine machine, Duration notice) {
        cloud.simulator().reclaimUnlocked(machine.id(), notice);
    }

    @Override
    public void cutConnections(Machine machine) {
        cloud.simulator().cutSsh(machine.id());
    }

    @Override
    public void refuseConnections(Machine machine, boolean refuse) {
        cloud.refuse(machine, refuse);
    }

    @Override
    public void changeHostKey(Machine machine) {
        cloud.impersonate(machine);
    }

    @Override
    public List<String> secrets() {
        return List.of(cloud.simulator().accessKeySecret());
    }

    @Override
    public Duration step() {
        return Duration.ofSeconds(1);
    }

    @Override
    public int moreThanAPage() {
        return 101;
    }
}
