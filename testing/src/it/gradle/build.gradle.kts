// A project of someone else, on Gradle 8 or later. It knows this project by a file repository alone:
// gradle test -Pephemeral.repository=file:///... -Pephemeral.version=...
plugins {
    java
}

repositories {
    maven { url = uri(providers.gradleProperty("ephemeral.repository").get()) }
    mavenCentral()
}

dependencies {
    implementation(platform("dev.ephemeralbuilder:ephemeral-builder:${providers.gradleProperty("ephemeral.version").get()}"))
    implementation("dev.ephemeralbuilder:ephemeral-builder-ecs")
    testImplementation("dev.ephemeralbuilder:ephemeral-builder-testing")
    testImplementation("org.junit.jupiter:junit-jupiter:5.14.4")
    testImplementation("org.junit.platform:junit-platform-launcher:1.14.4")
    testImplementation("org.assertj:assertj-core:3.27.7")
}

// The same tests as with Maven.
sourceSets {
    main { java.srcDir("../junit-6/src/main/java") }
    test {
        java.srcDir("../junit-6/src/test/java")
        java.exclude("**/DependenciesTest.java", "**/GradleTest.java")
    }
}

tasks.withType<JavaCompile>().configureEach { options.release = 17 }

tasks.test { useJUnitPlatform() }
