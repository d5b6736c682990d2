"""What a merge believes of another corpus: it may come from anybody, and nothing in it runs or names anything here."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import sys
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from crawler.corpus.pages import Pages, is_laid
from crawler.corpus.store import Corpus
from crawler.errors import CorpusError, PageLost
from crawler.limits import (
    BODY_CHARACTERS,
    REASON_CHARACTERS,
    SHARD_JSON_CHARACTERS,
    SHARD_PAGE_BYTES,
    SHARD_ROBOTS_CHARACTERS,
    SHARD_URL_CHARACTERS,
    TITLE_CHARACTERS,
    URL_CHARACTERS,
)
from crawler.model import Ending, Hit, instant, stamp
from crawler.text.folding import unstacked
from crawler.text.web_addresses import is_web_url

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

log = logging.getLogger("houxu")

TABLES = (
    "meta",
    "sources",
    "hosts",
    "polls",
    "leads",
    "sightings",
    "spellings",
    "visits",
    "verdicts",
    "articles",
    "revisions",
    "tombstones",
)
"""What a merge reads of a shard."""

_LAID = """
SELECT x.name, x.type, x."notnull", x.pk, x.hidden, l.type AS kind, l.wr, l.strict, f."table"
FROM pragma_table_list(:table) l JOIN pragma_table_xinfo(:table) x
LEFT JOIN pragma_foreign_key_list(:table) f ON f."from" = x.name
WHERE l.schema = 'main' ORDER BY x.name
"""
"""A view may never end, and a column's name may be half a statement: only tables laid as ours are read."""

_COLUMNS = 'SELECT name, type AS kind, "notnull" AS required FROM pragma_table_info(?) ORDER BY cid'

LARGEST = 10**12
"""Of whole numbers: sums of these fit a column."""

_TYPES = {
    "TEXT": "typeof({0}) = 'text' AND instr({0}, char(0)) = 0",  # `length` counts up to a NUL
    "INTEGER": f"typeof({{0}}) = 'integer' AND {{0}} BETWEEN 0 AND {LARGEST}",
    "REAL": f"typeof({{0}}) IN ('real', 'integer') AND {{0}} BETWEEN -{LARGEST} AND {LARGEST}",
}

_ENDING = f"ending IN ({', '.join(repr(each.value) for each in Ending)})"

_RULES = {
    "sources": {"url": "is_web(url)", "topic_url": "is_web(topic_url)", "rates": "is_rates(rates)"},
    "hosts": {"robots": f"length(robots) <= {SHARD_ROBOTS_CHARACTERS}",
              "tdmrep": f"length(tdmrep) <= {SHARD_ROBOTS_CHARACTERS}",
              "crawl_delay": "crawl_delay BETWEEN 0 AND 30"},
    "leads": {"url": "is_web(url)", "fetch_url": "is_web(fetch_url)", "ending": _ENDING,
              "title": f"length(title) <= {TITLE_CHARACTERS}", "body": f"length(body) <= {BODY_CHARACTERS}",
              "pairings": "is_names(pairings)"},
    "sightings": {"url": "is_web(url)", "title": f"length(title) <= {TITLE_CHARACTERS}"},
    "spellings": {"url": "is_web(url)"},
    "visits": {"ending": _ENDING, "reason": f"length(reason) <= {REASON_CHARACTERS}"},
    "verdicts": {
        "url": "article_id IS NULL OR (is_web(url) AND "
               "(visit_id IS NULL OR is_web((SELECT v.url FROM visits v WHERE v.id = visit_id))))",
        "terms": "is_hits(terms)",
    },
    "articles": {"url": "is_web(url)"},
    "revisions": {"title": f"length(title) <= {TITLE_CHARACTERS}",
                  "body": f"length(body) BETWEEN 1 AND {BODY_CHARACTERS} AND is_unstacked(body)",
                  "authors": "is_names(authors)", "evidence": "is_places(evidence)", "removed": "1", "added": "1"},
    "tombstones": {"what": "length(what) = 64"},
}  # fmt: skip
"""What a value must be beside its type; others are instants, by their names, or bounded by `SHARD_URL_CHARACTERS`."""

_RATE_LISTS = {"day", "hour", "week"}

_TRIGGERS = "SELECT sql FROM sqlite_master WHERE sql LIKE 'CREATE%TRIGGER%'"


class Shard(Corpus):
    """Somebody's corpus, opened to be merged. Its pages are welcome, and nothing but them is lost where there are none.

    Its `pages` raise PageLost, never another error.
    """

    _lost: PageLost | None = None

    def _miss_pages(self) -> None:
        """Say nothing yet: `pages` does, in a word for shards."""

    @property
    def pages(self) -> Pages:
        """The raw pages, each of them checked when it is read.

        Raises:
            PageLost: their file is missing, damaged, or another thing.
        """
        if self._lost is None and self._pages is None:
            try:
                self._pages = _Pages(self.path, read_only=self._read_only)
            except CorpusError as error:
                self._lost = PageLost(error.path, error.reason)
                log.warning("%s; texts are merged without their pages", error)
        if self._pages is None:
            raise self._lost or PageLost(self.path, "no pages")
        return self._pages


class _Pages(Pages):
    def __init__(self, corpus: Path | str, *, read_only: bool) -> None:
        super().__init__(corpus, read_only=read_only)
        if not is_laid(self.conn):
            self.conn.close()
            raise CorpusError(self.path, "damaged, or not laid as houxu lays a pages file")

    def packed(self, sha256: str) -> tuple[str, int, bytes]:
        """Return a page packed, if it is what its key says."""
        try:
            key, _, body = super().packed(sha256)
            plain = zstd.ZstdDecompressor().decompress(body, SHARD_PAGE_BYTES)
        except PageLost:
            raise
        except (CorpusError, TypeError, ValueError, zstd.ZstdError) as error:
            raise PageLost(self.path, f"page {sha256} is damaged: {error}") from error
        if hashlib.sha256(plain).hexdigest() != sha256:
            raise PageLost(self.path, f"page {sha256} is another than its key says")
        return key, len(plain), body


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what a malformed shard breaks into a CorpusError that names it."""
    try:
        yield
    except (ValueError, TypeError, KeyError, sqlite3.Error) as error:
        why = f"cannot be merged: {type(error).__name__}: {error}"
        raise CorpusError(path, f"{why}; leave this file out") from error


def check_tables(corpus: Corpus, shard: Corpus) -> None:
    """See that the tables a merge reads are laid in a shard as they are here, and that it brings no trigger of its own.

    Raises:
        CorpusError: they are not.
    """
    for table in TABLES:
        asked = {"table": table}
        if shard.rows(_LAID, asked) != corpus.rows(_LAID, asked):
            raise CorpusError(shard.path, f"its table {table} is not laid as houxu lays it: this is no shard to merge")
    ours = {row["sql"] for row in corpus.rows(_TRIGGERS)}
    if any(row["sql"] not in ours for row in shard.rows(_TRIGGERS)):
        raise CorpusError(shard.path, "has a trigger that is not of houxu: drop it, or leave this file out")


def check_rows(corpus: Corpus, shard: Corpus) -> None:
    """See that every value a merge may read is one that houxu itself may have written; `check_tables` comes before.

    Raises:
        CorpusError: one is not; it names the table and the column.
    """
    for name, test in _TESTS.items():
        shard.conn.create_function(name, 1, _held(test), deterministic=True)
    for table in TABLES[1:]:
        column = shard.value(_wrong(corpus, table))
        if column is not None:
            raise _refused(shard, f"its {table}.{column} holds what houxu never writes")
        for row in shard.rows(f"PRAGMA foreign_key_check({table})"):
            raise _refused(shard, f"its {table} name rows of {row['parent']} that are not there")


def _refused(shard: Corpus, why: str) -> CorpusError:
    return CorpusError(shard.path, f"{why}: nothing of it was merged; leave this file out")


def _wrong(corpus: Corpus, table: str) -> str:
    """Return a query for the name of a column of which a value is not what it must be."""
    columns = corpus.rows(_COLUMNS, (table,))
    cases = " ".join(f"WHEN ({_test_of(table, **each)}) IS NOT TRUE THEN '{each['name']}'" for each in columns)
    return f"SELECT wrong FROM (SELECT CASE {cases} END AS wrong FROM {table}) WHERE wrong IS NOT NULL LIMIT 1"


def _test_of(table: str, name: str, kind: str, required: int) -> str:
    """Return the SQL that is true of a value which may stand in a column."""
    is_time = name == "at" or name.endswith(("_at", "_since"))
    rule = _RULES.get(table, {}).get(
        name, f"is_instant({name})" if is_time else f"length({name}) <= {SHARD_URL_CHARACTERS}"
    )
    test = f"{_TYPES[kind].format(name)} AND ({rule})"
    return test if required else f"{name} IS NULL OR ({test})"


def _held(test: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return a test that what it cannot read fails."""

    def held(value: Any) -> bool:
        try:
            return bool(test(value))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            return False

    return held


def _is_web(url: str) -> bool:
    return len(url) <= SHARD_URL_CHARACTERS and is_web_url(url[:URL_CHARACTERS])


def _is_unstacked(text: str) -> bool:
    return unstacked(text) == text


def _is_instant(text: str) -> bool:
    return stamp(instant(text)) == text


def _read(text: str) -> Any:
    if len(text) > SHARD_JSON_CHARACTERS:
        raise ValueError(len(text))
    return json.loads(text)


def _is_hits(text: str) -> bool:
    """Say whether this is what `add_verdict` writes."""
    names = {each.name for each in fields(Hit)}
    return all(
        hit.keys() == names
        and all(isinstance(hit[name], str) for name in ("term", "role", "field"))
        and all(type(hit[name]) is int and 0 <= hit[name] <= BODY_CHARACTERS for name in ("start", "end"))
        for hit in _list(_read(text))
    )


def _is_names(text: str) -> bool:
    return all(isinstance(name, str) for name in _list(_read(text)))


def _is_places(text: str) -> bool:
    said = _read(text)
    return isinstance(said, dict) and all(isinstance(where, str) for where in said.values())


def _is_rates(text: str) -> bool:
    """Say whether these are what a cadence learns: numbers, and lists of them, none below 0; a time may be missing."""
    return all(
        0 <= number <= LARGEST
        for name, value in _read(text).items()
        if (name, value) != ("last", None)
        for number in (value if name in _RATE_LISTS else [value])
    )


def _list(said: Any) -> list[Any]:
    if not isinstance(said, list):
        raise TypeError(type(said))
    return said


_TESTS: dict[str, Callable[[Any], bool]] = {
    "is_web": _is_web,
    "is_instant": _is_instant,
    "is_unstacked": _is_unstacked,
    "is_hits": _is_hits,
    "is_names": _is_names,
    "is_places": _is_places,
    "is_rates": _is_rates,
}
