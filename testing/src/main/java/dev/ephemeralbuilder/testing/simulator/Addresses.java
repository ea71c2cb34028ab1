package dev.ephemeralbuilder.testing.simulator;

/**
 * The loopback addresses of machines. Each is given once, so that a late connection never meets another machine; where a
 * host offers 127.0.0.1 alone, all have that.
 */
final class Addresses {
    private static final int ADDRESSES_PER_NET = 250;
    private static final int NETS = 250 * 256;
    private static final long FIRST_GROUP = (long) ADDRESSES_PER_NET * NETS / 2;

    private final boolean own;

    /**
     * @param own whether each machine has an address of its own
     */
    Addresses(boolean own) {
        this.own = own;
    }

    boolean areOwn() {
        return own;
    }

    /** Returns the address of an instance by its number, from 127.1.0.1 on. */
    String ofInstance(long number) {
        return address(number);
    }

    /** Returns the address of a container group by its number, from 127.126.0.1 on. */
    String ofGroup(long number) {
        return address(FIRST_GROUP + number);
    }

    private String address(long number) {
        if (!own) {
            return "127.0.0.1";
        }
        long net = number / ADDRESSES_PER_NET;
        return "127." + (1 + net / 256 % 250) + "." + net % 256 + "." + (1 + number % ADDRESSES_PER_NET);
    }
}
