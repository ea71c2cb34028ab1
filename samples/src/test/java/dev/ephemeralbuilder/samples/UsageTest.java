package dev.ephemeralbuilder.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can be known to be wrong before anything is launched. */
class UsageTest {
    @TempDir
    private Path folder;

    private CommandRig rig;

    @BeforeEach
    void open() {
        rig = new CommandRig(folder, folder);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "                                  | a command is missing: run, list, attach, ssh, reap, release, costs, simulate or bench",
                "run --simulated --keep-on-failure 1h -- x | ephemeral simulate --write-config FILE",
                "attach --owner me                 | ID",
                "walk                              | Unmatched argument at index 0: 'walk'",
                "run                               | SCRIPT",
                "run --simulatd -- x               | Unknown option: '--simulatd'",
                "run --simulated -- a b            | the script must be one argument, were 2; quote it",
                "run --simulated --vcpus none -- x | --vcpus': expected a number, was \"none\"",
                "run --simulated --vcpus 0 -- x    | --vcpus': expected a number above zero",
                "run --simulated --vcpus 9e9 -- x  | vcpus must be at most 1000000",
                "run --simulated --disk 0 -- x     | diskGib must be at least 1, was 0",
                "run --simulated --arch mips -- x  | --arch': expected x86_64 or arm64, was \"mips\"",
                "run --simulated --market spots -- x | --market': expected spot, on-demand or any, was \"spots\"",
                "run --simulated --max-price free -- x | --max-price': expected a price per hour",
                "run --simulated --timeout 5 -- x  | --timeout': expected a time such as 90s, 30m, 1h30m or 2d, was \"5\"",
                "run --simulated --timeout 3h -- x | --timeout 3 h is longer than the machine's lifetime of 2 h",
                "run --simulated --max-lifetime 9999d -- x | maxLifetime must be positive and at most 3 years",
                "run --simulated --request-id -x -- x | requestId",
                "run --simulated --request-id=a/b -- x | requestId must match",
                "run --simulated --expected soon -- x | --expected': expected a time such as 90s",
                "run --simulated --deadline 0s -- x | --deadline': expected a time above zero",
                "run --simulated --spot-attempts -1 -- x | spotAttempts must not be negative, was -1",
                "run --simulated --spot-attempts many -- x | --spot-attempts': 'many' is not an int",
                "run --simulated --market spot --spot-attempts 0 -- x | --spot-attempts 0 leaves nothing to launch with",
                "run --simulated --owner a/b -- x  | --owner: expected a name for your machines",
                "run --simulated --env 1A=x -- x   | --env: expected NAME=VALUE",
                "run --simulated --env-file no -- x| --env-file: there is no file",
                "run --simulated --upload no -- x  | --upload no: there is no such file or folder",
                "run --simulated --download x -- x | --download expects REMOTE-GLOB:LOCAL",
                "run --simulated --config no -- x  | there is no file",
                "run -- x                          | [fleet] owner is missing and there is no ephemeral.toml",
                "run --owner me -- x               | [ecs] machine-image is missing and there is no ephemeral.toml",
                "run --owner me --image m-1 -- x   | [ecs] region is missing and there is no ephemeral.toml",
                "run --simulated --provider acs -- x | --provider': expected ecs, eci or any, was \"acs\"",
                "run --simulated --provider ecs --container-image i -- x | --container-image is for eci; add --provider eci",
                "run --simulated --provider eci --image m-1 -- x | --image is for ecs; add --provider ecs or --provider any",
                "run --owner me --provider eci -- x | [eci] container-image is missing and there is no ephemeral.toml",
                "run --owner me --provider eci --container-image i -- x | [eci] region is missing and there is no",
                "run --owner me --provider any --image m-1 -- x | [eci] container-image is missing and there is no",
                "run --owner me --fault RunInstances=vanish -- x | --fault is for a simulated cloud; add --simulated",
                "run --simulated --fault rain -- x | --fault expects ACTION=EFFECT",
                "list --owner me --provider eci   | [eci] region is missing and there is no ephemeral.toml",
                "bench faults --provider acs      | --provider': expected ecs, eci or any, was \"acs\"",
                "list                             | [fleet] owner is missing and there is no ephemeral.toml",
                "list --owner a/b                  | --owner: expected a name for your machines",
                "list --owner me                   | [ecs] region is missing and there is no ephemeral.toml",
                "list --jsn                        | Unknown option: '--jsn'",
                "reap --config no                  | there is no file",
                "release                           | Missing required parameter: 'ID'",
                "ssh --owner me                    | Missing required parameter: 'ID'",
                "costs                            | [fleet] owner is missing and there is no ephemeral.toml",
                "costs --owner me --since yesterday | --since: expected a time ago such as 7d or 12h, or a day such as",
                "costs --owner me --since 2026-13-01 | --since: expected a time ago such as 7d or 12h, or a day such as",
                "costs --owner me --by week        | --by': expected job, label:KEY, day or provider, was \"week\"",
                "costs --owner me --by label:      | --by': expected job, label:KEY, day or provider, was \"label:\"",
                "costs --owner me --zone Mars      | --zone: expected a time zone such as Asia/Shanghai, was \"Mars\"",
                "costs --owner me --json --csv     | --json, --csv are mutually exclusive",
                "simulate --fault RunInstances=rain| --fault expects ACTION=EFFECT",
                "bench                            | a program is missing: faults, reclaim, calls, overhead, exec",
                "bench calls --builders 1,0       | --builders: expected numbers from 1 to 5000",
                "bench faults --lifecycles 0      | expected --lifecycles from 1 to",
                "bench reclaim --jobs 0           | expected --jobs from 1 to 5000",
                "bench reclaim --rate 120%        | expected a share such as 20% or 0.2, was",
                "bench overhead --live 0          | --boots and --live: expected numbers from 1 to",
                "bench exec --rounds 0            | expected --mib from 1 to",
                "simulate --scale 2 --manual-clock | --scale and --manual-clock exclude each other",
            })
    void aMistakeIsOneMessageAndExitCodeTwo(String line, String message) {
        assertThat(rig.run(line == null ? new String[0] : line.split(" +", -1))).isEqualTo(2);
        assertThat(rig.err()).startsWith("ephemeral: ").contains(message == null ? "" : message);
        assertThat(rig.err())
                .doesNotContain("\tat ")
                .doesNotContain("simulated cloud at")
                .doesNotContain("ephemeral: release ");
        assertThat(rig.out()).isEmpty();
    }

    @Test
    void aRequestIdThatLeavesNoRoomForTheNumberOfAnAttemptIsRefused() {
        assertThat(rig.run("run", "--simulated", "--request-id", "a".repeat(61), "--", "x"))
                .isEqualTo(2);
        assertThat(rig.err()).contains("--request-id may have at most 60 characters");
    }

    @Test
    void aMistakeInTheSettingsHereIsFound() throws IOException {
        Files.writeString(
                folder.resolve("ephemeral.toml"), "[fleet]\nowner = \"me\"\n[ecs]\nregoin = \"cn-hangzhou\"\n");
        assertThat(rig.run("run", "--", "x")).isEqualTo(2);
        assertThat(rig.err())
                .isEqualTo("ephemeral: " + folder.resolve("ephemeral.toml")
                        + ":4:1: [ecs] regoin: there is no such key; did you mean region?\n");
    }

    @Test
    void aStackTraceIsShownWhenAskedFor() {
        assertThat(rig.run("run", "--simulated", "--stack-trace", "--upload", "no", "--", "x"))
                .isEqualTo(2);
        assertThat(rig.err()).contains("\tat dev.ephemeralbuilder.samples.Upload.parse");
    }

    @Test
    void helpShowsEveryExitCodeAndAnExample() {
        assertThat(rig.run("run", "--help")).isZero();
        assertThat(rig.out())
                .contains(
                        "124",
                        "125",
                        "130",
                        "--download",
                        "--farewell",
                        "from the start",
                        "ephemeral run --simulated --upload .");
        assertThat(rig.err()).isEmpty();
    }

    @Test
    void versionIsThatOfTheBuild() {
        assertThat(rig.run("--version")).isZero();
        assertThat(rig.out()).matches("ephemeral \\d+\\.\\d+\\.\\d+(-SNAPSHOT)? \\(Java \\d+\\)\n");
    }
}
