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
        "1,1,0.25c0.5g",
        "250,513,0.25c1g",
        "300,512,0.5c1g",
        "250,1025,0.5c2g",
        "1000,2048,1c2g",
        "2000,1024,2c1g",
        "2000,4096,2c4g",
        "3000,5120,4c8g",
        "7000,13312,8c16g",
        "1000,9216,2c16g",
        "9000,1024,12c12g",
        "33000,1024,52c96g",
        "64000,524288,64c512g"
    })
    void whatASpecAsksForIsRoundedUp(int millicpus, int memoryMib, String size) {
        assertThat(EciSizes.billed(spec(millicpus, memoryMib)).map(MachineType::id))
                .contains(size);
    }

    @ParameterizedTest
    @CsvSource({
        "64001,4096,64c128g,",
        "100000,307200,64c256g,64c512g",
        "100000,131072,64c128g,64c256g",
        "1000,600000,64c512g,"
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
        MachineType size = EciFixtures.size("0.25c0.5g");

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
