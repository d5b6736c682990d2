"""Numbers of things, in English."""

from __future__ import annotations


def counted(number: int, noun: str, nouns: str | None = None) -> str:
    """Return how many there are of something: `1 page`, `2 pages`; `nouns` where an s does not make it."""
    return f"{number} {noun if number == 1 else nouns or f'{noun}s'}"
