package dev.ephemeralbuilder.ecs;

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
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.ephemeralbuilder.ecs", "dev.ephemeralbuilder.alibaba");

    @Test
    void theSdkIsTouchedInOneClassOnly() {
        noClasses()
                .that()
                .resideInAPackage("..ecs..")
                .and(not(belongTo(equivalentTo(EcsApi.class))))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.aliyuncs..")
                .check(CLASSES);
    }

    @Test
    void onlyTheProviderIsPublic() {
        classes()
                .that()
                .resideInAPackage("..ecs..")
                .and(not(belongTo(equivalentTo(EcsProvider.class))))
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
    void theApisInsidesAreNotUsed() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.ephemeralbuilder.internal..")
                .check(CLASSES);
    }

    @Test
    void thePlumbingDoesNotKnowTheProvider() {
        noClasses()
                .that()
                .resideInAPackage("..alibaba..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.ephemeralbuilder.ecs..")
                .check(CLASSES);
    }
}
