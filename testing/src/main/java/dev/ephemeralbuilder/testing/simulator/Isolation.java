package dev.ephemeralbuilder.testing.simulator;

/**
 * How far the machines of a simulator are kept apart. Neither level is a sandbox: commands run with the rights of the
 * user of this JVM and can harm what that user can harm.
 */
public enum Isolation {
    /**
     * Every machine has a home folder and a small environment of its own, and shares all else with the host: processes,
     * ports, host name, hosts file, {@code /tmp}. Needs nothing but a shell.
     */
    PLAIN,

    /**
     * Every machine has Linux namespaces of its own as well. Its commands see
     *
     * <ul>
     *   <li>their machine's processes alone, and may use the same process ids as others;
     *   <li>a network with nothing but a loopback interface, so that all machines can listen on the same port;
     *   <li>their machine's host name, and {@code /etc/hosts} with that name at the machine's address;
     *   <li>an empty {@code /tmp}, which is the folder {@code tmp} of the home folder and goes with it, and a
     *       {@code /dev/shm} and System V objects of their own;
     *   <li>themselves as root, also where the user of this JVM is another one.
     * </ul>
     *
     * <p>What is mounted or bound inside is gone with the machine. The namespaces are made by its first command and
     * ended with it: a process in them cannot leave, so that {@link LocalMachine#kill} misses none, and they also end
     * when this JVM dies, however it does. Three small processes of the host stand for each machine that ran a command.
     *
     * <p>Not given: a way out to any network (nor in, but for SSH, whose server is in this JVM; so no metadata over
     * HTTP and no downloads), limits for processor, memory or disk, users other than root, and a file system of its
     * own: apart from the above the host's files are seen and can be written as far as the user of this JVM may. Files
     * under the host's {@code /tmp} are hidden. Input that a command closes before it ends is refused only at its end.
     *
     * <p>Needs Linux, {@code unshare}, {@code nsenter}, {@code setsid} and {@code mount} (util-linux), one of
     * {@code ip}, {@code ifconfig} and {@code busybox}, and a kernel that lets this user make namespaces: root may, others
     * where the distribution allows user namespaces. Containers mostly do not.
     */
    NAMESPACES
}
