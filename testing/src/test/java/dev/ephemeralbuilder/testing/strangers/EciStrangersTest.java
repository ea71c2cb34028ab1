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

/** Alibaba Cloud's own clients against the ECI half of the simulator; see {@link StrangersTest}. */
@Timeout(300)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Tag("once")
class EciStrangersTest {
    private static final Table TABLE = new Table();

    @AfterAll
    static void print() {
        System.out.println(TABLE);
    }

    @Test
    @Order(1)
    void javaClientsAgree() {
        TABLE.add("old Java SDK", EciScenario.run(access -> new OldJavaEci(access, SignatureVersion.V1)));
        TABLE.add("old Java SDK, V3", EciScenario.run(access -> new OldJavaEci(access, SignatureVersion.V3)));
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
        kinds.put("npm eci20180808", "eci-v3");
        kinds.put("npm eci20180808, V1", "eci-v1");
        kinds.put("npm pop-core, GET", "eci-pop-get");
        kinds.put("npm pop-core, POST", "eci-pop-post");
        try (NodeProcess node = new NodeProcess("node", NodePackages.SCRIPT, packages)) {
            kinds.forEach((client, kind) ->
                    TABLE.add(client, EciScenario.run(access -> new NodeEciStranger(node, kind, access))));
        }
        assertThat(TABLE.disagreements()).as(TABLE.toString()).isEmpty();
    }
}
