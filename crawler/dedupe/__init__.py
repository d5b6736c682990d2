"""Canonical URLs, text sketches, matches with their evidence, and the reprint tree."""
