package dev.ephemeralbuilder.eci;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("once")
class EciArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.ephemeralbuilder.eci");

    @Test
    void theSdkIsNotTouched() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.aliyuncs..")
                .check(CLASSES);
    }

    @Test
    void onlyTheProviderIsPublic() {
        classes()
                .that(not(belongTo(equivalentTo(EciProvider.class))))
                .and()
                .areTopLevelClasses()
                .should()
                .notBePublic()
                .check(CLASSES);
    }

    @Test
    void nobodySleepsOrReadsTheClock() {
        noClasses().should().callMethod(Thread.class, "sleep", long.class).check(CLASSES);
        noClasses().should().callMethod(Instant.class, "now").check(CLASSES);
        noClasses().should().callMethod(System.class, "currentTimeMillis").check(CLASSES);
        noClasses().should().callMethod(System.class, "nanoTime").check(CLASSES);
    }

    @Test
    void neitherTheApisInsidesNorTheSiblingAreUsed() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.ephemeralbuilder.internal..", "dev.ephemeralbuilder.ecs..")
                .check(CLASSES);
    }
}
