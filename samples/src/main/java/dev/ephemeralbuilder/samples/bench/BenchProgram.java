package dev.ephemeralbuilder.samples.bench;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What the programs have in common. */
@Command(mixinStandardHelpOptions = true, sortOptions = false)
abstract class BenchProgram implements Callable<Integer> {
    private static final int INTERRUPTED = 130;

    final BenchOutput output;

    @Mixin
    final BenchOptions options = new BenchOptions();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    BenchProgram(BenchOutput output) {
        this.output = output;
    }

    /** Checks the options, does the work and returns the exit code. Ends all that it started, also if interrupted. */
    abstract int run() throws IOException, InterruptedException;

    @Override
    public final Integer call() throws IOException {
        try {
            return run();
        } catch (InterruptedException e) {
            output.progress("interrupted; what was started has been ended");
            return INTERRUPTED;
        }
    }

    /** Returns what to throw for wrong options. */
    final ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
