"""Instants in and out of text: `stamp` and `instant` are the only two ways."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(when: datetime) -> str:
    """Return an aware datetime as UTC text, `YYYY-MM-DDTHH:MM:SSZ`, the only form the corpus holds.

    Raises:
        ValueError: `when` is naive.
    """
    if when.tzinfo is None:
        raise ValueError(f"naive datetime {when!r}: a time without a zone is not an instant")
    return f"{when.astimezone(UTC).isoformat(timespec='seconds')[:-6]}Z"  # two thirds of strftime's time


def instant(text: str) -> datetime:
    """Return the aware UTC datetime that `stamp` wrote.

    Raises:
        ValueError: the text has another form.
    """
    if len(text) != len("YYYY-MM-DDTHH:MM:SSZ") or (text[7], text[10], text[-1]) != ("-", "T", "Z"):
        raise ValueError(f"{text!r} is not YYYY-MM-DDTHH:MM:SSZ")
    return datetime.fromisoformat(text)  # a tenth of strptime's time
