package dev.ephemeralbuilder.testing.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs a class of example tests and keeps how each test and each class ended. */
final class ExampleRun implements TestExecutionListener {
    private final Map<String, TestExecutionResult> results = new TreeMap<>();
    private final List<String> reports = new ArrayList<>();

    private ExampleRun() {}

    static ExampleRun of(Class<?> examples) {
        return of(examples, 1);
    }

    /** Runs the methods of a class on several threads. */
    static ExampleRun of(Class<?> examples, int threads) {
        ExampleRun run = new ExampleRun();
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(examples))
                .configurationParameter("junit.jupiter.execution.parallel.enabled", String.valueOf(threads > 1))
                .configurationParameter("junit.jupiter.execution.parallel.mode.default", "concurrent")
                .configurationParameter("junit.jupiter.execution.parallel.config.strategy", "fixed")
                .configurationParameter(
                        "junit.jupiter.execution.parallel.config.fixed.parallelism", String.valueOf(threads))
                .build();
        LauncherFactory.create().execute(request, run);
        return run;
    }

    @Override
    public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
        results.put(test.getDisplayName().replaceFirst(".*\\$", "").replaceFirst("\\(.*", ""), result);
    }

    @Override
    public synchronized void reportingEntryPublished(TestIdentifier test, ReportEntry entry) {
        reports.add(entry.getKeyValuePairs().toString());
    }

    List<String> reports() {
        return reports;
    }

    /** Verifies that all tests and classes passed. */
    void allPassed() {
        assertThat(results)
                .isNotEmpty()
                .allSatisfy((name, result) ->
                        assertThat(result.getThrowable()).as(name).isEmpty());
    }

    /** Verifies that a test or a class passed. */
    void passed(String name) {
        assertThat(result(name).getThrowable()).as(name).isEmpty();
    }

    /** Returns what failed a test or a class. */
    Throwable failure(String name) {
        return result(name).getThrowable().orElseThrow(() -> new AssertionError(name + " passed"));
    }

    private TestExecutionResult result(String name) {
        TestExecutionResult result = results.get(name);
        if (result == null) {
            throw new AssertionError("there was no " + name + ", but " + results.keySet());
        }
        return result;
    }
}
