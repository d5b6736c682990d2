"""Article -> story: which articles are about one event.

A story is a set of independent texts (copies follow their root) that are alike in their rare terms and near in time.
Two texts in one script are compared by the cosine of their tf-idf vectors, with idf from the corpus itself; a Chinese
and an English text by the terms that survive translation: names in Latin letters, names the topic knows in several
spellings, and numbers with units. Two groups of texts merge while the mean over their pairs, faded by the silence
between them, stays above `JOIN` (average-link agglomeration). The result depends on the texts alone, not on the order
in which they came.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from crawler import numbers
from crawler.text import HAN, simplify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

JOIN = 0.15
"""Least mean similarity at which two groups are one story."""

FADE = timedelta(hours=72)
"""Similarity fades by exp(-gap / FADE). On headline pairs this lifted F1 from .11 to .59."""

REACH = FADE * math.log(1 / JOIN)
"""The longest gap over which even equal texts would join, 137 hours: nothing further away need be looked at."""

TERMS_KEPT = 160
"""Terms of a text that are stored, heaviest first, title and lead before the rest."""

TERMS_COMPARED = 64
"""Terms of a text that are compared, by tf-idf."""

PRIOR = 10
"""Texts without any of the terms that idf assumes beside those held, so that a corpus of two texts has an idf too."""

SLICE = 1500
"""Most texts clustered at once: the memory of a recomputation, whatever the corpus holds (18 MB a matrix)."""

CARRIED = 500
"""Most stories that stay open from one slice to the next."""

_UNSEEN = 2.0
"""Weight of a bridge term that nobody shares, in every text: two names in common are not yet one event."""

_LEAD = 400
_WORD = re.compile(r"[A-Za-zÀ-ɏ0-9]+(?:[-.'’&+][A-Za-zÀ-ɏ0-9]+)*")
_RUN = re.compile(f"[{HAN}]+")
_FUNCTION_WORDS = (
    "a about after all also an and are as at be been being but by can could did do does for from had has have he her "
    "his how i if in into is it its just may more most no not of on one or our out over said say says she so some such "
    "than that the their them then there these they this those to two up was we were what when which while who will "
    "with would you your"
)
_FUNCTION_LATIN = frozenset(_FUNCTION_WORDS.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An independent text as stories see it.

    `at` is when it was published, or else first seen; `terms` are its `features`.
    """

    id: int
    at: datetime
    url: str
    terms: Mapping[str, float]


def features(title: str, body: str, same: Sequence[Sequence[str]] = ()) -> dict[str, float]:
    """Return the terms of a text and how much it says each, heaviest first, at most `TERMS_KEPT`.

    A term is a pair of neighbouring Han characters (simplified), a Latin word (lightly stemmed), a name of the topic
    under its first spelling, or a number with its unit (`#3.09e+11`). A leading `@` marks a name: `@mimo-v2-flash`,
    `@罗福莉`. Names and numbers are the bridge between languages. Title, lead and capitals weigh double.

    Args:
        title: may be empty.
        body: any length.
        same: spellings of one name, the canonical one first (the topic's `same`).
    """
    text = simplify(f"{title}\n{body}")
    lead = len(title) + _LEAD
    counts: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for number in numbers.find(text):
        if (term := _number_term(number)) is not None:
            counts[term] += 1
    pattern, canonical = _names(tuple(tuple(group) for group in same))
    if pattern is not None:
        for match in pattern.finditer(text):
            counts[f"@{canonical[match.group().lower()]}"] += 2 if match.start() < lead else 1
        text = pattern.sub(lambda match: "\n" * len(match.group()), text)
    for term, start, name in (*_han_terms(text), *_latin_terms(text)):
        weight = (2 if name else 1) * (2 if start < lead else 1)
        counts[term] += weight
        named[term] += weight if name else -weight
    weights = {f"@{term}" if named[term] > 0 else term: round(math.log1p(n), 3) for term, n in counts.items()}
    kept = sorted(weights, key=lambda term: (-weights[term], term))[:TERMS_KEPT]
    return {term: weights[term] for term in kept}


def bridging(term: str) -> bool:
    """Say whether a term means the same in every language: a name or a number."""
    return term[0] in "@#"


def word(term: str) -> str:
    """Return a term without its mark of a name: what idf counts, and what texts in one script are compared by."""
    return term.removeprefix("@")


def idf(count: int, texts: int) -> float:
    """Return the inverse document frequency of a term held by `count` of `texts` texts."""
    return math.log((texts + PRIOR) / (count + 0.5))


def _number_term(number: numbers.Number) -> str | None:
    """Return a number as a term; small counts, ranks and short durations are in every text."""
    if number.unit in {None, "rank", "day", "week", "month", "year"} and number.value < 100:  # noqa: PLR2004 see above
        return None
    return f"#{number.value:.3g}{number.unit or ''}"


@lru_cache(maxsize=4)
def _names(same: tuple[tuple[str, ...], ...]) -> tuple[re.Pattern[str] | None, Mapping[str, str]]:
    canonical = {simplify(name).lower(): simplify(group[0]).lower() for group in same for name in group}
    if not canonical:
        return None, {}
    longest = sorted(canonical, key=len, reverse=True)
    whole = "|".join(re.escape(name) for name in longest)
    return re.compile(f"(?<![A-Za-z0-9])(?:{whole})(?![A-Za-z0-9])", re.IGNORECASE), canonical


def _han_terms(text: str) -> Iterator[tuple[str, int, bool]]:
    for run in _RUN.finditer(text):
        for start in range(run.start(), run.end() - 1):
            yield text[start : start + 2], start, False


def _latin_terms(text: str) -> Iterator[tuple[str, int, bool]]:
    """Yield words, where they stand, and whether they are names: in a Chinese text every Latin word is."""
    han = _mostly_han(text)
    for match in _WORD.finditer(text):
        plain = match.group().lower().replace("’", "'").removesuffix("'s")
        if plain in _FUNCTION_LATIN or plain.isdigit():
            continue
        name = han or not match.group().islower()
        yield plain if any(map(str.isdigit, plain)) else _stem(plain), match.start(), name


def _mostly_han(text: str) -> bool:
    """A Han character says about as much as three Latin letters."""
    han = sum(len(run.group()) for run in _RUN.finditer(text))
    return 3 * han > sum(map(str.isascii, text)) - text.count(" ")


def _stem(word: str) -> str:
    """Cut the commonest English endings: enough to make one term of offer, offers, offered, offering."""
    for ending, least in (("ing", 6), ("ed", 5), ("es", 5), ("s", 4)):
        if word.endswith(ending) and len(word) >= least and not word.endswith("ss"):
            word = word.removesuffix(ending)
            break
    return word.removesuffix("e") if len(word) > 4 else word  # noqa: PLR2004 like the lengths above


@dataclass(slots=True)
class _Group:
    """Texts merged so far. `vector` is the sum of theirs: similarity is linear, so a sum stands for its texts."""

    members: list[int]
    first: float
    last: float
    vector: dict[str, float]


def _vector(item: Item, weigh: Callable[[str], float]) -> dict[str, float]:
    """Return two unit vectors in one: all terms, under the script; and the bridge, under the script in capitals."""
    weights = {term: count * weigh(word(term)) for term, count in item.terms.items()}
    script = "h" if _is_han(item.terms) else "l"
    top = sorted(weights, key=lambda term: (-weights[term], term))[:TERMS_COMPARED]
    vector = {script + word(term): weights[term] for term in top}
    _to_unit(vector, 0.0)
    bridge = {script.upper() + word(term): weights[term] for term in weights if bridging(term)}
    _to_unit(bridge, _UNSEEN * weigh(""))
    return vector | bridge


def _is_han(terms: Mapping[str, float]) -> bool:
    han = sum(len(term) == 2 and term[0] > "\u2e80" for term in terms)  # noqa: PLR2004 a pair of characters
    return han > sum(not bridging(term) for term in terms) / 2


def _to_unit(vector: dict[str, float], unseen: float) -> None:
    norm = math.sqrt(sum(weight * weight for weight in vector.values()) + unseen * unseen)
    for term in vector:
        vector[term] /= norm


_OTHER = {"h": "h", "l": "l", "H": "L", "L": "H"}


def _similarities(groups: Sequence[_Group]) -> NDArray[np.float64]:
    """Return the sums of pair similarities between groups: like scripts by all terms, unlike ones by the bridge."""
    left: dict[str, list[tuple[int, float]]] = {}
    for row, group in enumerate(groups):
        for term, weight in group.vector.items():
            left.setdefault(term, []).append((row, weight))
    sums = np.zeros((len(groups), len(groups)))
    for term, rows in left.items():
        columns = left.get(_OTHER[term[0]] + term[1:], ())
        if len(columns) < 2 and term[0].islower():  # noqa: PLR2004 nobody shares it
            continue
        at, weights = zip(*rows, strict=True)
        if columns:
            to, others = zip(*columns, strict=True)
            sums[np.ix_(at, to)] += np.outer(weights, others)
    return sums


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

    best = np.array([row(index).argmax() for index in range(count)])
    score = np.array([row(index)[best[index]] for index in range(count)])
    while True:
        a = int(score.argmax())
        if score[a] < JOIN:
            break
        a, b = sorted((a, int(best[a])))
        _absorb(groups[a], groups[b])
        first[a], last[a] = groups[a].first, groups[a].last
        sums[a] += sums[b]
        sums[:, a] += sums[:, b]
        sizes[a] += sizes[b]
        alive[b] = False
        score[b] = -1.0
        fresh = row(a)
        better = fresh > score
        best[better], score[better] = a, fresh[better]
        for index in {a, *np.flatnonzero(alive & ((best == a) | (best == b)))}:
            scores = row(index)
            best[index] = scores.argmax()
            score[index] = scores[best[index]]
    return [group for group, living in zip(groups, alive, strict=True) if living]


def settle(items: Iterable[Item], weigh: Callable[[str], float]) -> list[list[int]]:
    """Return the stories of these texts: lists of item ids, earliest first, in the order of their first texts.

    Args:
        items: independent texts, in any order; the result does not depend on it.
        weigh: the idf of a term in the corpus; "" asks for that of a term nobody holds.
    """
    ordered = sorted(items, key=lambda item: (item.at, item.url))
    done: list[_Group] = []
    still_open: list[_Group] = []
    rank = {item.id: place for place, item in enumerate(ordered)}
    for start in range(0, len(ordered), SLICE):
        fresh = [_group(item, weigh) for item in ordered[start : start + SLICE]]
        near = [group for group in still_open if fresh[0].first - group.last <= REACH / FADE]
        near = sorted(near, key=lambda group: (-group.last, rank[group.members[0]]))[:CARRIED]
        kept = {id(group) for group in near}
        done += [group for group in still_open if id(group) not in kept]
        still_open = _merge([*sorted(near, key=lambda group: rank[group.members[0]]), *fresh])
    groups = [sorted(group.members, key=rank.__getitem__) for group in (*done, *still_open)]
    return sorted(groups, key=lambda members: rank[members[0]])


def _group(item: Item, weigh: Callable[[str], float]) -> _Group:
    at = item.at.timestamp() / FADE.total_seconds()
    return _Group([item.id], at, at, _vector(item, weigh))


def place(item: Item, stories: Mapping[int, Sequence[Item]], weigh: Callable[[str], float]) -> int | None:
    """Return the story an item joins for now, or None for a new one: `settle` has the last word.

    Args:
        item: the new text.
        stories: near stories: id -> some of their texts.
        weigh: as for `settle`.
    """
    candidates = sorted(stories)
    groups = [_group(item, weigh)]
    for story in candidates:
        members = [_group(member, weigh) for member in stories[story]]
        whole = members[0]
        for member in members[1:]:
            _absorb(whole, member)
        groups.append(whole)
    scores = [(_similarity(groups[0], group), -story) for story, group in zip(candidates, groups[1:], strict=True)]
    best, story = max(scores, default=(0.0, 0))
    return -story if best >= JOIN else None


def _absorb(group: _Group, other: _Group) -> None:
    group.members.extend(other.members)
    group.first, group.last = min(group.first, other.first), max(group.last, other.last)
    for term, weight in other.vector.items():
        group.vector[term] = group.vector.get(term, 0.0) + weight


def _similarity(one: _Group, group: _Group) -> float:
    gap = max(0.0, one.first - group.last, group.first - one.last)
    total = sum(weight * group.vector.get(_OTHER[term[0]] + term[1:], 0.0) for term, weight in one.vector.items())
    return total / (len(one.members) * len(group.members)) * math.exp(-gap)
