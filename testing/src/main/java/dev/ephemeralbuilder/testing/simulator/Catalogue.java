package dev.ephemeralbuilder.testing.simulator;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The instance types that the simulated region sells, from {@code instance-types.csv}. Immutable. */
final class Catalogue {
    private final Map<String, Type> types;

    private Catalogue(Map<String, Type> types) {
        this.types = Collections.unmodifiableMap(types);
    }

    /**
     * One instance type.
     *
     * @param name such as {@code ecs.c7.xlarge}
     * @param family such as {@code ecs.c7}
     * @param level such as {@code EnterpriseLevel}
     * @param vcpus number of vCPUs
     * @param memoryGib memory
     * @param architecture {@code X86} or {@code ARM}
     * @param gpus number of GPUs
     * @param gpu model of the GPUs, or empty
     * @param price CNY per hour, pay as you go
     */
    record Type(
            String name,
            String family,
            String level,
            int vcpus,
            double memoryGib,
            String architecture,
            int gpus,
            String gpu,
            BigDecimal price) {
        private static Type parse(String line) {
            String[] fields = line.split(",", -1);
            return new Type(
                    fields[0],
                    fields[1],
                    fields[2],
                    Integer.parseInt(fields[3]),
                    Double.parseDouble(fields[4]),
                    fields[5],
                    Integer.parseInt(fields[6]),
                    fields[7],
                    new BigDecimal(fields[8]));
        }
    }

    static Catalogue load() {
        Map<String, Type> types = new LinkedHashMap<>();
        try (InputStream in = Catalogue.class.getResourceAsStream("instance-types.csv")) {
            if (in == null) {
                throw new IllegalStateException("instance-types.csv is not beside the classes");
            }
            BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (!line.isBlank() && !line.startsWith("#")) {
                    Type type = Type.parse(line);
                    types.put(type.name(), type);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Catalogue(types);
    }

    Collection<Type> all() {
        return types.values();
    }

    @Nullable Type find(String name) {
        return types.get(name);
    }
}
