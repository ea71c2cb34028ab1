package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.alibaba.SpotTerms;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.Launch;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns launches into orders: a pure function of the launch and the settings, so that a repetition says the same. */
final class RunOrders {
    private final Map<String, String> vSwitches;
    private final String securityGroup;
    private final String diskCategory;
    private final @Nullable String resourceGroup;
    private final String user;
    private final int most;

    RunOrders(
            Map<String, String> vSwitches,
            String securityGroup,
            String diskCategory,
            @Nullable String resourceGroup,
            String user,
            int most) {
        this.vSwitches = vSwitches;
        this.securityGroup = securityGroup;
        this.diskCategory = diskCategory;
        this.resourceGroup = resourceGroup;
        this.user = user;
        this.most = most;
    }

    /** Returns the order; throws a {@link ConfigurationException} if the launch cannot be expressed. */
    RunOrder order(Launch launch) {
        MachineSpec spec = launch.spec();
        Offer offer = launch.offer();
        if (launch.count() > most) {
            throw refused("at most " + most + " machines in one call, were " + launch.count());
        }
        String vSwitch = vSwitches.get(offer.zone());
        if (vSwitch == null) {
            throw refused("no vSwitch is set for zone " + offer.zone());
        }
        Optional<SpotTerms> spot = SpotTerms.of(launch);
        return new RunOrder(
                launch.token(),
                launch.minimum(),
                launch.count(),
                offer.type().id(),
                offer.zone(),
                vSwitch,
                securityGroup,
                spec.machineImage().orElseThrow(() -> refused("the spec names no machine image")),
                "ephemeral-" + launch.token().replaceAll("[^A-Za-z0-9._-]", "-"),
                diskCategory,
                spec.diskGib(),
                spec.publicBandwidthMbit(),
                launch.cap(),
                spot.map(SpotTerms::priceLimit).orElse(null),
                spot.map(SpotTerms::duration).orElse(0),
                resourceGroup,
                launch.tags(),
                CloudConfig.userData(user, launch.hostKey(), launch.clientKey()));
    }

    private static ConfigurationException refused(String why) {
        return new ConfigurationException(why, null, null, null);
    }
}
