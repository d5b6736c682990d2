"""Is this text a copy of that one, and of what kind? Decided on the full texts of a few candidates."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from crawler.dedupe.sketch import SHORTEST, Hashes, grams
from crawler.limits import CANDIDATE_CHARACTERS, COMPARED_CHARACTERS
from crawler.model import Match, MatchKind
from crawler.text import folding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from numpy.typing import NDArray

    from crawler.model import Article, Held

METHOD = "runs-1"
"""Goes into `matches.method`: which verification judged."""

LONGEST_KEPT = 10_000
"""Characters of a text that is kept for the next, at 28 bytes each: nine in ten of the bench's 341 articles have fewer.
128 texts of `COMPARED_CHARACTERS` were 340 MB, for good."""

GRAM = 5
"""Characters that must agree in a row before they count as common."""

RUN = 12
"""A common run of so many characters is quoted rather than coincidence."""

TINY = 2
"""A hole of so few characters between common runs, no digit among them, is a typo or a swapped word."""

WEEK = 7.0
"""Days. Copies follow within days; the yearly ceremony does not."""

WEIGHTS = {"runs": 15.7, "missing": -0.95, "sole": -1.5, "holes": 1.55, "length": 1.0, "near": 0.95, "far": -3.7}
"""Of a logistic score, with `BIAS`; `_judge` says what each multiplies.

Fitted (L2, C = 1, rounded) on 26,096 candidate pairs among 2,973 texts: synthetic variations of real Chinese and
English news, real look-alikes as negatives, each pair once without and once with its dates. Chosen out of fold, no
family and no document in two folds. Best F1 over single pairs .973, where one rule (docs/evidence/dedupe.md), 5-gram
containment times (.3 + .7 x the share of common numbers), has .956; over the pairs that stand in one tree .989 (rule
.976) without dates, .993 with. More features and unregularised weights gained less than .002.
"""

BIAS = -8.55

LEAST = 0.75
"""A match scores at least this; from .6 to .8 the F1 above moves by less than .004."""

LOOKALIKE = 0.3
"""A text that is no copy, but has this share of the shorter one's characters in common runs, is a look-alike."""

OF_A_LENGTH = 0.7
"""Below this ratio of lengths a third of the longer text is its own: the shorter is cut, or contained."""

MOSTLY_ELSE = 0.5
"""Below this ratio more than half of the longer page is about something else: it may be a round-up."""

LEAD = 0.15
"""Above a truncated copy's original stands a credit line at most; in a round-up other items take this share."""

NEARLY_ALL = 0.8
"""Share of the shorter text in a reprint; below it a word in five is the copyist's."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_DIGIT = re.compile(r"[0-9〇零一二两三四五六七八九十百千万亿]")
_HAN_DIGITS = str.maketrans("〇零一二两三四五六七八九", "001223456789")


@dataclass(frozen=True, slots=True)
class _Text:
    bare: str
    grams: Hashes  # in order
    distinct: Hashes  # sorted
    numbers: frozenset[str]


def match(article: Article, candidates: Iterable[Held]) -> list[Match]:
    """Return what an article resembles among the candidates: copies, best first, then look-alikes.

    The kinds, by what the shorter text shares with the longer:
        exact: the folded texts are equal.
        reprint: nearly all of it, and the two are of a length.
        rewrite: most of it, with phrases swapped, moved or dropped.
        truncated: it is the longer one's beginning.
        contains: it stands whole further down in a page that is mostly about something else.
        None: a look-alike, the same frame about another day, told by the numbers that it lacks and the gap in days.

    Args:
        article: the new text.
        candidates: what the corpus holds that may resemble it; its own earlier revisions not among them.

    Returns:
        At most one match a candidate; none for those that merely share phrases, where a text is too short to tell, or
        for those that come after `CANDIDATE_CHARACTERS` characters.
    """
    others = list(candidates)
    if not others:  # as for most texts
        return []
    mine = _read(article.body)
    found = []
    left = CANDIDATE_CHARACTERS
    for held in others:
        left -= min(len(held.body), COMPARED_CHARACTERS)
        if left < 0:
            break
        theirs = _read(held.body)
        if min(len(mine.bare), len(theirs.bare)) < SHORTEST:
            continue
        kind, score, features = _judge(mine, theirs, _days(article.published_at, held.published_at))
        if kind is None and features["runs"] < LOOKALIKE:
            continue
        found.append(
            Match(
                article_id=held.article_id,
                revision_id=held.revision_id,
                kind=kind,
                score=score,
                method=METHOD,
                features=features,
            )
        )
    return sorted(found, key=lambda one: (one.kind is None, -one.score, one.article_id))


def _judge(one: _Text, other: _Text, days: float | None) -> tuple[MatchKind | None, float, dict[str, Any]]:
    shorter, longer = sorted((one, other), key=lambda text: (len(text.bare), text.bare))
    length = len(shorter.bare) / len(longer.bare)
    if shorter.bare == longer.bare:
        return "exact", 1.0, {"runs": 1.0, "length": 1.0, "days": days}
    covered = _covered(shorter, longer)
    common = _lengths(covered)
    size = len(covered)
    runs = float(common[common >= RUN].sum()) / size
    share = float(common.sum()) / size
    missing = len(shorter.numbers - longer.numbers)
    holes = [shorter.bare[start:end] for start, end in _spans(~covered) if end - start <= TINY]
    tiny = sum(not _DIGIT.search(hole) for hole in holes)
    terms = {
        "runs": runs,
        "missing": math.log1p(missing),
        # A number that is missing where all else agrees weighs most: that is how a template differs from itself.
        "sole": -math.log1p(missing) * math.log(1.02 - share),
        "holes": 100 * tiny / size,
        "length": length,
        "near": float(days is not None and days <= WEEK),
        "far": float(days is not None and days > WEEK),
    }
    logit = BIAS + sum(WEIGHTS[name] * value for name, value in terms.items())
    score = min(round(1 / (1 + math.exp(-logit)), 4), 0.9999)  # 1 is for exact copies
    features = {
        "runs": round(runs, 3),
        "common": round(share, 3),
        "missing": missing,
        "tiny_holes": tiny,
        "length": round(length, 3),
        "days": days,
    }
    if score < LEAST:
        return None, score, features
    return _kind(shorter, longer, share, length), score, features


def _kind(shorter: _Text, longer: _Text, share: float, length: float) -> MatchKind:
    if length < OF_A_LENGTH:
        lead = next((start for start, end in _spans(_covered(longer, shorter)) if end - start >= RUN), 0)
        return "contains" if length < MOSTLY_ELSE and lead > LEAD * len(longer.bare) else "truncated"
    return "reprint" if share >= NEARLY_ALL else "rewrite"


def _covered(this: _Text, that: _Text) -> NDArray[np.bool_]:
    """Which characters of one text stand in a gram of the other."""
    held = np.isin(this.grams, that.distinct)
    covered = np.zeros(len(this.bare), dtype=bool)
    for offset in range(GRAM):
        covered[offset : offset + len(held)] |= held
    return covered


def _edges(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Start and end of every run of True, alternating."""
    return np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))


def _lengths(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    edges = _edges(mask)
    return edges[1::2] - edges[::2]


def _spans(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = _edges(mask).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _days(one: datetime | None, other: datetime | None) -> float | None:
    return round(abs((one - other).total_seconds()) / 86_400, 2) if one and other else None


def _read(body: str) -> _Text:
    return _kept(body) if len(body) <= LONGEST_KEPT else _made(body[:COMPARED_CHARACTERS])


@lru_cache(maxsize=128)  # a wire story's copies come in a row, each a candidate of the next
def _kept(body: str) -> _Text:
    return _made(body)


def _made(body: str) -> _Text:
    bare = folding.bare(body)
    plain = folding.simplify(unicodedata.normalize("NFKC", folding.drop_pinyin(body))).translate(_HAN_DIGITS)
    hashes = grams(bare, GRAM)
    return _Text(bare, hashes, np.unique(hashes), frozenset(_NUMBER.findall(plain)))
