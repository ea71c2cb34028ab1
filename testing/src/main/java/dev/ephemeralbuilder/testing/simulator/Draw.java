package dev.ephemeralbuilder.testing.simulator;

/** Numbers that look random and depend on nothing but a seed and what they are for. */
final class Draw {
    private Draw() {}

    /** Returns 64 bits for a seed and a subject. */
    static long bits(long seed, Object... subject) {
        long hash = 0xcbf29ce484222325L ^ mix(seed);
        for (Object part : subject) {
            String text = part.toString();
            for (int i = 0; i < text.length(); i++) {
                hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
            }
            hash = mix(hash + 1);
        }
        return hash;
    }

    /** Returns a number from 0, inclusive, to 1, exclusive. */
    static double unit(long seed, Object... subject) {
        return (bits(seed, subject) >>> 11) * 0x1.0p-53;
    }

    private static long mix(long value) {
        long mixed = value + 0x9e3779b97f4a7c15L;
        mixed = (mixed ^ (mixed >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }
}
