package dev.ephemeralbuilder.eci;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a group has to say for itself, in the place of a console: its warnings, and the end of its container's log. */
final class ContainerConsole {
    private static final int LINES = 200;
    private static final int BYTES = 64 << 10;

    private ContainerConsole() {}

    static Optional<String> read(EciApi api, String id) throws InterruptedException {
        Optional<JsonObject> group = api.group(id);
        if (group.isEmpty()) {
            return Optional.empty();
        }
        List<String> said = new ArrayList<>();
        for (JsonObject event : Json.objects(group.get(), "Events")) {
            if ("Warning".equals(Json.text(event, "Type"))) {
                said.add("Warning " + orNothing(Json.text(event, "Reason")) + ": "
                        + orNothing(Json.text(event, "Message")));
            }
        }
        for (JsonObject container : Json.objects(group.get(), "Containers")) {
            String name = Json.text(container, "Name");
            if (name != null && isOurs(name) && hasBegun(container)) {
                said.add(api.tail(id, name, LINES, BYTES));
            }
        }
        String text = String.join("\n", said);
        return text.isBlank() ? Optional.empty() : Optional.of(text);
    }

    private static boolean isOurs(String name) {
        return name.equals(EciApi.SUPERVISED) || name.equals(EciApi.OWN_COMMAND);
    }

    /** One that waits has no log to ask for. */
    private static boolean hasBegun(JsonObject container) {
        String state = Json.text(Json.object(container, "CurrentState"), "State");
        return state != null && !state.equals("Waiting");
    }

    private static String orNothing(@Nullable String text) {
        return text == null ? "" : text;
    }
}
