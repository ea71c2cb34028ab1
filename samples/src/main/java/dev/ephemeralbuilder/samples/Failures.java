package dev.ephemeralbuilder.samples;

import static java.util.Objects.requireNonNull;

import dev.ephemeralbuilder.BuilderException;
import dev.ephemeralbuilder.BuilderLostException;
import dev.ephemeralbuilder.BuilderReclaimedException;
import dev.ephemeralbuilder.BuilderTimeoutException;
import dev.ephemeralbuilder.CapacityException;
import dev.ephemeralbuilder.ConfigurationException;
import dev.ephemeralbuilder.CredentialsException;
import dev.ephemeralbuilder.ImagePullException;
import dev.ephemeralbuilder.JobAttempt;
import dev.ephemeralbuilder.JobException;
import dev.ephemeralbuilder.ProviderException;
import dev.ephemeralbuilder.QuotaException;
import dev.ephemeralbuilder.ThrottledException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;

/** Says what a failure means and what can be done about it. */
final class Failures {
    private Failures() {}

    /** Returns the exit code for a failure. */
    static int exitCode(Throwable failure) {
        if (failure instanceof CommandException e) {
            return e.exitCode();
        }
        if (failure instanceof JobException e) {
            boolean late = e.attempts().stream().anyMatch(attempt -> attempt.end() == JobAttempt.End.DEADLINE);
            return late ? ExitCodes.TIMED_OUT : exitCode(reason(e));
        }
        return failure instanceof ConfigurationException ? ExitCodes.USAGE : ExitCodes.FAILURE;
    }

    /** Returns what to tell a person. */
    static String message(Throwable failure) {
        if (failure instanceof JobException e) {
            return message(reason(e));
        }
        if (failure instanceof CommandException) {
            return text(failure);
        }
        if (failure instanceof CapacityException e && !e.tried().isEmpty()) {
            // The rest of the message lists what was tried, and each of it was told when it failed.
            return text(e).lines().findFirst().orElse("").replaceFirst(":$", "") + advice(e);
        }
        if (failure instanceof BuilderException e) {
            return text(e) + advice(e);
        }
        if (failure instanceof NoSuchFileException e) {
            return "there is no " + e.getFile();
        }
        if (failure instanceof AccessDeniedException e) {
            return e.getFile() + " may not be read or written by this user";
        }
        if (failure instanceof IOException) {
            return text(failure);
        }
        return "unexpected " + failure.getClass().getSimpleName() + ": " + text(failure)
                + "\n  --stack-trace shows where; please report it";
    }

    private static String advice(BuilderException e) {
        if (e instanceof CredentialsException) {
            return "\n  " + Settings.WHERE_CREDENTIALS_COME_FROM + "; docs/first-run.md lists the permissions needed";
        }
        if (e instanceof CapacityException) {
            return "\n  try again later, name more families or zones in the settings, or allow --market any";
        }
        if (e instanceof ImagePullException) {
            return "\n  see docs/eci.md for registries, rewrite rules and image caches";
        }
        if (e instanceof ConfigurationException) {
            return "\n  see \"ephemeral run --help\" for the machine's options and docs/first-run.md for the settings";
        }
        if (e instanceof QuotaException) {
            return "\n  ask for a higher quota, or use another region";
        }
        if (e instanceof ThrottledException) {
            return "\n  try again in a minute; something else with this account makes many calls";
        }
        if (e instanceof BuilderReclaimedException || e instanceof BuilderLostException) {
            return "\n  nothing is known about how the script ended; run it again, with --market on-demand if it happens"
                    + " often";
        }
        if (e instanceof BuilderTimeoutException || e instanceof ProviderException) {
            return e.retryable() ? "\n  try again" : "";
        }
        return "";
    }

    private static Throwable reason(JobException e) {
        return requireNonNull(e.getCause(), "a job ends for a reason");
    }

    private static String text(Throwable failure) {
        String message = failure.getMessage();
        return message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
    }
}
