package dev.ephemeralbuilder;

/**
 * What was copied.
 *
 * @param files how many regular files
 * @param bytes the sum of their sizes
 */
public record Transfer(int files, long bytes) {}
