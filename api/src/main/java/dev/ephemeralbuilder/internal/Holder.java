package dev.ephemeralbuilder.internal;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One fleet of one process of one host, as it stands in the store: others can tell whether it still lives, if they are
 * on the same host.
 *
 * @param host the host's name; processes that cannot see each other need hosts of different names
 * @param pid the process
 * @param started when the process began, empty where the system does not tell
 * @param fleet the fleet, unique everywhere
 */
record Holder(String host, long pid, String started, String fleet) {
    /** What is known of a holder. */
    enum Life {
        ALIVE,
        DEAD,
        /** It is on another host. */
        UNKNOWN
    }

    /** The fleets of this process that are open. */
    private static final Set<String> OPEN = ConcurrentHashMap.newKeySet();

    /** Returns a new fleet of this process, which lives until it is told otherwise. */
    static Holder open(String host) {
        ProcessHandle process = ProcessHandle.current();
        Holder holder = new Holder(
                host, process.pid(), started(process), UUID.randomUUID().toString());
        OPEN.add(holder.fleet());
        return holder;
    }

    void close() {
        OPEN.remove(fleet);
    }

    private static String started(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toString).orElse("");
    }

    /** Returns what this holder knows of another one. */
    Life lifeOf(Holder other) {
        if (other.fleet.isEmpty()) {
            return Life.DEAD;
        }
        if (!other.host.equals(host)) {
            return Life.UNKNOWN;
        }
        if (other.pid == pid && other.started.equals(started)) {
            return OPEN.contains(other.fleet) ? Life.ALIVE : Life.DEAD;
        }
        Optional<ProcessHandle> process = ProcessHandle.of(other.pid).filter(ProcessHandle::isAlive);
        // A process id is used again.
        return process.isPresent() && started(process.get()).equals(other.started) ? Life.ALIVE : Life.DEAD;
    }

    Map<String, String> encode() {
        Map<String, String> document = new LinkedHashMap<>();
        document.put("host", host);
        document.put("pid", Long.toString(pid));
        document.put("started", started);
        document.put("fleet", fleet);
        return document;
    }

    /** Returns the holder that a document names; a damaged one names nobody who lives. */
    static Holder decode(Map<String, String> document) {
        String pid = document.getOrDefault("pid", "");
        return new Holder(
                document.getOrDefault("host", ""),
                pid.matches("[0-9]{1,18}") ? Long.parseLong(pid) : -1,
                document.getOrDefault("started", ""),
                document.getOrDefault("fleet", ""));
    }

    @Override
    public String toString() {
        return "process " + pid + " on host " + host;
    }
}
