package dev.ephemeralbuilder.testing.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.aliyuncs.ecs.model.v20140526.DescribeZonesRequest;
import com.aliyuncs.ecs.model.v20140526.DescribeZonesResponse;
import com.aliyuncs.ecs.model.v20140526.RunInstancesRequest;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Disks that do not fit the zone, the type or the image. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SystemDiskTest {
    private final ManualCloud cloud = new ManualCloud();

    @AfterAll
    void close() {
        cloud.close();
    }

    @ParameterizedTest
    @CsvSource({
        "0, ecs.c7.xlarge, cloud_essd, 200",
        "0, ecs.c7.xlarge, cloud_auto, 200",
        "0, ecs.c7.xlarge, cloud_ssd, 403 InvalidInstanceType.NotSupportDiskCategory",
        "0, ecs.c8i.large, cloud_efficiency, 403 InvalidInstanceType.NotSupportDiskCategory",
        "0, ecs.c7.xlarge, cloud_essd_entry, 403 InvalidInstanceType.NotSupportDiskCategory",
        "0, ecs.u1-c1m2.large, cloud_essd_entry, 200",
        "0, ecs.c6.large, cloud_ssd, 200",
        "3, ecs.c6.large, cloud_ssd, 403 OperationDenied.CloudSSDNotSupported",
        "3, ecs.c6.large, cloud, 403 CategoryNotSupported",
        "3, ecs.c6.large, cloud_efficiency, 200",
        "0, ecs.c6.large, floppy, 400 InvalidSystemDiskCategory.ValueNotSupported"
    })
    void categoryMustFitZoneAndType(int zone, String type, String category, String outcome) throws Exception {
        RunInstancesRequest request = request(zone);
        request.setInstanceType(type);
        request.setSystemDiskCategory(category);
        assertThat(cloud.outcome(request)).isEqualTo(outcome);
    }

    @ParameterizedTest
    @CsvSource({
        "20, 200",
        "2048, 200",
        "19, 404 InvalidSystemDiskSize.LessThanImageSize",
        "2049, 404 InvalidSystemDiskSize.MoreThanMaxSize",
        "large, 404 InvalidSystemDiskSize"
    })
    void sizeMustHoldTheImage(String size, String outcome) throws Exception {
        RunInstancesRequest request = request(0);
        request.setSystemDiskSize(size);
        assertThat(cloud.outcome(request)).isEqualTo(outcome);
    }

    @Test
    void zonesSayWhichCategoriesTheyHave() throws Exception {
        List<DescribeZonesResponse.Zone> zones =
                cloud.client.call(new DescribeZonesRequest()).getZones();
        assertThat(zones.get(0).getAvailableDiskCategories()).contains("cloud_essd", "cloud_ssd");
        assertThat(zones.get(3).getAvailableDiskCategories())
                .contains("cloud_essd")
                .doesNotContain("cloud_ssd");
    }

    private RunInstancesRequest request(int zone) {
        String name = List.copyOf(cloud.simulator.vSwitches().keySet()).get(zone);
        RunInstancesRequest request = cloud.client.spot();
        request.setZoneId(name);
        request.setVSwitchId(cloud.simulator.vSwitches().get(name));
        return request;
    }
}
