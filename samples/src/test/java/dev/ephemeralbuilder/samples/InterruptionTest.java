package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InterruptionTest {
    private final Interruption interruption = new Interruption();

    @AfterEach
    void clearFlag() {
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void aRequestInterruptsTheWork() {
        interruption.request();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(interruption.requested()).isTrue();
    }

    @Test
    void aRequestDuringTheCleanUpIsRememberedAndInterruptsNothing() {
        interruption.cleanUp();
        interruption.request();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
        assertThat(interruption.requested()).isTrue();
    }

    @Test
    void theCleanUpBeginsWithoutInterruptFlag() {
        interruption.request();
        interruption.cleanUp();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
}
