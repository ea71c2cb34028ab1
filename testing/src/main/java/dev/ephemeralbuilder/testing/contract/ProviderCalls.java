package dev.ephemeralbuilder.testing.contract;

import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.MarketQuery;
import dev.ephemeralbuilder.testing.contract.ContractSetup.Call;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** Makes each of the calls that ask the cloud once, with arguments that the cloud accepts. */
final class ProviderCalls {
    private final ContractRig rig;
    private final CloudProvider by;
    private final String machine;

    /**
     * @param by the instance that makes the calls
     * @param machine the id of a machine for the calls that name one
     */
    ProviderCalls(ContractRig rig, CloudProvider by, String machine) {
        this.rig = rig;
        this.by = by;
        this.machine = machine;
    }

    Object make(Call call) throws InterruptedException {
        return switch (call) {
            case MARKET -> by.market(MarketQuery.catalog());
            case LAUNCH -> rig.launch(by, rig.newLaunch());
            case DESCRIBE -> by.describe(List.of(machine));
            case LIST -> by.list(rig.owner, null);
            case RENEW -> by.renew(List.of(machine), rig.time.now().plus(Duration.ofMinutes(30)));
            case EXTEND ->
                by.extend(
                        machine, rig.launchOf(rig.offers().get(0)).build().cap().plus(Duration.ofHours(1)));
            case DELETE -> by.delete(List.of(machine));
        };
    }

    /** Returns how an author knows the method. */
    static String name(Call call) {
        return call.name().toLowerCase(Locale.ROOT);
    }

    /** Whether a call changes something in the cloud. */
    static boolean changes(Call call) {
        return switch (call) {
            case MARKET, DESCRIBE, LIST -> false;
            case LAUNCH, RENEW, EXTEND, DELETE -> true;
        };
    }
}
