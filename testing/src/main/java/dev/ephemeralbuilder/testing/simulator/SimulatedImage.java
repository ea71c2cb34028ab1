package dev.ephemeralbuilder.testing.simulator;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * How a container image behaves in a simulator, see {@link SimulatedImages}. What is set holds from the next pull on, and
 * {@link #lacking} and {@link #entryPoint} for groups that are created after it. Methods return the same image. Safe for
 * use by many threads.
 */
public final class SimulatedImage {
    private final String name;
    private final AtomicInteger failures = new AtomicInteger();
    private volatile boolean missing;
    private volatile Duration pullTime = Duration.ZERO;
    private volatile Set<String> lacking = Set.of();
    private volatile @Nullable List<String> entryPoint;

    SimulatedImage(String name) {
        this.name = name;
    }

    /** Returns the name, such as {@code registry.example.com/team/build:21}. */
    public String name() {
        return name;
    }

    /** Makes pulls fail, because the registry does not have it. */
    public SimulatedImage missing() {
        missing = true;
        return this;
    }

    /** Takes {@link #missing} and what is left of {@link #failFirst} back. */
    public SimulatedImage available() {
        missing = false;
        failures.set(0);
        return this;
    }

    /**
     * Sets how long a pull takes beyond the boot time. Default: zero.
     *
     * @param time by the cloud's clock
     * @throws IllegalArgumentException if it is negative
     */
    public SimulatedImage pullTime(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("time must not be negative");
        }
        pullTime = time;
        return this;
    }

    /**
     * Makes the next pulls fail as they do when a registry is out of reach for a while.
     *
     * @param pulls how many, zero or more
     */
    public SimulatedImage failFirst(int pulls) {
        if (pulls < 0) {
            throw new IllegalArgumentException("pulls must not be negative");
        }
        failures.set(pulls);
        return this;
    }

    /**
     * Sets programs that containers of the image do not find. Others they find as this host has them. Default: none.
     *
     * @param programs such as {@code sh} or {@code setsid}
     */
    public SimulatedImage lacking(String... programs) {
        lacking = Set.of(programs);
        return this;
    }

    /**
     * Sets what a container runs whose create call gives no command; its arguments follow. It is run on this host, so it
     * must be there. Default: unknown, and such a container fails to start.
     *
     * @param command the program and what follows it
     */
    public SimulatedImage entryPoint(String... command) {
        if (command.length == 0) {
            throw new IllegalArgumentException("an entry point has a program");
        }
        entryPoint = List.of(command);
        return this;
    }

    Duration takes() {
        return pullTime;
    }

    Set<String> lackingPrograms() {
        return lacking;
    }

    @Nullable List<String> entryPoint() {
        return entryPoint;
    }

    /** Returns what a runtime says of a pull that has failed, or null. */
    @Nullable String pull() {
        if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            return "failed to pull and unpack image \"" + name + "\": failed to resolve reference \"" + name
                    + "\": failed to do request: net/http: TLS handshake timeout";
        }
        return missing
                ? "failed to pull and unpack image \"" + name + "\": failed to resolve reference \"" + name + "\": "
                        + name + ": not found"
                : null;
    }

    @Override
    public String toString() {
        return "SimulatedImage[" + name + "]";
    }
}
