"""What must hold of every text in a corpus, whatever the web sent: asked of every column of every table."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crawler import limits
from crawler.text.folding import without_markup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.corpus.store import Corpus

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
LINES = {"title", "outlet", "credited_source", "headline", "published_raw", "reason", "error", "health_why", "term"}
"""Columns that are one line."""

PLAIN = {"title", "outlet", "credited_source", "headline"}
"""Columns in which HTML would be shown as text."""

URLS = {"url", "fetch_url", "image", "page_url", "moved_to", "topic_url"}
LONGEST = {
    **dict.fromkeys(("title", "headline"), limits.TITLE_CHARACTERS),
    **dict.fromkeys(("outlet", "credited_source"), limits.NAME_CHARACTERS),
    **dict.fromkeys(("published_raw", "published_tz"), limits.DATE_CHARACTERS),
    **dict.fromkeys(("reason", "error"), limits.REASON_CHARACTERS),
    **dict.fromkeys(("etag", "last_modified"), limits.VALIDATOR_CHARACTERS),
    **dict.fromkeys(URLS, limits.URL_CHARACTERS),
    "body": limits.BODY_CHARACTERS,
    "authors": limits.AUTHORS_PER_ARTICLE * (limits.NAME_CHARACTERS + 4) * 2,
    "terms": 2_000_000,
}
JSON = {"authors", "evidence", "terms", "features", "rates"}


def texts(corpus: Corpus) -> Iterator[tuple[str, str, str]]:
    """Yield (table, column, text) of everything stored, full-text tables' own aside."""
    tables = corpus.rows("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    for table in (row["name"] for row in tables if not row["name"].startswith("sqlite_")):
        for row in corpus.rows(f'SELECT * FROM "{table}"'):
            for column, value in row.items():
                if isinstance(value, str):
                    yield table, column, value


def unfit(corpus: Corpus) -> list[str]:
    """Return what is wrong with the texts of a corpus: empty when a reader can read every one."""
    return [f"{table}.{column}: {why}: {text[:80]!r}" for table, column, text in texts(corpus)
            for why in _wrong(table, column, text)] + _unreadable_json(corpus)  # fmt: skip


def _wrong(table: str, column: str, text: str) -> Iterator[str]:
    if CONTROL.search(text):
        yield "a control character"
    if any("\ud800" <= char <= "\udfff" for char in text):
        yield "a lone surrogate"
    if column in LINES and any(char in text for char in "\t\n\r"):
        yield "more than one line"
    if column in PLAIN and without_markup(text) != text:
        yield "HTML"
    if column in URLS and table != "meta" and urlsplit(text).scheme not in {"http", "https"}:
        yield "no web address"
    if len(text) > LONGEST.get(column, 10**9):
        yield f"{len(text)} characters"
    if column in JSON and table != "terms":
        yield from _wrong_inside(json.loads(text))


def _wrong_inside(value: Any) -> Iterator[str]:
    for text in _strings(value):
        if CONTROL.search(text) or any("\ud800" <= char <= "\udfff" for char in text):
            yield f"JSON that holds {text[:40]!r}"


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inside in value.items():
            yield key
            yield from _strings(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _strings(inside)


def _unreadable_json(corpus: Corpus) -> list[str]:
    """Ask SQLite itself: what it cannot extract, no query can."""
    columns = corpus.rows(
        "SELECT t.name AS tab, c.name AS col FROM pragma_table_list t JOIN pragma_table_info(t.name) c "
        "WHERE t.schema = 'main' AND t.type = 'table' AND c.type = 'TEXT'"
    )
    wrong = []
    for row in columns:
        table, column = row["tab"], row["col"]
        if column in JSON and table != "terms":
            bad = corpus.value(f'SELECT count(*) FROM "{table}" WHERE NOT json_valid("{column}")')
            corpus.rows(f"""SELECT json_extract("{column}", '$'), value FROM "{table}", json_tree("{column}")""")
            wrong += [f"{table}.{column}: {bad} texts that are no JSON"] if bad else []
    return wrong
