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
_JOINT = re.compile(r"\band\b|[和与及]|/")
_ASIDE = re.compile(r"[(（][^()（）]*[)）]")

CLAUSE = 20
"""What the border of a clause adds to a distance, in characters: about one clause of Chinese."""
JOINT = 8
"""Likewise of `and`, which joins what two numbers say: `1T in total and 42B active`."""
FARTHEST = 400
"""Places farther apart than this have nothing to do with one another, however far it is."""

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


def between(sentence: str, one: Span, other: Span) -> str:
    """Return what stands between two places of a sentence, brackets left out: they interrupt what is said."""
    left, right = (one, other) if one[0] <= other[0] else (other, one)
    return _ASIDE.sub("", sentence[left[1] : right[0]])


def borders(sentence: str, one: Span, other: Span) -> int:
    """Return how many clauses end between two places."""
    return len(_CLAUSE.findall(between(sentence, one, other)))


def distance(sentence: str, one: Span, other: Span) -> int:
    """Return how far two places of a sentence are apart, in Han characters; two Latin letters count as one.

    The border of a clause adds `CLAUSE`, a word that joins `JOINT`.
    """
    if max(one[0], other[0]) - min(one[1], other[1]) > FARTHEST:
        return FARTHEST
    said = between(sentence, one, other)
    return (
        len(said)
        - sum(map(str.isascii, said)) // 2
        + CLAUSE * len(_CLAUSE.findall(said))
        + JOINT * len(_JOINT.findall(said))
    )
