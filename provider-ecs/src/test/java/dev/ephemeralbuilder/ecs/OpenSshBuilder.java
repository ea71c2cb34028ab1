package dev.ephemeralbuilder.ecs;

import dev.ephemeralbuilder.BuildFleet;
import dev.ephemeralbuilder.EphemeralBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A builder of a real fleet whose machine is a real OpenSSH server; acquired when it is first asked for, given back by
 * closing. Its login shell, if that is bash, talks before every command.
 */
final class OpenSshBuilder implements AutoCloseable {
    private final OpenSshLogin login;
    private @Nullable OpenSshCloud cloud;
    private @Nullable BuildFleet fleet;
    private @Nullable EphemeralBuilder builder;

    OpenSshBuilder(OpenSshLogin login) {
        this.login = login;
    }

    /** Returns a builder for each kind of login that this host can offer. */
    static Stream<OpenSshBuilder> available() {
        return OpenSshLogin.available().stream().map(OpenSshBuilder::new);
    }

    EphemeralBuilder builder() throws InterruptedException {
        if (builder != null) {
            return builder;
        }
        cloud = new OpenSshCloud(login);
        fleet = BuildFleet.builder().owner("openssh-test").provider(cloud).build();
        builder = fleet.acquire(Fixtures.spec().build());
        try {
            // Bash reads it when a command comes by SSH.
            Files.writeString(server().home().resolve(".bashrc"), "echo welcome\necho to this machine >&2\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return builder;
    }

    /** Returns the machine. */
    OpenSshServer server() throws InterruptedException {
        EphemeralBuilder mine = builder();
        if (cloud == null) {
            throw new IllegalStateException("there is a builder without a cloud");
        }
        return cloud.server(mine.id());
    }

    @Override
    public void close() {
        if (fleet != null) {
            fleet.close();
        }
    }

    @Override
    public String toString() {
        return login.toString();
    }
}
