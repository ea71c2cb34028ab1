package dev.ephemeralbuilder.testing.simulator;

import java.io.IOException;

/** The client broke the protocol or a limit, so the connection is closed with a code (RFC 6455, 7.4.1). */
final class WebSocketFailure extends IOException {
    private static final long serialVersionUID = 1;

    static final int NORMAL = 1000;
    static final int PROTOCOL_ERROR = 1002;
    static final int UNSUPPORTED_DATA = 1003;
    static final int INVALID_TEXT = 1007;
    static final int TOO_LONG = 1009;

    private final int code;

    /** @param reason sent to the client; ASCII, 123 characters at most */
    WebSocketFailure(int code, String reason) {
        super(reason);
        this.code = code;
    }

    int code() {
        return code;
    }
}
