package dev.ephemeralbuilder.samples.bench;

import java.util.Map;

/**
 * What a client has to know of the simulated cloud in another process. Its keys are no secret.
 *
 * @param wall a moment of the wall clock, in ISO-8601
 * @param cloud the same moment by the cloud's clock
 */
record CloudFacts(
        String endpoint,
        String region,
        String accessKeyId,
        String accessKeySecret,
        String securityGroup,
        String machineImage,
        Map<String, String> vSwitches,
        int sshPort,
        String wall,
        String cloud) {}
