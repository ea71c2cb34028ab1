package dev.ephemeralbuilder;

/**
 * The size of a terminal in characters.
 *
 * @param columns 1 to 65,535
 * @param rows 1 to 65,535
 */
public record TerminalSize(int columns, int rows) {
    /** What a terminal has been since there were any. */
    public static final TerminalSize DEFAULT = new TerminalSize(80, 24);

    private static final int MOST = 65_535;

    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException if a number is out of its range
     */
    public TerminalSize {
        if (columns < 1 || columns > MOST || rows < 1 || rows > MOST) {
            throw new IllegalArgumentException(
                    "columns and rows must be 1 to " + MOST + ", were " + columns + " and " + rows);
        }
    }
}
