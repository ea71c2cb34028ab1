package dev.ephemeralbuilder.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConsoleTextTest {
    private static String key() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        KeyPair pair = generator.generateKeyPair();
        return Base64.getMimeEncoder(64, new byte[] {'\n'})
                .encodeToString(pair.getPrivate().getEncoded());
    }

    @Test
    void ordinaryWordsStay() {
        String said = "[    1.5] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n"
                + "cloud-init[412]: /usr/lib/python3/dist-packages/cloudinit/sources/helpers failed: token expired";
        assertThat(ConsoleText.end(said)).isEqualTo(said);
    }

    @Test
    void nothingIsNothing() {
        assertThat(ConsoleText.end(" \r\n\n")).isEmpty();
    }

    @Test
    void aPemBlockIsRemoved() throws Exception {
        String key = key();
        String end =
                ConsoleText.end("before\n-----BEGIN PRIVATE KEY-----\n" + key + "\n-----END PRIVATE KEY-----\nafter");
        assertThat(end).startsWith("before\n").endsWith("\nafter");
        key.lines().forEach(line -> assertThat(end).doesNotContain(line));
    }

    @Test
    void aPemBlockWithoutItsEndIsRemoved() throws Exception {
        String key = key();
        String end = ConsoleText.end("before\n-----BEGIN OPENSSH PRIVATE KEY-----\n" + key);
        assertThat(end).startsWith("before\n");
        key.lines().forEach(line -> assertThat(end).doesNotContain(line));
    }

    @Test
    void aPemBlockWithoutItsBeginningIsRemoved() throws Exception {
        String key = key();
        String end = ConsoleText.end(key.substring(30) + "\n-----END PRIVATE KEY-----\nafter");
        assertThat(end).endsWith("\nafter");
        key.substring(30).lines().forEach(line -> assertThat(end).doesNotContain(line));
    }

    @Test
    void aKeyOfWhichOnlyTheEndIsKeptIsRemoved() throws Exception {
        String key = key();
        String more = IntStream.range(0, ConsoleText.MAX_LINES - 3)
                .mapToObj(i -> "line " + i)
                .collect(Collectors.joining("\n"));
        String end = ConsoleText.end("-----BEGIN PRIVATE KEY-----\n" + key + "\n-----END PRIVATE KEY-----\n" + more);
        key.lines().forEach(line -> assertThat(end).doesNotContain(line));
    }

    @Test
    void aKeyThatTheKernelPutsWordsBeforeIsRemoved() throws Exception {
        String key = key();
        String end = ConsoleText.end(
                key.lines().map(line -> "[   10.1] cloud-init[4]: " + line).collect(Collectors.joining("\n")));
        key.lines()
                .filter(line -> line.length() >= 40)
                .forEach(line -> assertThat(end).doesNotContain(line));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "LTAI5tExampleExample0001",
                "?Signature=abc%2Fdef",
                "AccessKeySecret: abcabc",
                "password=hunter2",
                "SecurityToken=CAISxyz"
            })
    void whatAccountsAreOpenedWithIsRemoved(String secret) {
        String value = secret.replaceFirst("^.*[=:] ?", "");
        assertThat(ConsoleText.end("said " + secret + " then"))
                .doesNotContain(value)
                .startsWith("said ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DB_PASSWORD=hunter2",
                "DB_PASS=hunter2",
                "MYSQL_PWD=hunter2",
                "GITHUB_TOKEN: hunter2",
                "X-Auth-Token: Bearer hunter2",
                "NPM_TOKEN=hunter2",
                "access_token=hunter2",
                "aws_secret_access_key = hunter2",
                "api-key: hunter2",
                "{\"password\": \"hunter2\"}",
                "{\\\"password\\\":\\\"hunter2\\\"}",
                "{'password' => 'hunter2'}",
                "client_secret=hunter2",
                "Authorization: Bearer hunter2",
                "Authorization: hunter2",
                "curl -H \"authorization: Basic hunter2\"",
                "--password hunter2",
                "--db-password 'some hunter2'",
                "-storepassword hunter2",
                "--token=hunter2",
                "https://user:hunter2@host",
                "https://user:a@hunter2@host",
                "https://hunter2@host/path",
                "password = \"two hunter2 words\"",
                "password = \"two \\\" hunter2 words\"",
                "password = \"two hunter2 words",
                "password='two hunter2 words'",
                "a ghp_hunter2hunter2hunter2",
                "bearer hunter2hunter2hunter2"
            })
    void theUsualFormsOfSecretsAreRemoved(String secret) {
        assertThat(ConsoleText.end("said " + secret + "\nthen"))
                .doesNotContain("hunter2")
                .startsWith("said ")
                .endsWith("\nthen");
    }

    @Test
    void aSecretIsReplacedOnce() {
        assertThat(ConsoleText.end("TOKEN=ghp_abcdefghijklmnop http://host:80/a then"))
                .isEqualTo("TOKEN=[removed: looked like a key] http://host:80/a then");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"token", "a-", "--token-", "password=\"\\\"", "://a:", "pwd : ", "a_", "bearer ", "'", "pwd\\\""
            })
    @Timeout(30)
    void noRepetitionTakesLong(String part) {
        String end = ConsoleText.end(part.repeat(100_000 / part.length()));
        assertThat(end.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(ConsoleText.MAX_BYTES);
    }

    @Test
    void theLastLinesStay() {
        String all = IntStream.range(0, 500).mapToObj(i -> "line " + i).collect(Collectors.joining("\n"));
        assertThat(ConsoleText.end(all).lines())
                .hasSize(ConsoleText.MAX_LINES)
                .last()
                .isEqualTo("line 499");
    }

    @Test
    void longLinesAreCutAtACharacter() {
        String end = ConsoleText.end("\u00e9 ".repeat(ConsoleText.MAX_BYTES));
        assertThat(end.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(ConsoleText.MAX_BYTES);
        assertThat(end).doesNotContain("\ufffd");
    }

    @Test
    void coloursAndControlCharactersGo() {
        assertThat(ConsoleText.end("\u001b[32m[ OK ]\u001b[0m Started\u0007\r\nnext\u0000"))
                .isEqualTo("[ OK ] Started\nnext");
    }
}
