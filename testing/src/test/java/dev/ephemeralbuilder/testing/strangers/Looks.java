package dev.ephemeralbuilder.testing.strangers;

import java.util.LinkedHashMap;
import java.util.Map;

/** What one client saw in the calls of a scenario, in their order, each beside what it should have seen. */
final class Looks {
    private static final String UNKNOWN = "outcome unknown";

    private final Map<String, Outcome> outcomes = new LinkedHashMap<>();

    /** What a client saw, and what it should have seen. */
    record Outcome(String expected, Cell cell) {}

    @FunctionalInterface
    interface Look {
        Cell look() throws Refusal;
    }

    @FunctionalInterface
    interface Attempt {
        void run() throws Refusal;
    }

    Map<String, Outcome> outcomes() {
        return outcomes;
    }

    void look(String call, String expected, Look look) {
        Cell cell;
        try {
            cell = look.look();
        } catch (Refusal e) {
            cell = new Cell(e.code() == null ? UNKNOWN : e.code(), "", e.words());
        }
        if (outcomes.put(call, new Outcome(expected, cell)) != null) {
            throw new IllegalStateException(call + " comes twice");
        }
    }

    /** A call that must be refused with a code, and where the client shows them with a status and a request id. */
    void refused(String call, int status, String code, Attempt attempt) {
        look(call, code, () -> {
            try {
                attempt.run();
                return Cell.of("accepted");
            } catch (Refusal e) {
                if (e.code() == null) {
                    return new Cell(UNKNOWN, "", e.words());
                }
                boolean silent = e.status() == null;
                boolean other = !silent && e.status() != status;
                boolean anonymous = e.requestId() == null || e.requestId().isBlank();
                return new Cell(
                        e.code() + (other ? " with another status" : "") + (anonymous ? " without id" : ""),
                        "",
                        silent ? "" : String.valueOf(e.status()));
            }
        });
    }

    /**
     * A call after which the client knows nothing: no code, and nothing that looks like an answer. The HTTP library of
     * the new Java SDK sends a request again by itself, nonce and all, if a kept connection breaks; that it was used
     * says nothing of what became of the first.
     */
    void unknown(String call, Attempt attempt) {
        look(call, UNKNOWN, () -> {
            try {
                attempt.run();
                return Cell.of("accepted");
            } catch (Refusal e) {
                if ("SignatureNonceUsed".equals(e.code())) {
                    return new Cell(UNKNOWN, "", e.code());
                }
                throw e;
            }
        });
    }

    /** What did not fit the client's models, if it can tell. */
    void models(Models client) {
        look("fields that do not fit the models", "none", () -> {
            Wire.Misfits misfits = client.misfits();
            boolean none = misfits == null || misfits.fields().isEmpty();
            return new Cell(none ? "none" : misfits.fields().toString(), "", misfits == null ? "not asked" : "");
        });
    }
}
