package dev.ephemeralbuilder.testing;

import dev.ephemeralbuilder.testing.contract.CloudProviderContract;
import dev.ephemeralbuilder.testing.contract.ContractSetup;

// docs begin: contract
class InMemoryProviderContractTest extends CloudProviderContract {
    @Override
    protected ContractSetup setup() {
        return new InMemorySetup();
    }
}
// docs end: contract
