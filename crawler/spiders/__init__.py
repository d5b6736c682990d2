"""Spiders: one for every kind of source, and the parsers that turn its answers into leads."""
