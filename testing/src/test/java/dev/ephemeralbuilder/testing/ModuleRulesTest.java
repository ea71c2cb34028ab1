package dev.ephemeralbuilder.testing;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ModuleRulesTest {
    private static final JavaClasses MAIN = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.ephemeralbuilder.testing");

    @Test
    void noVendorSdkIsUsed() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("com.aliyuncs..", "com.aliyun..")
                .check(MAIN);
    }

    @Test
    void onlyPublicPackagesOfTheApiAreUsed() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.ephemeralbuilder.internal..",
                        "dev.ephemeralbuilder.alibaba..",
                        "dev.ephemeralbuilder.ecs..",
                        "dev.ephemeralbuilder.eci..")
                .check(MAIN);
    }

    @Test
    void onlyTheSimulatorReadsTheClockAndNobodyElseSleeps() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "dev.ephemeralbuilder.testing",
                        "dev.ephemeralbuilder.testing.contract",
                        "dev.ephemeralbuilder.testing.junit")
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .check(MAIN);
    }

    @Test
    void theCloudInMemoryNeedsNoServer() {
        noClasses()
                .that()
                .resideInAPackage("dev.ephemeralbuilder.testing")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("com.github.tomakehurst..", "org.apache.sshd.server..", "org.junit..")
                .check(MAIN);
    }

    @Test
    void theExtensionNeedsNoAssertj() {
        noClasses()
                .that()
                .resideInAPackage("dev.ephemeralbuilder.testing.junit")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.assertj..")
                .orShould()
                .dependOnClassesThat()
                .haveSimpleName("EphemeralBuilderAssertions")
                .check(MAIN);
    }
}
