package dev.ephemeralbuilder;

import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A shell script to run on a builder, with all that it needs. Immutable: each method returns a changed copy.
 *
 * <p>Text, environment and standard input travel as input bytes into files that only the login user may read; they are
 * never on a command line and never logged. {@link #toString} shows none of them.
 */
public final class Script {
    /** The timeout when {@link #timeout} is not called: one hour. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofHours(1);

    /** How much output a script may write when {@link #outputLimit} is not called: 1 GiB. */
    public static final long DEFAULT_OUTPUT_LIMIT = 1L << 30;

    /** The most bytes that text, environment and standard input may have together: 32 MiB. */
    public static final int MAX_BYTES = 32 << 20;

    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    private final String text;
    private final List<String> interpreter;
    private final Map<String, String> environment;
    private final byte[] stdin;
    private final @Nullable String directory;
    private final Duration timeout;
    private final Duration grace;
    private final long outputLimit;
    private final boolean separateStreams;

    private Script(
            String text,
            List<String> interpreter,
            Map<String, String> environment,
            byte[] stdin,
            @Nullable String directory,
            Duration timeout,
            Duration grace,
            long outputLimit,
            boolean separateStreams) {
        this.text = text;
        this.interpreter = interpreter;
        this.environment = environment;
        this.stdin = stdin;
        this.directory = directory;
        this.timeout = timeout;
        this.grace = grace;
        this.outputLimit = outputLimit;
        this.separateStreams = separateStreams;
    }

    /**
     * Says no to a script that no machine would take.
     *
     * @throws IllegalArgumentException if text, environment and standard input have more than {@link #MAX_BYTES}
     */
    void checkSize() {
        long bytes = (long) utf8(text) + stdin.length;
        for (Map.Entry<String, String> variable : environment.entrySet()) {
            bytes += (long) utf8(variable.getKey()) + utf8(variable.getValue());
        }
        if (bytes > MAX_BYTES) {
            throw new IllegalArgumentException("text, environment and input of a script must have at most " + MAX_BYTES
                    + " bytes together, had " + bytes);
        }
    }

    private static int utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /**
     * Returns a script that runs with {@code sh} in the workspace, with empty standard input and merged streams.
     *
     * @throws IllegalArgumentException if the text contains a NUL character
     */
    public static Script of(String text) {
        return new Script(
                noNul(text, "text"),
                List.of("sh"),
                Map.of(),
                new byte[0],
                null,
                DEFAULT_TIMEOUT,
                Duration.ofSeconds(10),
                DEFAULT_OUTPUT_LIMIT,
                false);
    }

    /**
     * Sets the interpreter and its arguments; the path of the script file is appended. Default: {@code sh}.
     *
     * @throws IllegalArgumentException if empty or if a word contains a NUL character
     */
    public Script interpreter(String... words) {
        if (words.length == 0) {
            throw new IllegalArgumentException("interpreter must not be empty");
        }
        for (String word : words) {
            noNul(word, "interpreter");
        }
        return new Script(
                text, List.of(words), environment, stdin, directory, timeout, grace, outputLimit, separateStreams);
    }

    /**
     * Adds an environment variable, replacing an earlier one of that name. Any text will do as value, line breaks and
     * quotes included.
     *
     * @throws IllegalArgumentException if the name is not a shell variable name or the value contains a NUL character
     */
    public Script env(String name, String value) {
        if (!VARIABLE.matcher(name).matches()) {
            throw new IllegalArgumentException("environment variable name must match " + VARIABLE + ", was " + name);
        }
        Map<String, String> changed = new LinkedHashMap<>(environment);
        changed.put(name, noNul(value, "value of environment variable " + name));
        return new Script(text, interpreter, changed, stdin, directory, timeout, grace, outputLimit, separateStreams);
    }

    /** Adds environment variables, as {@link #env(String, String)} does for each. */
    public Script env(Map<String, String> variables) {
        Script result = this;
        for (Map.Entry<String, String> e : variables.entrySet()) {
            result = result.env(e.getKey(), e.getValue());
        }
        return result;
    }

    /** Sets what the script reads on standard input. Default: nothing. The array is copied. */
    public Script stdin(byte[] bytes) {
        return new Script(
                text, interpreter, environment, bytes.clone(), directory, timeout, grace, outputLimit, separateStreams);
    }

    /** Sets what the script reads on standard input, as UTF-8. Default: nothing. */
    public Script stdin(String bytes) {
        return stdin(bytes.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Sets the working directory, absolute or under the workspace. It must exist on the builder when the script
     * starts. Default: the workspace.
     */
    public Script directory(String directory) {
        return new Script(
                text,
                interpreter,
                environment,
                stdin,
                noNul(directory, "directory"),
                timeout,
                grace,
                outputLimit,
                separateStreams);
    }

    /**
     * Sets how long the script may run. The limit is kept on the machine, so it holds without us; it has a resolution
     * of one second. Default: {@link #DEFAULT_TIMEOUT}.
     *
     * @throws IllegalArgumentException if less than a second
     */
    public Script timeout(Duration timeout) {
        if (timeout.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException("timeout must be at least one second, was " + timeout);
        }
        return new Script(
                text, interpreter, environment, stdin, directory, timeout, grace, outputLimit, separateStreams);
    }

    /**
     * Sets the time between TERM and KILL when the script is cancelled or runs into a limit; a resolution of one
     * second. Default: 10 seconds.
     *
     * @throws IllegalArgumentException if negative
     */
    public Script grace(Duration grace) {
        if (grace.isNegative()) {
            throw new IllegalArgumentException("grace must not be negative, was " + grace);
        }
        return new Script(
                text, interpreter, environment, stdin, directory, timeout, grace, outputLimit, separateStreams);
    }

    /**
     * Sets how many bytes of output, both streams together, the script may write; it is ended when it writes more.
     * Checked on the machine about once a second. Default: {@link #DEFAULT_OUTPUT_LIMIT}.
     *
     * @throws IllegalArgumentException if not positive
     */
    public Script outputLimit(long bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("outputLimit must be positive, was " + bytes);
        }
        return new Script(text, interpreter, environment, stdin, directory, timeout, grace, bytes, separateStreams);
    }

    /** Keeps standard output and standard error apart. Default: merged, as a terminal shows them. */
    public Script separateStreams() {
        return new Script(text, interpreter, environment, stdin, directory, timeout, grace, outputLimit, true);
    }

    /** Returns the script's text. */
    public String text() {
        return text;
    }

    /** Returns the interpreter and its arguments; unmodifiable. */
    public List<String> interpreter() {
        return interpreter;
    }

    /** Returns the environment variables that are added to the machine's own; a copy. */
    public Map<String, String> environment() {
        return new LinkedHashMap<>(environment);
    }

    /** Returns the bytes of standard input; a copy. */
    public byte[] stdin() {
        return stdin.clone();
    }

    /** Returns the working directory, if it is not the workspace. */
    public Optional<String> directory() {
        return Optional.ofNullable(directory);
    }

    /** Returns how long the script may run. */
    public Duration timeout() {
        return timeout;
    }

    /** Returns the time between TERM and KILL. */
    public Duration grace() {
        return grace;
    }

    /** Returns how many bytes the script may write. */
    public long outputLimit() {
        return outputLimit;
    }

    /** Returns whether standard error is kept apart from standard output. */
    public boolean streamsSeparate() {
        return separateStreams;
    }

    /** Returns a description without text, environment values or input. */
    @Override
    public String toString() {
        return "Script[" + text.length() + " characters, " + environment.size() + " variables, timeout " + timeout
                + "]";
    }

    private static String noNul(String value, String name) {
        if (requireNonNull(value, name).indexOf('\0') >= 0) {
            throw new IllegalArgumentException(name + " must not contain a NUL character");
        }
        return value;
    }
}
