package dev.ephemeralbuilder.testing.simulator;

/** A control request that is not carried out: status and a message for whoever sent it. */
final class ControlError extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final int MAX_VALUE = 100;

    private final int status;

    ControlError(int status, String message) {
        super(message, null, false, false);
        this.status = status;
    }

    /** A wrong value: says which field, what is allowed, and what was there. */
    static ControlError wrong(String field, String allowed, Object value) {
        String text = value.toString();
        return new ControlError(
                400,
                field + " must be " + allowed + ", was "
                        + (text.length() <= MAX_VALUE ? text : text.substring(0, MAX_VALUE) + "…"));
    }

    /** A field that has to be there and is not. */
    static ControlError missing(String field, String allowed) {
        return new ControlError(400, field + " must be " + allowed + ", was absent");
    }

    int status() {
        return status;
    }

    String text() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}
