package dev.ephemeralbuilder.testing.simulator;

import org.jspecify.annotations.Nullable;

/** The kinds of frames (RFC 6455, 5.2). */
enum WebSocketOpcode {
    CONTINUATION(0),
    TEXT(1),
    BINARY(2),
    CLOSE(8),
    PING(9),
    PONG(10);

    private final int code;

    WebSocketOpcode(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    boolean control() {
        return code >= CLOSE.code;
    }

    /** Returns null for a code that is reserved. */
    static @Nullable WebSocketOpcode of(int code) {
        for (WebSocketOpcode opcode : values()) {
            if (opcode.code == code) {
                return opcode;
            }
        }
        return null;
    }
}
