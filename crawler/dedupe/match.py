"""Is this text a copy of that one, and of what kind? Decided on the full texts of a few candidates."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from crawler import text
from crawler.dedupe.sketch import SHORTEST, Hashes, grams
from crawler.model import Match, MatchKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from numpy.typing import NDArray

    from crawler.model import Article, Held

METHOD = "runs-1"
"""Goes into `matches.method`: which verification judged."""

GRAM = 5
"""Characters that must agree in a row before they count as common."""

RUN = 12
"""A common run of so many characters is quoted rather than coincidence."""

TINY = 2
"""A hole of so few characters between common runs is a typo or a swapped word; a look-alike swaps names and figures."""

WEEK = 7.0
"""Days. Copies follow within days; the yearly ceremony does not."""

WEIGHTS = {"runs": 15.3, "missing": -1.1, "sole": -1.6, "holes": 1.3, "length": 1.7, "near": 1.05, "far": -3.9}
"""Of a logistic score, with `BIAS`; `features` says what each multiplies.

Fitted (L2, C = 1) on 21,790 candidate pairs of synthetic variations of real Chinese and English news with real
look-alikes as negatives, each pair once without and once with its dates. Chosen by folds that share no family and no
document, F1 over pairs of one tree: .988 without dates and .991 with, where the one rule of research/dedupe.md, 5-gram
containment times (.3 + .7 x the share of common numbers), reaches .954 at its best threshold. Unregularised weights
and six more features gained less than .002.
"""

BIAS = -8.65

LEAST = 0.7
"""A match scores at least this; from .5 to .8 the F1 above moves by less than .01."""

LOOKALIKE = 0.3
"""A text that is no copy, but has this share of the shorter one's characters in common runs, is a look-alike."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
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
        At most one match a candidate; none for those that merely share phrases, or where a text is too short to tell.
    """
    mine = _read(article.body)
    found = []
    for held in candidates:
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
    common, holes = _lengths(covered), _lengths(~covered)
    size = len(covered)
    runs = float(common[common >= RUN].sum()) / size
    share = float(common.sum()) / size
    missing = len(shorter.numbers - longer.numbers)
    tiny = int((holes <= TINY).sum())
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
    score = round(1 / (1 + math.exp(-logit)), 4)
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
    if length < 0.7:  # noqa: PLR2004 a third of the longer text is its own
        lead = int(np.argmax(_covered(longer, shorter, RUN))) / len(longer.bare)
        # Above a truncated copy's original stands at most a credit line; a round-up has other items there.
        return "contains" if length < 0.5 and lead > 0.15 else "truncated"  # noqa: PLR2004 see above
    return "reprint" if share >= 0.8 else "rewrite"  # noqa: PLR2004 a word in five is the copyist's


def _covered(this: _Text, that: _Text, least: int = GRAM) -> NDArray[np.bool_]:
    """Which characters of one text stand in a gram of the other; `least` of them in a row."""
    held = np.isin(this.grams, that.distinct)
    covered = np.zeros(len(this.bare), dtype=bool)
    for offset in range(GRAM):
        covered[offset : offset + len(held)] |= held
    if least > GRAM:
        edges = _edges(covered)
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            covered[start:end] = end - start >= least
    return covered


def _edges(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Start and end of every run of True, alternating."""
    return np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))


def _lengths(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    edges = _edges(mask)
    return edges[1::2] - edges[::2]


def _days(one: datetime | None, other: datetime | None) -> float | None:
    return round(abs((one - other).total_seconds()) / 86_400, 2) if one and other else None


@lru_cache(maxsize=256)  # a wire story's copies come in a row, each a candidate of the next
def _read(body: str) -> _Text:
    bare = text.bare(body)
    plain = text.simplify(unicodedata.normalize("NFKC", text.drop_pinyin(body))).translate(_HAN_DIGITS)
    hashes = grams(bare, GRAM)
    return _Text(bare, hashes, np.unique(hashes), frozenset(_NUMBER.findall(plain)))
