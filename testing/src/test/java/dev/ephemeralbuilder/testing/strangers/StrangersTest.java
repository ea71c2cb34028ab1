package dev.ephemeralbuilder.testing.strangers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import com.aliyuncs.auth.SignatureVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/**
 * Alibaba Cloud's own clients against the simulator: all of them must see what is expected, and the same. Prints a table
 * of calls and clients.
 */
@Timeout(300)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Tag("once")
class StrangersTest {
    private static final Table TABLE = new Table();

    @AfterAll
    static void print() {
        System.out.println(TABLE);
    }

    @Test
    @Order(1)
    void javaClientsAgree() {
        Map<String, Stranger.Maker> makers = new LinkedHashMap<>();
        makers.put("old Java SDK", access -> new OldJava(access, SignatureVersion.V1));
        makers.put("old Java SDK, V3", access -> new OldJava(access, SignatureVersion.V3));
        makers.put("new Java SDK", NewJava::new);
        makers.forEach((client, maker) -> TABLE.add(client, Scenario.run(maker)));
        assertThat(TABLE.disagreements()).as(TABLE.toString()).isEmpty();
    }

    @Test
    @Order(2)
    void nodeClientsAgreeWithThem() throws IOException {
        Path packages;
        try {
            packages = NodePackages.find();
        } catch (NodePackages.Missing e) {
            System.out.println("The Node clients are skipped: " + e.getMessage());
            abort(e.getMessage());
            return;
        }
        Map<String, String> kinds = new LinkedHashMap<>();
        kinds.put("npm ecs20140526", "ecs-v3");
        kinds.put("npm ecs20140526, V1", "ecs-v1");
        kinds.put("npm pop-core, GET", "pop-get");
        kinds.put("npm pop-core, POST", "pop-post");
        try (NodeProcess node = new NodeProcess("node", NodePackages.SCRIPT, packages)) {
            kinds.forEach(
                    (client, kind) -> TABLE.add(client, Scenario.run(access -> new NodeStranger(node, kind, access))));
        }
        assertThat(TABLE.disagreements()).as(TABLE.toString()).isEmpty();
    }
}
