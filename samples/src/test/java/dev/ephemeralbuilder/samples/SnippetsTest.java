package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Java code in a document is a marked region of a source file, which a comment before the code names. */
class SnippetsTest {
    private static final Path PROJECT = Path.of("..");
    private static final Pattern JAVA = Pattern.compile("(?m)^```java$");
    private static final Pattern SNIPPET =
            Pattern.compile("(?ms)^<!-- (?<file>\\S+): (?<region>\\S+) -->\n```java\n(?<code>.*?)^```$");

    @ParameterizedTest
    @ValueSource(strings = {"docs/writing-a-provider.md", "docs/operations.md"})
    void javaInADocumentIsThatOfASourceFile(String document) throws IOException {
        String text = Files.readString(PROJECT.resolve(document));
        List<MatchResult> snippets = SNIPPET.matcher(text).results().toList();
        assertThat(snippets)
                .as("snippets that say where they come from")
                .hasSize((int) JAVA.matcher(text).results().count())
                .isNotEmpty();
        assertSnippetsAreThoseOfTheirFiles(text);
    }

    @ParameterizedTest
    @ValueSource(strings = "docs/how-a-builder-lives.md")
    void javaInADocumentThatNamesASourceFileIsThatOfTheFile(String document) throws IOException {
        assertSnippetsAreThoseOfTheirFiles(Files.readString(PROJECT.resolve(document)));
    }

    private static void assertSnippetsAreThoseOfTheirFiles(String text) throws IOException {
        assertThat(SNIPPET.matcher(text).results()).isNotEmpty();
        Matcher snippet = SNIPPET.matcher(text);
        while (snippet.find()) {
            assertThat(snippet.group("code"))
                    .as("%s, region %s", snippet.group("file"), snippet.group("region"))
                    .isEqualTo(region(snippet.group("file"), snippet.group("region")));
        }
    }

    private static String region(String file, String name) throws IOException {
        Matcher region = Pattern.compile("(?s)// docs begin: " + name + "\n(.*?)\n *// docs end: " + name + "\n")
                .matcher(Files.readString(PROJECT.resolve(file)));
        assertThat(region.find()).as("region %s of %s", name, file).isTrue();
        return region.group(1).stripIndent() + "\n";
    }
}
