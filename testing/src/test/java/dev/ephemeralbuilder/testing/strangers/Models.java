package dev.ephemeralbuilder.testing.strangers;

import org.jspecify.annotations.Nullable;

/** A client that may read answers by models of its own. */
interface Models {
    /** Returns what did not fit the models so far, or null if the client cannot tell. */
    default Wire.@Nullable Misfits misfits() throws Refusal {
        return null;
    }
}
