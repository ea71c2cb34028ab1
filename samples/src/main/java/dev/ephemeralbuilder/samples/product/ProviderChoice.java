package dev.ephemeralbuilder.samples.product;

import java.util.List;

/** What {@code --provider} takes. */
public enum ProviderChoice {
    /** Instances alone. */
    ECS,
    /** Container groups alone. */
    ECI,
    /** Whatever is best, of either. */
    ANY;

    /**
     * Returns the choice of this name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static ProviderChoice of(String text) {
        return switch (text) {
            case "ecs" -> ECS;
            case "eci" -> ECI;
            case "any" -> ANY;
            default -> throw new IllegalArgumentException("expected ecs, eci or any, was \"" + text + "\"");
        };
    }

    /** Returns the products, at least one. */
    public List<Product> products() {
        return switch (this) {
            case ECS -> List.of(Product.ECS);
            case ECI -> List.of(Product.ECI);
            case ANY -> List.of(Product.values());
        };
    }

    /** Returns whether a product is among them. */
    public boolean has(Product product) {
        return products().contains(product);
    }
}
