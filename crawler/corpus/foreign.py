"""What a merge believes of another corpus: it may come from anybody, and nothing in it runs or names anything here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.errors import CorpusError

if TYPE_CHECKING:
    from crawler.corpus.store import Corpus

TABLES = (
    "meta",
    "sources",
    "hosts",
    "polls",
    "leads",
    "sightings",
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

_TRIGGERS = "SELECT sql FROM sqlite_master WHERE sql LIKE 'CREATE%TRIGGER%'"


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
