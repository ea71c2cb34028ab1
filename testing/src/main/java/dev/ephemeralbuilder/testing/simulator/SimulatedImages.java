package dev.ephemeralbuilder.testing.simulator;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The container images of a simulator. Every name is there, for everybody, and a container runs its command on this host
 * whatever the name says, until something else is ordered:
 *
 * <pre>{@code
 * cloud.images().image("registry.example.com/build:21").failFirst(2);
 * cloud.images().login("registry.example.com", "ci", "password");
 * }</pre>
 *
 * <p>Texts of failures are those of a container runtime; what ECI makes of them is [unconfirmed]. Safe for use by many
 * threads.
 */
public final class SimulatedImages {
    private static final String HUB = "docker.io";

    private final Map<String, SimulatedImage> images = new ConcurrentHashMap<>();
    private final Map<String, GroupRequest.Login> logins = new ConcurrentHashMap<>();

    SimulatedImages() {}

    /** Returns an image, to order how it behaves. */
    public SimulatedImage image(String name) {
        return images.computeIfAbsent(requireNonNull(name, "name"), SimulatedImage::new);
    }

    /**
     * Makes a registry private: its images come only to groups whose {@code ImageRegistryCredential} for this server has
     * this user and this password.
     *
     * @param server as image names begin, such as {@code registry.example.com:5000}; {@code docker.io} for those without
     */
    public SimulatedImages login(String server, String user, String password) {
        logins.put(
                requireNonNull(server, "server"),
                new GroupRequest.Login(requireNonNull(user, "user"), requireNonNull(password, "password")));
        return this;
    }

    /** Forgets all that was ordered. */
    public void clear() {
        images.clear();
        logins.clear();
    }

    /** Returns what is ordered for an image, or null if nothing is. */
    @Nullable SimulatedImage find(String name) {
        return images.get(name);
    }

    /** Returns an order with what its image has and lacks. */
    ContainerOrder complete(ContainerOrder order) {
        SimulatedImage image = find(order.image());
        if (image == null) {
            return order;
        }
        List<String> entryPoint = image.entryPoint();
        return new ContainerOrder(
                order.name(),
                order.image(),
                order.command().isEmpty() && entryPoint != null ? entryPoint : order.command(),
                order.args(),
                order.environment(),
                order.workingDir(),
                order.mounts(),
                image.lackingPrograms());
    }

    /** Pulls an image and returns what a runtime says of its failure, or null if it is there now. */
    @Nullable String pull(String name, Map<String, GroupRequest.Login> given) {
        String server = server(name);
        GroupRequest.Login wanted = logins.get(server);
        if (wanted != null && !wanted.equals(given.get(server))) {
            String reference =
                    "failed to pull and unpack image \"" + name + "\": failed to resolve reference \"" + name;
            return given.containsKey(server)
                    ? reference + "\": failed to authorize: failed to fetch oauth token: unexpected status: 401"
                            + " Unauthorized"
                    : reference + "\": pull access denied, repository does not exist or may require authorization:"
                            + " server message: insufficient_scope: authorization failed";
        }
        SimulatedImage image = find(name);
        return image == null ? null : image.pull();
    }

    /** Returns the registry of an image: what stands before the first slash, if it looks like a host. */
    static String server(String name) {
        int slash = name.indexOf('/');
        String first = slash < 0 ? "" : name.substring(0, slash);
        return first.contains(".") || first.contains(":") || first.equals("localhost") ? first : HUB;
    }

    @Override
    public String toString() {
        return "SimulatedImages" + images.keySet();
    }
}
