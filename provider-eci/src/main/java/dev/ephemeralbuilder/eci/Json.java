package dev.ephemeralbuilder.eci;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads answers in which any part may be missing; what is of another kind than expected counts as missing. */
final class Json {
    private static final JsonObject NOTHING = new JsonObject();

    private Json() {}

    /** Returns a text or a number as text; null if it is missing or blank. */
    static @Nullable String text(JsonObject in, String name) {
        String value = raw(in, name);
        return value == null || value.isBlank() ? null : value;
    }

    /** Returns a text as it is, also if it is blank; null if it is missing. */
    static @Nullable String raw(JsonObject in, String name) {
        JsonElement value = in.get(name);
        return value != null && value.isJsonPrimitive() ? value.getAsString() : null;
    }

    /** Returns a number exactly as it was written; null if it is missing or none. */
    static @Nullable BigDecimal number(JsonObject in, String name) {
        String text = text(in, name);
        try {
            return text == null ? null : new BigDecimal(text);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** Returns the object at the end of a path, empty if there is none. */
    static JsonObject object(JsonObject in, String... path) {
        JsonObject at = in;
        for (String name : path) {
            JsonElement value = at.get(name);
            if (value == null || !value.isJsonObject()) {
                return NOTHING;
            }
            at = value.getAsJsonObject();
        }
        return at;
    }

    /** Returns the objects of a list, none if there is no such list. */
    static List<JsonObject> objects(JsonObject in, String name) {
        JsonElement value = in.get(name);
        if (value == null || !value.isJsonArray()) {
            return List.of();
        }
        List<JsonObject> objects = new ArrayList<>();
        for (JsonElement element : value.getAsJsonArray()) {
            if (element.isJsonObject()) {
                objects.add(element.getAsJsonObject());
            }
        }
        return objects;
    }

    /** Returns whether there is a list of that name. */
    static boolean isList(JsonObject in, String name) {
        JsonElement value = in.get(name);
        return value != null && value.isJsonArray();
    }

    /** Writes a list of texts. */
    static String list(Iterable<String> texts) {
        JsonArray array = new JsonArray();
        texts.forEach(array::add);
        return array.toString();
    }
}
