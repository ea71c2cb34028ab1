package dev.ephemeralbuilder.testing.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Reads parameters of ECI whose value is an array of texts in JSON. */
final class JsonTexts {
    private static final ObjectMapper JSON = new ObjectMapper();

    private JsonTexts() {}

    /**
     * Reads an array.
     *
     * @throws ApiError if the value is none
     */
    static List<String> list(String name, String value) {
        try {
            JsonNode array = JSON.readTree(value);
            if (array == null || !array.isArray()) {
                throw ApiError.invalid(name);
            }
            List<String> texts = new ArrayList<>();
            for (JsonNode item : array) {
                if (!item.isTextual()) {
                    throw ApiError.invalid(name);
                }
                texts.add(item.asText());
            }
            return texts;
        } catch (JsonProcessingException e) {
            throw ApiError.invalid(name);
        }
    }

    static Set<String> set(String name, String value) {
        return new LinkedHashSet<>(list(name, value));
    }
}
