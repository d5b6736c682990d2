"""A text's sentences, and how far apart two places in one are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SENTENCE = re.compile(
    r"[^\s。！？!?](?:[^。！？!?\n.]|\.(?![\s”\"’]*(?:\s[A-Z“\"‘(0-9\u3400-\u9fff]|\n|$)))*"
    r"(?:[。！？!?.]+[”’」』\"）)]*)?"
)
"""From the first character that is no space to a full stop, or the end of the line; `.` only before a new beginning."""

_ABBREVIATION = re.compile(r"(?:\b(?:U\.S|Mr|Mrs|Ms|Dr|Inc|Corp|Ltd|Co|vs|No|St|approx|e\.g|i\.e)|\b[A-Z])\.$")
_CLAUSE = re.compile(r"[，、；;：:（）()]|,(?!\d{3}(?!\d))|\s[-–—]\s|——|\b(?:while|but|whereas)\b")

CLAUSE = 20
"""What the border of a clause adds to a distance, in characters: about one clause of Chinese."""


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) of each sentence, without the space around it."""
    start = -1
    for match in _SENTENCE.finditer(text):
        if start < 0:
            start = match.start()
        if _ABBREVIATION.search(match.group()) and not text.startswith("\n", match.end()):
            continue
        yield start, _stripped(text, match.end())
        start = -1
    if start >= 0:
        yield start, _stripped(text, len(text))


def _stripped(text: str, end: int) -> int:
    while end and text[end - 1].isspace():
        end -= 1
    return end


def borders(sentence: str) -> list[int]:
    """Return where the clauses of a sentence end."""
    return [match.start() for match in _CLAUSE.finditer(sentence)]


def distance(one: tuple[int, int], other: tuple[int, int], ends: list[int]) -> int:
    """Return how far two places of a sentence are apart: characters between them, and `CLAUSE` for each border."""
    left, right = (one, other) if one[0] <= other[0] else (other, one)
    gap = max(0, right[0] - left[1])
    return gap + CLAUSE * sum(left[1] <= end < right[0] for end in ends)
