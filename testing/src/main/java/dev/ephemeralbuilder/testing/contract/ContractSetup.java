package dev.ephemeralbuilder.testing.contract;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.selection.Offer;
import dev.ephemeralbuilder.spi.CloudProvider;
import dev.ephemeralbuilder.spi.Machine;
import dev.ephemeralbuilder.spi.Ticker;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/**
 * What {@link CloudProviderContract} and {@link FleetContract} need to test one provider: two instances of it, and a hand
 * on the cloud behind them. Made anew for each test.
 *
 * <p>Five methods are required. The others are hooks: what the cloud is like has a default, and a test that needs a hook
 * which is not there is skipped with a line that names the hook. A hook that can do only some of what it is asked for
 * hands the rest on, as in {@code ContractSetup.super.failNext(call, failure)}, which skips.
 */
public interface ContractSetup extends AutoCloseable {
    /** The calls of {@link CloudProvider} that ask the cloud. */
    enum Call {
        /** {@link CloudProvider#market}, asked for the catalogue. */
        MARKET,
        /** {@link CloudProvider#launch}. */
        LAUNCH,
        /** {@link CloudProvider#describe}. */
        DESCRIBE,
        /** {@link CloudProvider#list}. */
        LIST,
        /** {@link CloudProvider#renew}. */
        RENEW,
        /** {@link CloudProvider#extend}. */
        EXTEND,
        /** {@link CloudProvider#delete}. */
        DELETE
    }

    /** What can go wrong with a call, in the cloud's own way: the provider has to tell which it is. */
    enum Failure {
        /** The cloud does not know the caller, or does not let it do this. */
        CREDENTIALS,
        /** The cloud refuses because there were too many calls. */
        THROTTLED,
        /** The account may not have more machines. */
        QUOTA,
        /** The cloud refuses a setting, such as an image that does not exist. */
        CONFIGURATION,
        /** The cloud, or what stands before it, fails: a server error. Whether the call had an effect is unknown. */
        SERVER_ERROR,
        /** The cloud serves the call and answers with something that makes no sense. */
        NONSENSE,
        /** The cloud serves the call and the answer is lost on the way. */
        LOST_ANSWER
    }

    /** Returns the provider to test; the same one at each call. */
    CloudProvider provider();

    /**
     * Returns a second instance of the provider for the same cloud and account, as another process would have it; the
     * same one at each call.
     */
    CloudProvider other();

    /** Returns a spec that the cloud can serve, with the image that it needs. */
    MachineSpec spec();

    /**
     * Returns a spec with a container image that has {@code sh}, {@code seq} and {@code sleep}, for commands that
     * containers run by themselves. Default: {@link #spec}, which is right for a cloud of containers. Not asked for where
     * {@link CloudProvider#runsContainerCommands} is false.
     */
    default MachineSpec containerSpec() {
        return spec();
    }

    /**
     * Returns a ticker on the cloud's clock; the same one at each call. It is a
     * {@link dev.ephemeralbuilder.testing.TestTicker}, which the tests then move, or it runs by itself.
     */
    Ticker ticker();

    /** Closes both providers, ends what the setup has started, and undoes what was done to the cloud. */
    @Override
    void close();

    /** Lets the cloud have no stock for what an offer names. {@link #close} undoes it. */
    default void stockOut(Offer offer) {
        skip("stockOut", "what happens when the cloud has no stock");
    }

    /**
     * Lets the cloud have no stock for spot machines of what an offer names, while it has some for machines on demand.
     * {@link #close} undoes it.
     */
    default void stockOutOfSpot(Offer offer) {
        skip("stockOutOfSpot", "that a job is done on demand when spot alone is out of stock");
    }

    /** Lets the next call of a kind fail, whichever instance makes it. */
    default void failNext(Call call, Failure failure) {
        skip("failNext", "what becomes of " + call + " when the cloud answers with " + failure);
    }

    /** Lets the next launch give ids whose machines are gone before they run. */
    default void vanishNextLaunch() {
        skip("vanishNextLaunch", "what happens when stock ends after the create call was accepted");
    }

    /**
     * Lets the machines of the next launch be missing from every answer for a time, as in a cloud whose answers are
     * eventually consistent.
     *
     * @param time how long, by the cloud's clock; less than a minute
     */
    default void hideNextLaunch(Duration time) {
        skip("hideNextLaunch", "what happens when a new machine is shown late");
    }

    /** Lets the container image of the machines of the next launch be one that cannot be had. */
    default void failNextPull() {
        skip("failNextPull", "what happens when an image cannot be pulled");
    }

    /** Lets a machine end behind everyone's back, with all that runs on it. */
    default void vanish(Machine machine) {
        skip("vanish", "what happens when a machine disappears");
    }

    /**
     * Lets the cloud take a spot machine back: the machine says so from now on and is gone when the time is over.
     *
     * @param notice how long, by the cloud's clock; zero for a machine that goes at once and without a word
     */
    default void reclaim(Machine machine, Duration notice) {
        skip("reclaim", "what happens when the cloud takes a spot machine back");
    }

    /** Lets a machine that runs say a line on its console, or in its container's log. */
    default void say(Machine machine, String line) {
        skip("say", "what a machine has said that does not get ready");
    }

    /**
     * Lets the cloud take a notice of reclaim back: the machine lives on. What the cloud lists of the past may go on to say
     * that there was one.
     */
    default void withdrawReclaim(Machine machine) {
        skip("withdrawReclaim", "what happens when a notice of reclaim was a false alarm");
    }

    /**
     * Lets a spot machine's own metadata say that it will be taken back, as {@link #reclaim} does, but not yet the cloud's
     * description of it. Not asked for where {@link CloudProvider#machineMetadata} names no address.
     *
     * @param notice how long, by the cloud's clock
     */
    default void reclaimUnseen(Machine machine, Duration notice) {
        skip("reclaimUnseen", "that a machine is asked itself whether it will be taken back");
    }

    /** Cuts all connections to a machine, of all instances. What runs on it goes on, and it answers new ones. */
    default void cutConnections(Machine machine) {
        skip("cutConnections", "what happens when a connection is lost");
    }

    /** Lets a machine answer no new connections, or answer again. */
    default void refuseConnections(Machine machine, boolean refuse) {
        skip("refuseConnections", "what happens while a machine does not answer");
    }

    /** Lets a machine show another host key from now on, as someone in the middle would. */
    default void changeHostKey(Machine machine) {
        skip("changeHostKey", "that a machine with another host key is not trusted");
    }

    /** Returns texts that no exception and no {@code toString} may contain, such as the secret access key. Default: none. */
    default List<String> secrets() {
        return List.of();
    }

    /** Returns an id of the right form that the cloud does not know, another one for each number. */
    default String unknownId(int number) {
        return String.format("i-unknown%012d", number);
    }

    /** Returns how long a machine may take from its creation until it answers. Default: five minutes. */
    default Duration bootBound() {
        return Duration.ofMinutes(5);
    }

    /** Returns how long a machine may take from its deletion until it is absent. Default: five minutes. */
    default Duration goneBound() {
        return Duration.ofMinutes(5);
    }

    /**
     * Returns how long a new machine may be missing from the cloud's answers. Default: zero, which is right for a cloud
     * whose answers are consistent.
     */
    default Duration hiddenBound() {
        return Duration.ZERO;
    }

    /** Returns how much time to let pass between two looks at the cloud. Default: five seconds. */
    default Duration step() {
        return Duration.ofSeconds(5);
    }

    /**
     * Returns how long the tests wait for anything by the clock on the wall before they say that it hangs. Default: one
     * minute, which is right for a simulated cloud; a real one needs as much as {@link #bootBound}.
     */
    default Duration patience() {
        return Duration.ofMinutes(1);
    }

    /** Returns how many machines do not fit on one page of a list. Default: zero, which skips the tests of paging. */
    default int moreThanAPage() {
        return 0;
    }

    /** Returns whether the transport tells exit codes. Default: it does. */
    default boolean exitCodes() {
        return true;
    }

    /** Returns whether the transport can tell a terminal another size. Default: it can. */
    default boolean resizesTerminals() {
        return true;
    }

    /** Returns whether the transport can tell a command that no more input comes. Default: it can. */
    default boolean inputEnds() {
        return true;
    }

    /**
     * Returns whether a machine and its client prove themselves to each other by keys. Default: they do. A transport that
     * the cloud itself makes safe needs none.
     */
    default boolean provesKeys() {
        return true;
    }

    /** Returns whether the cloud can raise the cap of a machine. Default: it can. */
    default boolean raisesCaps() {
        return true;
    }

    private static void skip(String hook, String unchecked) {
        Assumptions.abort("not checked: " + unchecked + "; implement ContractSetup." + hook + " to have it checked");
    }
}
