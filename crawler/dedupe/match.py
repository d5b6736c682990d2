"""Is this text a copy of that one, and of what kind? Decided on the full texts of a few candidates."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from crawler import text
from crawler.dedupe.sketch import SHORTEST, Hashes, grams
from crawler.model import Article, Held, Match

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

METHOD = "full-1"
"""Goes into `matches.method`: which verification judged."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class _Text:
    bare: str
    grams: Hashes
    numbers: frozenset[str]


def match(article: Article, candidates: Iterable[Held]) -> list[Match]:
    """Return what an article resembles among the candidates, best first.

    Args:
        article: the new text.
        candidates: what the corpus holds that may resemble it; its own earlier revisions not among them.

    Returns:
        One match a candidate that resembles it: copies with their kind, look-alikes (the same frame about another day)
        with kind None. Candidates that merely share phrases give none.
    """
    mine = _read(article.body)
    found: list[Match] = []
    for held in candidates:
        theirs = _read(held.body)
        days = None
        if article.published_at and held.published_at:
            days = abs((article.published_at - held.published_at).total_seconds()) / 86_400
        said = _judge(mine, theirs, days)
        if said is not None:
            kind, score, features = said
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


@lru_cache(maxsize=256)
def _read(body: str) -> _Text:
    bare = text.bare(body)
    numbers = _NUMBER.findall(unicodedata.normalize("NFKC", body))
    return _Text(bare, np.unique(grams(bare, 5)), frozenset(numbers))


def _judge(mine: _Text, theirs: _Text, days: float | None):  # noqa: ANN202 - first cut
    shorter, longer = sorted((mine, theirs), key=lambda one: len(one.bare))
    if len(shorter.bare) < SHORTEST:
        return None
    if mine.bare == theirs.bare:
        return "exact", 1.0, {"containment": 1.0}
    shared = len(np.intersect1d(shorter.grams, longer.grams, assume_unique=True))
    containment = shared / len(shorter.grams)
    numbers = len(shorter.numbers & longer.numbers) / len(shorter.numbers) if shorter.numbers else 1.0
    ratio = len(shorter.bare) / len(longer.bare)
    score = containment * (0.3 + 0.7 * numbers)
    features = {"containment": round(containment, 4), "numbers": round(numbers, 4), "length": round(ratio, 4)}
    if days is not None:
        features["days"] = round(days, 2)
    if score >= 0.42:
        return ("truncated" if ratio < 0.7 else "reprint" if containment > 0.7 else "rewrite"), score, features
    if containment >= 0.3:
        return None, score, features
    return None
