package dev.ephemeralbuilder;

/** A processor architecture. */
public enum Architecture {
    /** 64-bit x86 (amd64). */
    X86_64,
    /** 64-bit ARM (aarch64). */
    ARM64
}
