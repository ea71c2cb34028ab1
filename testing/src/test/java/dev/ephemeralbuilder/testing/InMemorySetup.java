package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.Market;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.ThrottledException;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Ticker;
import dev.ephemeralbuilder.testing.contract.ContractSetup;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;

// docs begin: setup
/** What the contract kits need to test the cloud in memory. */
public class InMemorySetup implements ContractSetup {
    private final TestTicker ticker = TestTicker.create();
    private final InMemoryProvider provider = InMemoryProvider.builder()
            .ticker(ticker)
            .bootTime(Duration.ofSeconds(8))
            .initializingTime(Duration.ofSeconds(4))
            .deletionTime(Duration.ofSeconds(6))
            .pageSize(3)
            .build();
    private final InMemoryProvider other = provider.sibling();

    @Override
    public CloudProvider provider() {
        return provider;
    }

    @Override
    public CloudProvider other() {
        return other;
    }

    @Override
    public MachineSpec spec() {
        return MachineSpec.builder()
                .vcpus(4)
                .memoryGib(8)
                .machineImage("m-test")
                .build();
    }

    @Override
    public Ticker ticker() {
        return ticker;
    }

    @Override
    public void close() {
        other.close();
        provider.close();
        ticker.close();
    }
    // docs end: setup

    // docs begin: hooks
    @Override
    public void stockOut(Offer offer) {
        provider.stockOut(offer.type().id(), offer.zone());
    }

    @Override
    public int moreThanAPage() {
        return 7;
    }
    // docs end: hooks

    @Override
    public void stockOutOfSpot(Offer offer) {
        provider.stock(offer.type().id(), offer.zone(), Market.SPOT, 0);
    }

    @Override
    public void failNext(Call call, Failure failure) {
        InMemoryProvider.Call which = InMemoryProvider.Call.valueOf(call.name());
        if (failure == Failure.LOST_ANSWER || failure == Failure.NONSENSE) {
            provider.loseNextAnswer(which);
        } else {
            provider.failNext(which, exception(failure));
        }
    }

    /** This cloud has no errors of its own to be translated. */
    private static BuilderException exception(Failure failure) {
        String why = "ordered by the test";
        return switch (failure) {
            case CREDENTIALS -> new CredentialsException(why, failure.name(), null, null);
            case THROTTLED -> new ThrottledException(why, failure.name(), null, null);
            case QUOTA -> new QuotaException(why, failure.name(), null, null);
            case CONFIGURATION -> new ConfigurationException(why, failure.name(), null, null);
            case SERVER_ERROR, NONSENSE, LOST_ANSWER ->
                new ProviderException(why, Effect.UNKNOWN, true, failure.name(), null, null);
        };
    }

    @Override
    public void vanishNextLaunch() {
        provider.vanishNextLaunch();
    }

    @Override
    public void hideNextLaunch(Duration time) {
        provider.hideNextLaunch(time);
    }

    @Override
    public MachineSpec containerSpec() {
        return spec().toBuilder().containerImage("c-test").build();
    }

    @Override
    public void failNextPull() {
        provider.failNextPull();
    }

    @Override
    public void vanish(Machine machine) {
        provider.vanish(machine.id());
    }

    @Override
    public void reclaim(Machine machine, Duration notice) {
        provider.reclaim(machine.id(), notice);
    }

    @Override
    public void say(Machine machine, String line) {
        provider.console(machine.id(), line + "\n");
    }

    @Override
    public void withdrawReclaim(Machine machine) {
        provider.withdrawReclaim(machine.id());
    }

    @Override
    public void cutConnections(Machine machine) {
        provider.cutShells(machine.id());
    }

    @Override
    public void refuseConnections(Machine machine, boolean refuse) {
        provider.refuseConnections(machine.id(), refuse);
    }

    @Override
    public void changeHostKey(Machine machine) {
        try {
            provider.showHostKey(
                    machine.id(),
                    KeyPairGenerator.getInstance("EC").generateKeyPair().getPublic());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK knows EC", e);
        }
    }
}
