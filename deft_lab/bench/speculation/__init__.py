"""Token builders against each other, at equal budgets, on models."""
