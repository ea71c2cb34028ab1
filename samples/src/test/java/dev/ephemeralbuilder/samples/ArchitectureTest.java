package dev.ephemeralbuilder.samples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Clock;
import java.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("once")
class ArchitectureTest {
    private static final JavaClasses SAMPLES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.ephemeralbuilder.samples");

    @Test
    void onlyPublicPackagesAreUsed() {
        classes()
                .that()
                .resideOutsideOfPackage("dev.ephemeralbuilder.samples.bench")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "org.jspecify..",
                        "picocli..",
                        "com.sun.net.httpserver..",
                        "io.micrometer..",
                        "org.tomlj..",
                        "dev.ephemeralbuilder",
                        "dev.ephemeralbuilder.spi",
                        "dev.ephemeralbuilder.selection",
                        "dev.ephemeralbuilder.cost",
                        "dev.ephemeralbuilder.event",
                        "dev.ephemeralbuilder.alibaba",
                        "dev.ephemeralbuilder.ecs",
                        "dev.ephemeralbuilder.eci",
                        "dev.ephemeralbuilder.testing",
                        "dev.ephemeralbuilder.testing.simulator",
                        "dev.ephemeralbuilder.samples..")
                .check(SAMPLES);
    }

    @Test
    void nobodyReadsTheClockOrSleeps() {
        noClasses()
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(Clock.class, "systemUTC")
                .orShould()
                .callMethod(Thread.class, "sleep", long.class)
                .check(SAMPLES);
    }
}
