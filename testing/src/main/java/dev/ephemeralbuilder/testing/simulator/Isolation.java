package dev.ephemeralbuilder.testing.simulator;

/**
 * How far the machines of a simulator are kept apart. Neither level is a sandbox: commands run with the rights of the
 * user of this JVM and can harm what that user can harm.
 */
public enum Isolation {
    /**
     * Every machine has a home folder and a small environment of its own, and shares all else with the host: processes,
     * ports, host name, hosts file, {@code /tmp}. Needs nothing but a shell.
     *
     * <p>A container's folder stands for its root where that is asked for: a mount at {@code /config} is a link
     * {@code config} in that folder, and of the items of its commands those that are {@code /config} or begin with
     * {@code /config/} get the folder in front. Paths in the middle of an item, in files and in variables stay as they
     * are, and no mount is read-only. The containers of a group have the network of the host.
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
     * <p>The containers of a group share network, host name and System V objects, and each has its own processes, files
     * under {@code /tmp} and mounts: at the very paths that were ordered, read-only where that was ordered. Where the
     * host has no place for one, the container sees a folder with everything in it that the host has, and the mount
     * beside that; nothing is made on the host. Whatever its image is, it sees the files of the host.
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
     * {@code ip}, {@code ifconfig} and {@code busybox}, for mounts of containers {@code pivot_root} as well, and a kernel that lets this user make namespaces: root may, others
     * where the distribution allows user namespaces. Containers mostly do not.
     */
    NAMESPACES
}
