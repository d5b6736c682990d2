"""What Datasette says of the corpus: tables and columns described, facets, and the analyst's questions as queries.

Columns are described by the comments of schema.sql, so that there is one place to write
them; the questions are
those of questions.sql beside it.
"""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

TABLES = {
    "articles": "An identity: a canonical URL, its outlet, its story and its place in a reprint tree.",
    "articles_fts": "The full-text index: MATCH '小米 罗福莉' as typed; rowid is articles.id.",
    "hosts": "Manners that survive a run, per host.",
    "leads": "A URL to be visited, once, however many sources show it.",
    "lookalikes": "Texts that resemble each other but are about another day: never an edge of a tree.",
    "matches": "A copy and what it copies, with the evidence.",
    "mentions": "Where a term of the topic stands in a text.",
    "meta": "The topic, versions, and the state of what is derived.",
    "polls": "One request to a source.",
    "revisions": "One text ever seen under an article's URL, and the words that changed.",
    "runs": "One crawl, with a count per word of the sentence.",
    "sightings": "Where else a lead was seen, and under which title.",
    "sources": "Where leads come from, and when each is polled next.",
    "spellings": "Another address under which a lead was shown, tried before the lead ends.",
    "stories": "A thread of coverage.",
    "claims": "What the seed said, as the topic file has it.",
    "claim_sightings": "A sentence that states a claim: the number, who is quoted, and how it relates to the seed's.",
    "verdicts": "One judgement, off-topic ones included, with the terms that decided.",
    "visits": "One attempt to fetch a lead, with its one ending and reason.",
    "coverage": "The latest text of every article that is on topic.",
    "timeline": "The coverage in time order.",
    "voices": "Independent texts and copies, per story.",
    "first_report": "Who was first, per story, and by how much.",
    "reprint_tree": "Who copied whom.",
    "edits": "What was changed after the fact: the words removed and added.",
    "claim_timeline": "What was said of each claim, text by text.",
    "ledger": "The values said of a claim: who was first, how many independent texts, how many copies.",
    "contradictions": "Who says what cannot be true beside a claim.",
    "mutations": "The first text in which another value appears, and what it copied from.",
    "other_scopes": "Values that look like another and cover something else.",
    "edited_numbers": "Which edit changed which number.",
    "gone": "Articles whose page was taken down, and since when.",
    "funnel": "How the visits to each source's leads ended.",
    "quiet_sources": "Sources that went silent, by their own past.",
}

HIDDEN = (
    "_sqlite_migrations",
    "sketches",
    "sqlite_sequence",
    "terms",
    "tombstones",
    "unsettled",
    "vectors",
)
"""Tables that only houxu reads."""

FACETS = {
    "coverage": ["outlet", "lang"],
    "timeline": ["outlet", "copy"],
    "edits": ["outlet"],
    "visits": ["ending"],
    "verdicts": ["relevant", "rule"],
    "sources": ["health", "kind", "lang"],
    "leads": ["ending"],
    "matches": ["kind"],
    "reprint_tree": ["kind"],
    "mentions": ["term"],
    "claim_timeline": ["claim_id", "relation", "lang"],
    "ledger": ["claim_id", "relation"],
    "mutations": ["claim_id", "relation"],
}


def questions() -> dict[str, tuple[str, str]]:
    """Return the questions of questions.sql by name: what is asked, and the SQL that answers."""
    found = re.findall(r"^-- (\w+): (.+)\n((?:(?!-- ).*\n)+)", _text("questions.sql"), re.MULTILINE)
    return {name: (title, sql.strip().rstrip(";")) for name, title, sql in found}


def _text(name: str) -> str:
    return resources.files("crawler.corpus").joinpath(name).read_text(encoding="utf-8")


def columns() -> dict[str, dict[str, str]]:
    """Return the description of every column that the schema comments, by table."""
    described: dict[str, dict[str, str]] = {}
    table = ""
    for line in _text("schema.sql").splitlines():
        if opened := re.match(r"CREATE TABLE (\w+) \(", line):
            table = opened[1]
        elif found := re.match(r"  (\w+) +[A-Z].*?-- (.+)$", line):
            described.setdefault(table, {})[found[1]] = found[2]
    return described


def metadata(database: str, topic: str) -> dict[str, Any]:
    """Return Datasette's metadata for a corpus file named `database`."""
    said = columns()
    tables: dict[str, Any] = {
        name: {"description": text, "columns": said.get(name, {}), "facets": FACETS.get(name, [])}
        for name, text in TABLES.items()
    }
    tables |= {name: {"hidden": True} for name in HIDDEN}
    tables["articles"]["label_column"] = "url"
    tables["stories"]["label_column"] = "headline"
    return {
        "title": f"houxu: {topic}",
        "description": "Coverage of one story, collected and deduplicated. Times are UTC.",
        "databases": {
            database: {
                "description": "The corpus. Questions worth asking are under Queries.",
                "tables": tables,
                "queries": {name: {"title": title, "sql": sql} for name, (title, sql) in questions().items()},
            }
        },
    }
