package dev.ephemeralbuilder.eci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ephemeralbuilder.MachineSpec;
import dev.ephemeralbuilder.selection.MachineType;
import java.math.BigDecimal;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EciSizesTest {
    private static MachineSpec spec(int millicpus, int memoryMib) {
        return MachineSpec.builder().millicpus(millicpus).memoryMib(memoryMib).build();
    }

    @ParameterizedTest
    @CsvSource({
        "1,1,0.25-0.5Gi",
        "250,513,0.25-1Gi",
        "300,512,0.5-1Gi",
        "250,1025,0.5-2Gi",
        "1000,2048,1-2Gi",
        "2000,1024,2-1Gi",
        "2000,4096,2-4Gi",
        "3000,5120,4-8Gi",
        "7000,13312,8-16Gi",
        "1000,9216,2-16Gi",
        "9000,1024,12-12Gi",
        "33000,1024,52-96Gi",
        "64000,524288,64-512Gi"
    })
    void whatASpecAsksForIsRoundedUp(int millicpus, int memoryMib, String size) {
        assertThat(EciSizes.billed(spec(millicpus, memoryMib)).map(MachineType::id))
                .contains(size);
    }

    @ParameterizedTest
    @CsvSource({
        "64001,4096,64-128Gi,",
        "100000,307200,64-256Gi,64-512Gi",
        "100000,131072,64-128Gi,64-256Gi",
        "1000,600000,64-512Gi,"
    })
    void whatIsTooLargeHasNearestSizes(int millicpus, int memoryMib, String first, String second) {
        MachineSpec spec = spec(millicpus, memoryMib);

        assertThat(EciSizes.billed(spec)).isEmpty();
        assertThat(EciSizes.nearest(spec))
                .extracting(MachineType::id)
                .containsExactlyElementsOf(second == null ? List.of(first) : List.of(first, second));
    }

    @Test
    void aSizeIsWrittenAsTheApiWantsIt() {
        MachineType size = EciFixtures.size("0.25-0.5Gi");

        assertThat(EciSizes.vcpus(size)).isEqualTo("0.25");
        assertThat(EciSizes.gib(size)).isEqualTo("0.5");
        assertThat(EciSizes.isSize(size)).isTrue();
        assertThat(EciSizes.isSize(EciFixtures.TYPE)).isFalse();
    }

    @Test
    void whatTheCloudSaysOfAGroupGivesTheSizeBack() {
        EciSizes.all()
                .forEach(size -> assertThat(EciSizes.id(
                                new BigDecimal(EciSizes.vcpus(size)).setScale(2),
                                new BigDecimal(EciSizes.gib(size)).setScale(1)))
                        .isEqualTo(size.id()));
    }
}
