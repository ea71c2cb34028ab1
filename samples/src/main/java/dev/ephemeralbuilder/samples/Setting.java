package dev.ephemeralbuilder.samples;

import dev.ephemeralbuilder.Money;
import dev.ephemeralbuilder.samples.product.Product;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A setting that {@code ephemeral.toml} may hold.
 *
 * @param table the table that it stands in
 * @param key its key
 * @param expected what its value must be, to go on after "expected"
 * @param parser turns what the file holds into the value
 * @param otherwise whose value counts where this one is missing; null for none
 */
record Setting<T>(
        String table,
        String key,
        String expected,
        Parser<T> parser,
        @Nullable Setting<T> otherwise) {
    /** Turns what a file holds into a value. */
    @FunctionalInterface
    interface Parser<T> {
        /**
         * Returns the value.
         *
         * @throws Unfit if the file holds something else
         */
        T parse(Object raw) throws Unfit;
    }

    /** What a file holds is not what was expected. */
    static final class Unfit extends Exception {
        private static final long serialVersionUID = 1L;

        private final @Nullable String entry;

        Unfit(String was) {
            this(was, null);
        }

        /** The mistake is in one entry of a table. */
        Unfit(String was, @Nullable String entry) {
            super(was);
            this.entry = entry;
        }

        Optional<String> entry() {
            return Optional.ofNullable(entry);
        }
    }

    private static final Pattern OWNER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

    static final Setting<String> OWNER_NAME = Forms.text(
            "fleet",
            "owner",
            "a name for your machines of 1 to 63 characters A-Z a-z 0-9 . _ -, such as \"ci-hangzhou\"",
            OWNER);

    static final Setting<String> STATE = Forms.text(
            "fleet",
            "state",
            "a folder for records and keys, such as \"/var/lib/ephemeral\"",
            Pattern.compile("\\S.*"));

    static final EcsSettings ECS = new EcsSettings();
    static final EciSettings ECI = new EciSettings(ECS);

    static final Setting<BigDecimal> VCPUS =
            new Setting<>("defaults", "vcpus", "a number of virtual CPUs above zero, such as 4", Forms::positiveNumber);
    static final Setting<BigDecimal> MEMORY_GIB =
            new Setting<>("defaults", "memory-gib", "a number of GiB above zero, such as 8", Forms::positiveNumber);
    static final Setting<Integer> DISK_GIB = new Setting<>(
            "defaults", "disk-gib", "a whole number of GiB from 20 to 2048", raw -> Forms.integer(raw, 20, 2048));
    static final Setting<Money> MAX_PRICE = new Setting<>("defaults", "max-price", Texts.PRICE_FORM, Forms::price);
    static final Setting<Duration> MAX_LIFETIME =
            new Setting<>("defaults", "max-lifetime", Texts.DURATION_FORM, Forms::duration);

    /** Every setting, in the order in which a file shows them. */
    static final List<Setting<?>> ALL = Stream.<List<? extends Setting<?>>>of(
                    List.of(OWNER_NAME, STATE),
                    ECS.all(),
                    ECI.all(),
                    List.of(VCPUS, MEMORY_GIB, DISK_GIB, MAX_PRICE, MAX_LIFETIME))
            .<Setting<?>>flatMap(List::stream)
            .toList();

    /** Without another setting that counts where this one is missing. */
    Setting(String table, String key, String expected, Parser<T> parser) {
        this(table, key, expected, parser, null);
    }

    /** Returns the settings of the table of a product that every product has. */
    static ProductSettings of(Product product) {
        return switch (product) {
            case ECS -> ECS;
            case ECI -> ECI;
        };
    }

    /** Returns this setting; where it is missing, the value of another one counts. */
    Setting<T> or(Setting<T> other) {
        return new Setting<>(table, key, expected, parser, other);
    }

    /** Returns the setting as messages name it. */
    String label() {
        return "[" + table + "] " + key;
    }
}
