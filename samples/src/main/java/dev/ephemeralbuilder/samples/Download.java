package dev.ephemeralbuilder.samples;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What is to be copied from the machine.
 *
 * @param pattern a path there, absolute or under the workspace, with {@code * ? [ ]} as wildcards
 * @param local where it goes
 * @param intoFolder whether {@code local} is a folder in which the copies keep their names
 */
record Download(String pattern, Path local, boolean intoFolder) {
    /**
     * Reads {@code REMOTE-GLOB:LOCAL}, split at the last colon. {@code LOCAL} is a folder if it ends with a slash, if it
     * is one already, or if the pattern has a wildcard; otherwise it is the name of the copy.
     *
     * @throws CommandException if it is malformed or nothing can be written there
     */
    static Download parse(String text, Path folder) {
        int colon = text.lastIndexOf(':');
        if (colon <= 0 || colon == text.length() - 1) {
            throw CommandException.usage(
                    "--download expects REMOTE-GLOB:LOCAL, such as 'target/*.jar:out/', was " + text);
        }
        String pattern = text.substring(0, colon);
        String target = text.substring(colon + 1);
        Path local = folder.resolve(target).normalize();
        boolean intoFolder = target.endsWith("/") || Files.isDirectory(local) || firstWildcard(pattern) >= 0;
        if (intoFolder && Files.exists(local) && !Files.isDirectory(local)) {
            throw CommandException.usage("--download " + text + ": " + local + " must be a folder and is a file");
        }
        Path existing = local;
        while (!Files.exists(existing)) {
            Path parent = existing.getParent();
            if (parent == null) {
                throw CommandException.usage("--download " + text + ": " + local + " cannot be made");
            }
            existing = parent;
        }
        if (!existing.equals(local) && !Files.isDirectory(existing)) {
            throw CommandException.usage(
                    "--download " + text + ": " + local + " cannot be made, since " + existing + " is a file");
        }
        if (!Files.isWritable(existing)) {
            throw CommandException.usage("--download " + text + ": " + existing + " may not be written by this user");
        }
        return new Download(pattern, local, intoFolder);
    }

    /** Returns the folder that all copies are in. */
    Path folder() {
        Path parent = local.getParent();
        return intoFolder || parent == null ? local : parent;
    }

    /**
     * Returns where the copy of a match goes. In a folder it keeps its path below the last folder before the first
     * wildcard, so that no two matches have one name.
     *
     * @throws CommandException if that would be outside of the folder
     */
    Path target(String match) {
        if (!intoFolder) {
            return local;
        }
        int wildcard = firstWildcard(pattern);
        int kept = pattern.lastIndexOf('/', wildcard < 0 ? withoutSlash(pattern).length() - 1 : wildcard) + 1;
        if (match.length() <= kept) {
            throw CommandException.failure("the machine names a path that " + pattern + " does not match");
        }
        Path target = local.resolve(withoutSlash(match.substring(kept))).normalize();
        if (!target.startsWith(local) || target.equals(local)) {
            throw CommandException.failure("the machine names a path outside of " + local);
        }
        return target;
    }

    private static int firstWildcard(String pattern) {
        for (int i = 0; i < pattern.length(); i++) {
            if ("*?[".indexOf(pattern.charAt(i)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private static String withoutSlash(String path) {
        return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }
}
