"""What an edit changed: the words of the old text that the new one lacks, and those it brought.

Boilerplate is no words (crawler/text/boilerplate.py), nor is the form of a letter: full width, or the other script.
Sentences that both texts hold are set aside wherever they stand, so that a paragraph moved is no edit. What is left is
paired by likeness and compared word by word: a number is one word with its unit and its sign, so that 3090亿 to 309亿
reads as that and not as a 0 gone; Chinese goes by characters. Pure.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from crawler.text import boilerplate
from crawler.text.grams import WIDE, WORD, fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BETWEEN = " … "
"""Stands between two changed places."""

ALIKE = 0.4
"""Share of a sentence's character pairs that its other version keeps; below it, both are reported whole."""

PAIRED = 250_000
"""Changed sentences of one text times those of the other, 500 and 500, above which none are paired and all are reported
whole: a likeness takes some 100 bytes."""

SHARED = 10_000_000
"""Likewise character pairs that they have in common, every two sentences counted: 0.6 s."""

STEPS = 10_000_000
"""Of difflib's innermost loop, for all paired sentences of a text together: 0.6 s. An edit of thirty sentences of 60
characters takes 3,000, one of twenty places in 20,000 characters without a full stop 5 million. Sixteen sentences of a
thousand words, of which there are five, took 13.5 s without a bound."""

_SENTENCE = re.compile(r"(?:[^。！？!?；;\n.]|\.(?!\s))+(?:[。！？!?；;.]+[”’」』\"]?)?")
_WORD = re.compile(  # 3,090 亿, 309B, -5%
    rf"(?:(?<![A-Za-z0-9.])[-−+])?\d+(?:[.,]\d+)*(?: ?(?:[百千万萬亿億兆]+|(?:m|b|tr)illion\b|percent\b)|[%‰]|{WORD})?"
    rf"|{WORD}(?:[-._+/'’&]{WORD})*|[{WIDE}]|\S"
)
_ONE_WIDE = re.compile(f"[{WIDE}]")
_SAYS = re.compile(r"[\w$€£¥￥%‰]")


def changes(before: str, after: str) -> tuple[str, str]:
    """Return the words removed and the words added, in the order of their text, places joined by `BETWEEN`.

    Args:
        before: the older text, title and body, of any length.
        after: the newer one.

    Returns:
        Two strings, both empty when the words are the same: only furniture, space, punctuation, script or order differ.
    """
    before, after = boilerplate.without(before, after)
    olds, news = _only_in(before, after), _only_in(after, before)
    pairs = _pairs(olds, news)
    removed: dict[int, list[str]] = {i: [old] for i, old in enumerate(olds)}
    added: dict[int, list[str]] = {j: [new] for j, new in enumerate(news)}
    steps = Steps()
    for i, j in pairs:
        gone, come = differences(olds[i], news[j], steps)
        removed[i] = [olds[i][start:end] for start, end in gone]
        added[j] = [news[j][start:end] for start, end in come]
    return _said(removed), _said(added)


def _said(parts: dict[int, list[str]]) -> str:
    return BETWEEN.join(part.strip() for _, many in sorted(parts.items()) for part in many if _SAYS.search(part))


def _only_in(text: str, other: str) -> list[str]:
    """Return the sentences of `text` that `other` lacks, each as often as it lacks them."""
    spare = Counter(map(fold, _sentences(other)))
    lacking: list[str] = []
    for sentence in _sentences(text):
        key = fold(sentence)
        if spare[key]:
            spare[key] -= 1
        else:
            lacking.append(sentence)
    return lacking


def _sentences(text: str) -> list[str]:
    return [" ".join(found.split()) for found in _SENTENCE.findall(text) if not found.isspace()]


def _pairs(olds: list[str], news: list[str]) -> list[tuple[int, int]]:
    """Pair sentences by the character pairs they share, the most alike first, each once; none where it is too much."""
    if len(olds) * len(news) > PAIRED:
        return []
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    sizes: list[int] = []
    for j, new in enumerate(news):
        held = set(pairwise(new))
        sizes.append(len(held))
        for pair in held:
            holders[pair].append(j)
    if sum(len(holders.get(pair, ())) for old in olds for pair in set(pairwise(old))) > SHARED:
        return []
    ranked: list[tuple[float, int, int]] = []
    for i, old in enumerate(olds):
        asked = set(pairwise(old))
        shared = Counter(j for pair in asked for j in holders.get(pair, ()))
        alike = ((count / max(len(asked), sizes[j]), j) for j, count in shared.items())
        ranked.extend((-likeness, i, j) for likeness, j in alike if likeness >= ALIKE)
    used_old: set[int] = set()
    used_new: set[int] = set()
    pairs: list[tuple[int, int]] = []
    for _, i, j in sorted(ranked):
        if i not in used_old and j not in used_new:
            pairs.append((i, j))
            used_old.add(i)
            used_new.add(j)
    return pairs


@dataclass(slots=True)
class Steps:
    """What comparing may still cost: several places share it."""

    left: int = STEPS


def differences(old: str, new: str, steps: Steps) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the differing places of two versions of a sentence or paragraph.

    Args:
        old: the older version.
        new: the newer one.
        steps: that finding them may take (`differing`).

    Returns:
        (start, end) of each place in `old`, and of each in `new`, in characters; space and punctuation alone are none.
    """
    olds = [found.span() for found in _WORD.finditer(old)]
    news = [found.span() for found in _WORD.finditer(new)]
    left, right = [old[a:b] for a, b in olds], [new[a:b] for a, b in news]
    spans: list[list[int]] = []
    for i, i_end, j, j_end in differing([*map(fold, left)], [*map(fold, right)], steps):
        if not _SAYS.search("".join(left[i:i_end] + right[j:j_end])):
            continue
        if spans and i - spans[-1][1] <= 1 and j - spans[-1][3] <= 1:  # one word kept between two changes reads as one
            spans[-1][1], spans[-1][3] = i_end, j_end
        else:
            spans.append([i, i_end, j, j_end])
    for span in spans:
        _widen(span, left, right)
    return [(olds[i][0], olds[i_end - 1][1]) for i, i_end, _, _ in spans if i < i_end], [
        (news[j][0], news[j_end - 1][1]) for _, _, j, j_end in spans if j < j_end
    ]


def differing(left: Sequence[str], right: Sequence[str], steps: Steps) -> Iterator[tuple[int, int, int, int]]:
    """Yield where two lists differ, between the longest runs that they have in common.

    Args:
        left: of words, or lines.
        right: likewise.
        steps: that this may take. Where half of them is not enough, equal ends are set aside and the rest is compared
            anew; what is then not compared counts as different.

    Yields:
        Start and end of a place in `left`, and of what stands there in `right`.
    """
    head = 0
    matcher = _Bounded(left, right, steps, least=steps.left // 2)
    if matcher.is_cut:
        least = min(len(left), len(right))
        head = next((place for place in range(least) if left[place] != right[place]), least)
        tail = next((place for place in range(least - head) if left[-1 - place] != right[-1 - place]), least - head)
        matcher = _Bounded(left[head : len(left) - tail], right[head : len(right) - tail], steps)
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        if kind != "equal":
            yield head + i, head + i_end, head + j, head + j_end


class _Bounded(SequenceMatcher[str]):
    """difflib, while there are steps: it is cubic where few words come again and again.

    Attributes:
        is_cut: there were not enough, and what is left was not compared.
    """

    a: Sequence[str]
    b2j: dict[str, list[int]]

    def __init__(self, left: Sequence[str], right: Sequence[str], steps: Steps, least: int = 0) -> None:
        """Compare at once, and leave at least `least` steps."""
        super().__init__(None, left, right, autojunk=False)
        self.is_cut = False
        self._steps, self._least = steps, least
        self._cost = [0, *accumulate(1 + len(self.b2j.get(word, ())) for word in left)]
        self.get_matching_blocks()

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        """Return the longest run that both have in common; none where that would take too many steps."""
        end = len(self.a) if ahi is None else ahi
        cost = self._cost[end] - self._cost[alo]
        if cost > self._steps.left - self._least:
            self.is_cut = True
            return Match(alo, blo, 0)
        self._steps.left -= cost
        return super().find_longest_match(alo, end, blo, bhi)


def _widen(span: list[int], left: list[str], right: list[str]) -> None:
    """Show a lone Chinese character with its neighbours: 第一名 to 第二名, not 一 to 二."""
    i, i_end, j, j_end = span
    if any(len(words) > 1 or not all(map(_ONE_WIDE.fullmatch, words)) for words in (left[i:i_end], right[j:j_end])):
        return
    if i and j and left[i - 1] == right[j - 1] and _ONE_WIDE.fullmatch(left[i - 1]):
        span[0], span[2] = i - 1, j - 1
    if i_end < len(left) and j_end < len(right) and left[i_end] == right[j_end] and _ONE_WIDE.fullmatch(left[i_end]):
        span[1], span[3] = i_end + 1, j_end + 1
