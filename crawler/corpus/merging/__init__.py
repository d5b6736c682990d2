"""One corpus merged into another."""
