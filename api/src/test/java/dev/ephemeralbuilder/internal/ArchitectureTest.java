package dev.ephemeralbuilder.internal;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.ephemeralbuilder.event.FleetMetrics;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("once")
class ArchitectureTest {
    private static final JavaClasses API = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.ephemeralbuilder");

    @Test
    void apiKnowsNoVendorAndNoJsonLibrary() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "com.aliyun..", "com.aliyuncs..", "com.google.gson..", "com.fasterxml..", "org.apache..")
                .check(API);
    }

    @Test
    void apiDependsOnThreeLibrariesOnlyButForItsMeters() {
        classes()
                .that()
                .doNotBelongToAnyOf(FleetMetrics.class)
                .and()
                .haveSimpleNameNotContaining("Meter")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..", "dev.ephemeralbuilder..", "dev.failsafe..", "org.slf4j..", "org.jspecify..")
                .check(API);
    }

    @Test
    void onlyTheMetersKnowMicrometerAndNobodyKnowsThem() {
        noClasses()
                .that()
                .haveSimpleNameNotContaining("Meter")
                .and()
                .doNotHaveSimpleName("FleetMetrics")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.micrometer..")
                .orShould()
                .dependOnClassesThat()
                .haveSimpleNameContaining("Meter")
                .orShould()
                .dependOnClassesThat()
                .haveSimpleName("FleetMetrics")
                .check(API);
    }

    @Test
    void onlyTheTickerKnowsTheTime() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("dev.ephemeralbuilder.spi.SystemTicker")
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(Clock.class, "systemUTC")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(Thread.class, "sleep", long.class)
                .check(API);
    }

    @Test
    void selectionIsPure() {
        noClasses()
                .that()
                .resideInAPackage("..selection..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.io..", "java.net..", "java.nio.file..", "..spi..", "..internal..")
                .check(API);
    }

    @Test
    void onlyTheFleetKnowsTheEngine() {
        noClasses()
                .that()
                .resideOutsideOfPackage("..internal..")
                .and()
                .doNotHaveFullyQualifiedName("dev.ephemeralbuilder.BuildFleet$Builder")
                .and()
                // What the engine has written down can be read without a fleet.
                .doNotHaveFullyQualifiedName("dev.ephemeralbuilder.cost.CostReport")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("..internal..")
                .check(API);
    }

    @Test
    void asynchronousStepsNameTheirExecutor() {
        noClasses()
                .should()
                .callMethod(CompletableFuture.class, "runAsync", Runnable.class)
                .orShould()
                .callMethod(CompletableFuture.class, "supplyAsync", java.util.function.Supplier.class)
                .check(API);
    }
}
