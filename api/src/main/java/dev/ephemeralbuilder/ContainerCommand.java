package dev.ephemeralbuilder;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a container runs by itself, where no scripts are to run on it: for images without a shell, and for images whose
 * own entry point is the job. Immutable; {@link #toString} shows no argument and no value.
 *
 * @param command the program and its first arguments, in place of the image's entry point; empty for the image's own
 * @param arguments what follows, in place of the image's own arguments; empty for the image's own
 * @param environment variables of the container; they are visible to everyone who may describe machines, so they must
 *     hold no secret
 */
public record ContainerCommand(List<String> command, List<String> arguments, Map<String, String> environment) {
    /** Copies the parts. */
    public ContainerCommand {
        command = List.copyOf(command);
        arguments = List.copyOf(arguments);
        environment = Map.copyOf(environment);
    }

    /** Returns the image's own entry point and arguments. */
    public static ContainerCommand ofImage() {
        return new ContainerCommand(List.of(), List.of(), Map.of());
    }

    /** Returns a program with its arguments, in place of the image's entry point. */
    public static ContainerCommand of(String program, String... arguments) {
        return new ContainerCommand(List.of(program), List.of(arguments), Map.of());
    }

    /** Returns the same command with variables. */
    public ContainerCommand withEnvironment(Map<String, String> variables) {
        return new ContainerCommand(command, arguments, variables);
    }

    /** Returns the variables in the order of their names. */
    @Override
    public Map<String, String> environment() {
        return new TreeMap<>(environment);
    }

    @Override
    public String toString() {
        return "ContainerCommand[" + command.size() + " words, " + arguments.size() + " arguments, "
                + environment.size() + " variables]";
    }
}
