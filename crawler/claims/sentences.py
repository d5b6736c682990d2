"""A text's sentences, and how far apart two places in one are."""

from __future__ import annotations

import re
from itertools import accumulate
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
_JOINT = re.compile(r"\band\b|[和与及]|/")
_ASIDE = re.compile(r"[(（][^()（）]*[)）]")

CLAUSE = 20
"""What the border of a clause adds to a distance, in characters: about one clause of Chinese."""
JOINT = 8
"""Likewise of `and`, which joins what two numbers say: `1T in total and 42B active`."""

Span = tuple[int, int]


def sentences(text: str) -> Iterator[Span]:
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


class Ruler:
    """How far apart the places of one sentence are, in Han characters; two Latin letters count as one.

    The border of a clause adds `CLAUSE`, a word that joins `JOINT`. What stands in brackets between two places counts
    nothing: it interrupts what is said.
    """

    def __init__(self, sentence: str) -> None:
        extra = dict.fromkeys((match.start() for match in _JOINT.finditer(sentence)), JOINT)
        ends = {match.start() for match in _CLAUSE.finditer(sentence)}
        extra |= dict.fromkeys(ends, CLAUSE)
        costs = ((1 if char < "\x80" else 2) + 2 * extra.get(place, 0) for place, char in enumerate(sentence))
        self.length = [0, *accumulate(costs)]
        self.ended = [0, *accumulate(place in ends for place in range(len(sentence)))]
        self.asides = [match.span() for match in _ASIDE.finditer(sentence)]

    def distance(self, one: Span, other: Span) -> int:
        """Return how far two places are apart; 0 if they touch or overlap."""
        return max(0, self._between(self.length, one, other)) // 2

    def borders(self, one: Span, other: Span) -> int:
        """Return how many clauses end between two places."""
        return max(0, self._between(self.ended, one, other))

    def _between(self, sums: list[int], one: Span, other: Span) -> int:
        start, end = (one[1], other[0]) if one[0] <= other[0] else (other[1], one[0])
        found = sums[end] - sums[start]
        for left, right in self.asides:
            if start <= left and right <= end:
                found -= sums[right] - sums[left]
        return found
