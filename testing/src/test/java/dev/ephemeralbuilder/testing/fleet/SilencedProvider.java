package dev.ephemeralbuilder.testing.fleet;

import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.ProviderException.Effect;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Launch;
import dev.ephemeralbuilder.spi.LaunchResult;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.MachinePage;
import dev.ephemeralbuilder.spi.Outcome;
import dev.ephemeralbuilder.spi.Shell;
import dev.ephemeralbuilder.spi.ShellKeys;
import dev.ephemeralbuilder.testing.ForwardingProvider;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** From a moment on none of its calls reaches the cloud: a fleet over it is to the cloud as its process were dead. */
final class SilencedProvider extends ForwardingProvider {
    private final List<Launch> launches = new CopyOnWriteArrayList<>();
    private volatile boolean silent;
    private volatile boolean silentAtLaunch;

    SilencedProvider(CloudProvider next) {
        super(next);
    }

    void silence() {
        silent = true;
    }

    /** The next create call is made, and then silences it before the answer. */
    void silenceAtLaunch() {
        silentAtLaunch = true;
    }

    /** Returns the create calls that were made. */
    List<Launch> launches() {
        return launches;
    }

    private void check() {
        check(Effect.NONE);
    }

    private void check(Effect effect) {
        if (silent) {
            throw new ProviderException("this process is dead", effect, false, null, null, null);
        }
    }

    @Override
    public LaunchResult launch(Launch launch) throws InterruptedException {
        check();
        launches.add(launch);
        LaunchResult result = super.launch(launch);
        silent |= silentAtLaunch;
        check(Effect.UNKNOWN);
        return result;
    }

    @Override
    public Map<String, Machine> describe(Collection<String> ids) throws InterruptedException {
        check();
        return super.describe(ids);
    }

    @Override
    public MachinePage list(String owner, @Nullable String cursor) throws InterruptedException {
        check();
        return super.list(owner, cursor);
    }

    @Override
    public Map<String, Outcome> renew(Collection<String> ids, Instant lease) throws InterruptedException {
        check();
        return super.renew(ids, lease);
    }

    @Override
    public Map<String, Outcome> delete(Collection<String> ids) throws InterruptedException {
        check();
        return super.delete(ids);
    }

    @Override
    public Shell open(Machine machine, ShellKeys keys) throws InterruptedException {
        check();
        return super.open(machine, keys);
    }
}
