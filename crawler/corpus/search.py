"""Searching the full-text index (index.py), for `houxu search`; people ask it with a plain MATCH."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from crawler.corpus.fulltext import Index
from crawler.limits import INDEXED_CHARACTERS
from crawler.model import instant, stamp
from crawler.text.query import Alternative, parse, plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

MANY = 2000
"""Articles from which a word is common, and how many of the newest are looked through for it before all are. Looking
through 1,000 of 300,000 in vain took 2 to 6 ms, 5,000 12 to 31, 20,000 80."""

BEFORE, AFTER = 24, 72
"""Characters of an excerpt before and after the start of its first hit: two lines of a terminal in Chinese."""


@dataclass(frozen=True, slots=True)
class _Last:
    """The articles that an alternative finds from `first` on; 0 where these are all."""

    alternative: Alternative
    articles: set[int]
    first: int


_Rows = tuple[Alternative, list[dict[str, Any]]]
"""An alternative and the articles that it finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One article that a query found.

    Attributes:
        when: published, or first seen where the page does not say.
        excerpt: of the body around the first hit, one line; the title's place is taken when only it has one.
        hits: (start, end) of each hit in `excerpt`, in characters.
    """

    article_id: int
    url: str
    outlet: str | None
    lang: str | None
    story_id: int | None
    when: datetime
    title: str
    excerpt: str
    hits: tuple[tuple[int, int], ...]


class Search(Index):
    """The full-text index of a corpus, as it is asked."""

    def search(
        self,
        query: str,
        *,
        outlet: str | None = None,
        lang: str | None = None,
        story: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        newest: bool = False,
        limit: int = 20,
    ) -> list[Found]:
        """Return the covered articles that a query finds, best first.

        Best are those with the words in the headline; among these, and among the rest, the newest. A word that `MANY`
        articles hold is looked for in the `MANY` newest articles, and in all of them only where these have not enough.

        Args:
            query: anything a person types, in either script; see query.py.
            outlet: as articles.outlet has it.
            lang: `zh` takes zh-TW too.
            story: stories.id.
            since: published (or first seen) at or after; aware.
            until: likewise, before.
            newest: by time alone.
            limit: results at most.

        Raises:
            CorpusError: the file cannot be read. No query is an error; one without letters or digits finds nothing.
        """
        where, values = _filters(outlet=outlet, lang=lang, story=story, since=since, until=until)
        alternatives = parse(query)
        if not (outlet or lang or story is not None):  # else the newest articles may hold none
            lasts = [self._last(one) for one in alternatives]
            if any(last.first for last in lasts):
                best = self._best(self._lately(lasts, where, values), newest=newest, limit=limit)
                if len(best) >= limit:
                    return best
        rows = [(one, self._every(one, where, values)) for one in alternatives]
        return self._best(rows, newest=newest, limit=limit)

    def _every(self, alternative: Alternative, where: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        return self.rows(_CANDIDATES.format(where=where), {**values, "match": alternative.match})

    def _lately(self, lasts: Sequence[_Last], where: str, values: dict[str, Any]) -> list[_Rows]:
        """Return what each alternative finds: a rare one everywhere, a common one among the newest and those."""
        rare = {last.alternative: self._every(last.alternative, where, values) for last in lasts if not last.first}
        newest = self.rows(_NEWEST.format(where=where), {**values, "many": MANY})
        pool = list({row["id"]: row for rows in (newest, *rare.values()) for row in rows}.values())
        return [
            (
                last.alternative,
                [row for row in pool if self._is_hit(last, row["id"])] if last.first else rare[last.alternative],
            )
            for last in lasts
        ]

    def _best(self, found: Sequence[_Rows], *, newest: bool, limit: int) -> list[Found]:
        """Return the best of what alternatives find."""
        ranks: dict[int, tuple[bool, str]] = {}
        by: dict[int, list[Alternative]] = {}
        for alternative, rows in found:
            for row in rows:
                headline = not newest and _in_headline(plain(row["title"]), alternative)
                ranks[row["id"]] = max(ranks.get(row["id"], (False, "")), (headline, row["moment"]))
                by.setdefault(row["id"], []).append(alternative)
        order = sorted(ranks, key=lambda article: (ranks[article], article), reverse=True)
        read = (self._read(article, by[article]) for article in order)
        return list(islice((one for one in read if one), max(0, limit)))

    def _last(self, alternative: Alternative) -> _Last:
        articles = {row["rowid"] for row in self.rows(_LAST, {"match": alternative.match, "many": MANY})}
        return _Last(alternative, articles, min(articles) if len(articles) == MANY else 0)

    def _is_hit(self, last: _Last, article_id: int) -> bool:
        if article_id >= last.first:
            return article_id in last.articles
        # published lately, and seen long ago
        return self.value(_IS_HIT, (last.alternative.match, article_id)) is not None

    def _read(self, article_id: int, alternatives: list[Alternative]) -> Found | None:
        """Read one candidate; None when its text lacks what the index could not decide."""
        (row,) = self.rows(_ARTICLE, (article_id,))
        folded = plain(f"{row['title']}\n{row['body']}")
        if not any(_holds(folded, alternative) for alternative in alternatives):
            return None
        excerpt, hits = excerpt_of(row["title"], row["body"], alternatives)
        return Found(
            article_id=article_id,
            url=row["url"],
            outlet=row["outlet"],
            lang=row["lang"],
            story_id=row["story_id"],
            when=instant(row["moment"]),
            title=row["title"],
            excerpt=excerpt,
            hits=hits,
        )


def excerpt_of(title: str, body: str, alternatives: Sequence[Alternative]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return one line of a text around its first hit, and the hits in it as offsets into that line."""
    words = [word for alternative in alternatives for word in alternative.words]
    for text in (body, title):
        folded = plain(text)
        spans = sorted(hit.span() for word in words for hit in word.pattern.finditer(folded))
        if spans:
            break
    else:
        text, spans = body, [(0, 0)]
    start = max(0, spans[0][0] - BEFORE)
    end = min(len(text), spans[0][0] + AFTER)
    line = "".join(" " if char.isspace() else char for char in text[start:end])
    head = "…" if start else ""
    shift = len(head) - start
    hits = tuple((left + shift, min(right, end) + shift) for left, right in spans if left < min(right, end))
    return head + line + ("…" if end < len(text) else ""), _apart(hits)


def _apart(hits: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """Join hits that overlap, so that a marker never opens inside another."""
    merged: list[tuple[int, int]] = []
    for left, right in hits:
        if merged and left < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(right, merged[-1][1]))
        else:
            merged.append((left, right))
    return tuple(merged)


def _in_headline(title: str, alternative: Alternative) -> bool:
    return all(word.pattern.search(title) for word in alternative.words)


def _holds(folded: str, alternative: Alternative) -> bool:
    wanted, unwanted = alternative.unsure()
    if len(folded) > INDEXED_CHARACTERS:  # what is not in the index may still be in the text
        unwanted = [*alternative.without]
    return all(word.pattern.search(folded) for word in wanted) and not any(
        word.pattern.search(folded) for word in unwanted
    )


def _filters(**asked: Any) -> tuple[str, dict[str, Any]]:
    given = {
        name: stamp(value) if name in {"since", "until"} else value
        for name, value in asked.items()
        if value is not None
    }
    return "".join(f" AND {_WHERE[name]}" for name in given), given


_WHERE = {
    "outlet": "outlet = :outlet",
    "lang": "(lang = :lang OR substr(lang, 1, length(:lang) + 1) = :lang || '-' COLLATE NOCASE)",
    "story": "story_id = :story",
    "since": "coalesce(published_at, first_seen_at) >= :since",
    "until": "coalesce(published_at, first_seen_at) < :until",
}

_CANDIDATES = """
SELECT id, title, coalesce(published_at, first_seen_at) AS moment FROM coverage
WHERE id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH :match){where}
"""

_LAST = "SELECT rowid FROM articles_fts WHERE articles_fts MATCH :match ORDER BY rowid DESC LIMIT :many"

_IS_HIT = "SELECT 1 FROM articles_fts WHERE articles_fts MATCH ? AND rowid = ?"

_NEWEST = """
SELECT id, title, coalesce(published_at, first_seen_at) AS moment FROM coverage WHERE true{where}
ORDER BY coalesce(published_at, first_seen_at) DESC, id DESC LIMIT :many
"""
"""By the index of `articles` over that time."""

_ARTICLE = """
SELECT url, outlet, lang, story_id, coalesce(published_at, first_seen_at) AS moment, title, body
FROM coverage WHERE id = ?
"""
