package dev.ephemeralbuilder.samples;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What is to be copied to the machine.
 *
 * @param local an existing file or folder
 * @param remote the path that it has there, absolute or under the workspace
 */
record Upload(Path local, String remote) {
    /**
     * Reads {@code LOCAL[:REMOTE]}, split at the last colon. Without a target a folder's content goes to the workspace
     * and a file keeps its name; a target that ends with a slash is a folder for a file.
     *
     * @throws CommandException if there is no such file or folder, or it cannot be read
     */
    static Upload parse(String text, Path folder) {
        int colon = text.lastIndexOf(':');
        String left = colon < 0 ? text : text.substring(0, colon);
        String right = colon < 0 ? "" : text.substring(colon + 1);
        if (left.isEmpty() || (colon >= 0 && right.isEmpty())) {
            throw CommandException.usage("--upload expects LOCAL[:REMOTE], was " + text);
        }
        Path local = folder.resolve(left).normalize();
        if (!Files.exists(local)) {
            throw CommandException.usage("--upload " + left + ": there is no such file or folder (" + local + ")");
        }
        if (!Files.isReadable(local)) {
            throw CommandException.usage("--upload " + left + ": may not be read by this user");
        }
        if (Files.isDirectory(local)) {
            return new Upload(local, right.isEmpty() ? "." : right);
        }
        String name = local.getFileName().toString();
        if (right.isEmpty()) {
            return new Upload(local, name);
        }
        return new Upload(local, right.endsWith("/") ? right + name : right);
    }
}
