"""Article -> Verdict: is it on topic, and which words say so?

    hits       strong terms; weak ones within the window of a brand, on one line; excluded phrases taken out before
    passages   hits within two windows of one another are one piece of evidence, however many words it has
    evidence   a passage with a strong term 2, with a weak one 1; three times in the title, twice in the lead
    needed     1, 2 or 3, growing with the length of the text
    score      evidence / needed: 1 or more is on topic

A long text must therefore name the topic more than once, or in its title: one sentence in a 5,000-character market
round-up is a mention, not coverage.
"""

from __future__ import annotations

import html
import re
from bisect import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from crawler.model import Hit, Relevance, Verdict
from crawler.relevance.spellings import compiled
from crawler.text import drop_pinyin
from crawler.model import Term

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from crawler.model import Article, Topic

Field = Literal["title", "body", "credited_source"]
WEIGHTS: dict[Field, float] = {"title": 3, "body": 1, "credited_source": 0.5}
STRONG, WEAK = 2, 1
LEAD = 300
LENGTH_PER_EVIDENCE = 2400
MOST_NEEDED = 3


def judge(topic: Topic, article: Article) -> Verdict:
    """Judge an article by the topic's rule."""
    rules = _rules(topic)
    day = article.published_at.date() if article.published_at else None
    hits: list[Hit] = []
    evidence = 0.0
    for field, weight in WEIGHTS.items():
        text: str = getattr(article, field) or ""
        found = rules.find(text, field, day)
        hits += found
        evidence += weight * _evidence(found, rules.relevance.window, LEAD if field == "body" else 0)
    needed = min(MOST_NEEDED, 1 + len(article.body) // LENGTH_PER_EVIDENCE)
    score = evidence / needed
    if score >= 1:
        rule = "strong" if any(hit.role == "strong" for hit in hits) else "weak near brand"
    else:
        rule = "mention" if evidence else "none"
    return Verdict(relevant=score >= 1, score=round(score, 3), rule=rule, hits=tuple(hits), topic_digest=topic.digest)


class _Rules:
    """A topic's rule, compiled."""

    def __init__(self, relevance: Relevance) -> None:
        self.relevance = relevance
        roles = {"strong": relevance.strong, "brand": relevance.brand, "weak": relevance.weak}
        self.terms = [(role, term) for role, terms in roles.items() for term in terms]
        self.pattern, self.index = compiled([term for _, term in self.terms])
        self.excluded, _ = compiled([Term(text=phrase) for phrase in relevance.exclude])
        self.unless = {
            term: compiled([Term(text=word) for word in term.unless])[0] for _, term in self.terms if term.unless
        }

    def find(self, text: str, field: Field, day: dt.date | None) -> list[Hit]:
        text = self.excluded.sub(lambda match: "\0" * len(match[0]), text)
        hits = []
        for match in self.pattern.finditer(text):
            role, term = self.terms[self.index[match.lastindex]]
            start, end = match.span()
            if term.valid_from and day and day < term.valid_from:
                continue
            if term.unless and self.unless[term].search(
                text, max(0, start - self.relevance.window), end + self.relevance.window
            ):
                continue
            hits.append(Hit(term=term.text, role=role, field=field, start=start, end=end))
        brands = [hit for hit in hits if hit.role == "brand"]
        return [hit for hit in hits if hit.role != "weak" or self._near(hit, brands, text)]

    def _near(self, weak: Hit, brands: list[Hit], text: str) -> bool:
        place = bisect(brands, weak.start, key=lambda hit: hit.start)
        gaps = [text[brand.end : weak.start] for brand in brands[max(0, place - 1) : place]]
        gaps += [text[weak.end : brand.start] for brand in brands[place : place + 1]]
        return any(self._short(gap) for gap in gaps)

    def _short(self, gap: str) -> bool:
        window = self.relevance.window
        if "\n" in gap or len(gap) > 4 * window:
            return False
        return len(gap) <= window or len(drop_pinyin(gap)) <= window


_COMPILED: dict[str, _Rules] = {}


def _rules(topic: Topic) -> _Rules:
    rules = _COMPILED.get(topic.digest)
    if rules is None or rules.relevance != topic.relevance:
        rules = _COMPILED[topic.digest] = _Rules(topic.relevance)
    return rules


def _evidence(hits: Sequence[Hit], window: int, lead: int) -> float:
    total, points, start = 0.0, 0.0, None
    for hit in hits:
        if hit.role == "brand":
            continue
        if start is None or hit.start > start + 2 * window:
            total, points, start = total + points, 0.0, hit.start
        worth = (STRONG if hit.role == "strong" else WEAK) * (2 if start < lead else 1)
        points = max(points, worth)
    return total + points


