package dev.ephemeralbuilder;

/** A stream of a script's output. */
public enum LogStream {
    /** Standard output; with merged streams standard error as well, in the order in which it was written. */
    OUT,
    /** Standard error, if the script was started with {@link Script#separateStreams()}. */
    ERR
}
