package dev.ephemeralbuilder.samples.bench;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a share of a whole, such as {@code 20%} or {@code 0.2}, as a number from 0 to 1. */
final class Share implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
        try {
            boolean percent = text.endsWith("%");
            double number = Double.parseDouble(percent ? text.substring(0, text.length() - 1) : text);
            double share = percent ? number / 100 : number;
            if (share >= 0 && share <= 1) {
                return share;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new TypeConversionException("expected a share such as 20% or 0.2, was \"" + text + "\"");
    }
}
