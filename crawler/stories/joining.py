"""Which texts are one story: the comparison and the merging."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, islice
from sys import intern
from typing import TYPE_CHECKING

import numpy as np

from crawler.stories.terms import bridging, word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

JOIN = 0.14
"""Least mean similarity at which two groups are one story, where no dates are known. Between .12 and .16 B-cubed F1 on
ECB+ (dev topics, subsets of 6 to 16) stays within .015 of its best."""

DATED = 1.4
"""What a similarity weighs where both texts are dated: one week is evidence too. So texts with dates join at .10; on
coverage in two languages anything from .08 to .11 joins every story and no near miss (tests/data/stories.toml)."""

FADE = timedelta(hours=72)
"""Similarity fades by exp(-gap / FADE). On headline pairs this lifted F1 from .11 to .59."""

REACH = FADE * math.log(DATED / JOIN)
"""The longest gap over which even equal texts would join, 166 hours: nothing further away need be looked at."""

MIX = 0.5
"""Share of all terms in the similarity of two texts in one script; the rest is names and numbers. On ECB+ F1 .90 at .5,
.89 at .75, .87 at 1."""

SLICE = 1500
"""Most texts clustered at once: the memory of a recomputation, whatever the corpus holds (18 MB a matrix)."""

CARRIED = 500
"""Most stories that stay open from one slice to the next."""

_COMMON = 64
"""A term that meets in more than one in this many pairs of texts is a common one."""

_COLUMNS = 256
"""Common terms that are multiplied at once, and texts: 4 MB for a thousand texts."""

_UNSEEN = 2.0
"""Weight of a bridge term that nobody shares, in every text: two names in common are not yet one event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An independent text as stories see it.

    `at` is when it was published (then it is `dated`), or else first seen; `terms` are its `features`.
    """

    id: int
    at: datetime
    url: str
    terms: Mapping[str, float]
    dated: bool = True

    @property
    def rank(self) -> tuple[datetime, str]:
        """What orders texts: time, then URL."""
        return self.at, self.url


@dataclass(slots=True)
class _Group:
    """Texts merged so far. `vector` is the sum of theirs: similarity is linear, so a sum stands for its texts."""

    members: list[tuple[int, int]]  # (rank, id), sorted
    first: float  # in units of FADE
    last: float
    vector: dict[str, float]

    def ids(self) -> list[int]:
        return [each for _, each in self.members]


def _vector(item: Item, weigh: Callable[[str], float]) -> dict[str, float]:
    """Return two vectors in one: all terms, under the script; and the bridge, under the script in capitals."""
    script, capital = ("h", "H") if _is_han(item.terms) else ("l", "L")
    length = math.sqrt(DATED) if item.dated else 1.0
    whole: dict[str, float] = {}
    bridge: dict[str, float] = {}
    for term, count in item.terms.items():  # the hottest loop of a stored page
        plain = word(term)
        weight = count * weigh(plain)
        whole[intern(script + plain)] = weight  # one string for all texts of a slice
        if bridging(term):
            bridge[intern(capital + plain)] = weight
    return _stretched(whole, length) | _stretched(bridge, length, unseen=_UNSEEN * weigh(""))


def _stretched(vector: Mapping[str, float], length: float, *, unseen: float = 0.0) -> dict[str, float]:
    """Return a vector of this length, less what the unseen part of it takes."""
    factor = length / (math.hypot(unseen, *vector.values()) or 1.0)
    return {term: weight * factor for term, weight in vector.items()}


def _is_han(terms: Mapping[str, float]) -> bool:
    plain = [term for term in terms if not bridging(term)]
    han = sum(len(term) == 2 and term[0] > "\u2e80" for term in plain)  # noqa: PLR2004 a pair of characters
    return han > len(plain) / 2


def _meets(term: str) -> tuple[tuple[str, float], ...]:
    """Return the terms that a term is multiplied with, and the share of that product in a similarity.

    Two texts in one script: half all their terms, half their names and numbers. In two scripts: the bridge alone.
    """
    if term[0].islower():
        return ((term, MIX),)
    return ((term, 1 - MIX), (("L" if term[0] == "H" else "H") + term[1:], 1.0))


def _similarities(groups: Sequence[_Group]) -> NDArray[np.float64]:
    """Return the sums of pair similarities between groups.

    A rare term is added pair by pair, a common one as a column of a matrix product: 0.7 s for 2,000 texts, not 1.9.
    """
    count = len(groups)
    held = Counter(chain.from_iterable(group.vector for group in groups))
    holders = _Holders(groups, held)
    sums = np.zeros((count, count))
    left, right = np.zeros((count, _COLUMNS)), np.zeros((count, _COLUMNS))
    column = 0
    for term in holders.column:  # in order: a sum of floats depends on it
        at, weights = holders.of(term)
        for other, share in _meets(term):
            if other not in holders.column:
                continue
            to, others = holders.of(other)
            if len(at) * len(to) <= count * count / _COMMON:
                sums[np.ix_(at, to)] += share * np.outer(weights, others)
                continue
            left[at, column], right[to, column] = share * weights, others
            column += 1
            if column == _COLUMNS:
                _add_product(sums, left, right)
                left[:], right[:], column = 0.0, 0.0, 0
    _add_product(sums, left, right)
    return sums


def _add_product(sums: NDArray[np.float64], left: NDArray[np.float64], right: NDArray[np.float64]) -> None:
    """Add `left @ right.T`, some rows at a time: the whole product would be as large as the sums."""
    for start in range(0, len(sums), _COLUMNS):
        sums[start : start + _COLUMNS] += left[start : start + _COLUMNS] @ right.T


def _is_met(term: str, held: Mapping[str, int]) -> bool:
    return any(other != term and other in held for other, _ in _meets(term))


class _Holders:
    """Which groups hold a term, and its weight in each: arrays, of a tenth of what lists of pairs take."""

    def __init__(self, groups: Sequence[_Group], held: Mapping[str, int]) -> None:
        terms = [term for term, texts in held.items() if texts > 1 or _is_met(term, held)]
        self.column = {term: place for place, term in enumerate(terms)}
        entries = (
            (self.column[term], row, weight)
            for row, group in enumerate(groups)
            for term, weight in group.vector.items()
            if term in self.column
        )
        kinds = [("column", "i4"), ("row", "i4"), ("weight", "f8")]
        every = np.fromiter(entries, dtype=kinds, count=sum(held[term] for term in terms))
        every = every[np.argsort(every["column"], kind="stable")]
        self._rows, self._weights = every["row"].copy(), every["weight"].copy()
        self._ends = np.searchsorted(every["column"], np.arange(len(terms) + 1))

    def of(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        place = self.column[term]
        span = slice(self._ends[place], self._ends[place + 1])
        return self._rows[span], self._weights[span]


def _merge(groups: Sequence[_Group]) -> list[_Group]:
    """Merge the two most alike, again and again, until no two are alike enough."""
    count = len(groups)
    sums = _similarities(groups)
    sizes = np.array([len(group.members) for group in groups], dtype=float)
    first = np.array([group.first for group in groups])
    last = np.array([group.last for group in groups])
    alive = np.ones(count, dtype=bool)

    def row(index: int) -> NDArray[np.float64]:
        gap = np.maximum(0.0, np.maximum(first - last[index], first[index] - last))
        scores: NDArray[np.float64] = sums[index] / (sizes * sizes[index]) * np.exp(-gap)
        scores[~alive] = -1.0
        scores[index] = -1.0
        return scores

    best = np.zeros(count, dtype=int)
    score, second = np.zeros(count), np.zeros(count)  # with the best, and the most that it can be with any other
    stale = np.zeros(count, dtype=bool)  # the best is merged with another: the score is the most that it can be now

    def look(index: int, scores: NDArray[np.float64]) -> None:
        best[index], stale[index] = scores.argmax(), False
        score[index], scores[best[index]] = scores[best[index]], -1.0
        second[index] = scores.max()

    for index in range(count):
        look(index, row(index))
    while True:
        a = int(score.argmax())
        if score[a] < JOIN:
            break
        if stale[a]:
            look(a, row(a))
            continue
        a, b = sorted((a, int(best[a])))
        _absorb(groups[a], groups[b])
        first[a], last[a] = groups[a].first, groups[a].last
        sums[a] += sums[b]
        sums[:, a] += sums[:, b]
        sizes[a] += sizes[b]
        alive[b], score[b] = False, -1.0
        fresh = row(a)
        lost = alive & ((best == a) | (best == b))
        others = np.where(lost, second, score)  # the most that it can be with any but the merged one
        better = fresh > others
        best[better] = a
        second[:] = np.where(lost | better, others, np.maximum(second, fresh))
        score[:] = np.where(better, fresh, others)
        stale[:] = (stale | lost) & ~better
        look(a, fresh)
    return [group for group, living in zip(groups, alive, strict=True) if living]


def settle(items: Iterable[Item], weigh: Callable[[str], float]) -> Iterator[list[int]]:
    """Yield the stories of these texts: lists of item ids, earliest first.

    Memory is bounded by `SLICE`, whatever comes: texts are taken slice by slice, and a story that the next slice cannot
    reach any more is given out.

    Args:
        items: independent texts, in the order of their `rank`; so the result depends on nothing else.
        weigh: the idf of a term in the corpus; "" asks for that of a term nobody holds.
    """
    still_open: list[_Group] = []
    numbered = enumerate(items)
    while fresh := [_group(item, weigh, place) for place, item in islice(numbered, SLICE)]:
        still_open.sort(key=lambda group: (-group.last, group.members))
        near = [group for group in still_open[:CARRIED] if fresh[0].first - group.last <= REACH / FADE]
        kept = {group.members[0] for group in near}
        yield from (group.ids() for group in still_open if group.members[0] not in kept)
        still_open = _merge(sorted((*near, *fresh), key=lambda group: group.members[0]))
    yield from (group.ids() for group in still_open)


def _group(item: Item, weigh: Callable[[str], float], rank: int = 0) -> _Group:
    at = item.at.timestamp() / FADE.total_seconds()
    return _Group([(rank, item.id)], at, at, _vector(item, weigh))


def _absorb(group: _Group, other: _Group) -> None:
    group.members = sorted((*group.members, *other.members))
    group.first, group.last = min(group.first, other.first), max(group.last, other.last)
    small, large = sorted((group.vector, other.vector), key=len)
    for term, weight in small.items():
        large[term] = large.get(term, 0.0) + weight
    group.vector, other.vector = large, {}  # the other is kept until its slice is done
