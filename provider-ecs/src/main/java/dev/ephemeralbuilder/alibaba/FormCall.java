package dev.ephemeralbuilder.alibaba;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import java.util.TreeMap;

/**
 * A call of a product that the SDK has no usable request objects for: all parameters go into the form body of a POST, so
 * that no URL holds a secret or grows too long (eci-openapi, 1 and 2.3). Immutable. {@link #toString} shows the names of
 * the parameters only.
 *
 * @param product the product, as it begins the host names of its endpoints, such as {@code eci}
 * @param version the version of its API, such as {@code 2018-08-08}
 * @param action the operation
 * @param parameters its parameters, flattened, such as {@code Tag.1.Key}; without those of the signature and the region
 */
public record FormCall(String product, String version, String action, Map<String, String> parameters) {
    /** Copies and checks the parts. */
    public FormCall {
        requireNonNull(product, "product");
        requireNonNull(version, "version");
        requireNonNull(action, "action");
        parameters = Map.copyOf(parameters);
    }

    @Override
    public String toString() {
        return "FormCall[" + product + " " + version + " " + action + ", " + new TreeMap<>(parameters).keySet() + "]";
    }
}
