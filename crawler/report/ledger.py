"""The ledger of claims as a person would read it: each value, who said it first, how many others, in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.report import terminal as show
from crawler.text.plural import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crawler.model import Candidate

_RELATIONS = {
    "repeats": "the same",
    "rounds": "less exactly",
    "changes": "another value",
    "contradicts": "contradicts it",
    "other_scope": "of another scope",
    "unclear": "unclear",
}


def ledger(claims: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], terminal: int = 80) -> Iterable[str]:
    """Give the claims, each with the values that were said of it, the claim's own first.

    Args:
        claims: as `Corpus.claim_rows` gives them.
        rows: as `Corpus.ledger` gives them.
        terminal: columns.
    """
    return show.within(_ledger(claims, rows), terminal)


def _ledger(claims: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    for claim in claims:
        said = f", said on {claim['said_on']}" if claim["said_on"] else ""
        yield f"{claim['id']}: {claim['name']}{said}"
        mine = [row for row in rows if row["claim_id"] == claim["id"]]
        for row in mine:
            yield from _value(row)
        if not mine:
            yield "  no text says it"


def _value(row: Mapping[str, Any]) -> Iterable[str]:
    relation = _RELATIONS[row["relation"]]
    scope = f" ({row['scope'] or row['baseline']})" if row["relation"] == "other_scope" and _named(row) else ""
    yield f"  {row['first_raw']}: {relation}{scope}; {texts(row['texts'], row['copies'])}"
    quoted = f", quoting {row['first_quoted']}" if row["first_quoted"] else ""
    last = f"; last {row['last_at'][:10]}" if row["last_at"][:10] != row["first_at"][:10] else ""
    yield f"    first {row['first_at'][:10]} {row['first_outlet'] or '-'}{quoted}{last}"
    yield f"    “{show.fit(row['first_sentence'], 160)}”"
    yield f"    {row['first_url']}"


def _named(row: Mapping[str, Any]) -> bool:
    return bool(row["scope"] or row["baseline"])


def texts(independent: int, copies: int) -> str:
    """Return how many texts say it: copies are no second witness."""
    said = counted(independent, "independent text")
    return f"{said}, {counted(copies, 'copy', 'copies')}" if copies else said


def candidates(found: Sequence[Candidate], terminal: int = 80) -> Iterable[str]:
    """Give the numbers that no claim knows, the most told first."""
    return show.within(_candidates(found), terminal)


def _candidates(found: Sequence[Candidate]) -> Iterable[str]:
    for each in found:
        yield f"{each.subject}, {each.word}: {each.raw}"
        yield f"  {texts(each.texts, each.copies)}; first {each.first_at[:10]} {each.first_outlet or '-'}"
        yield f"  “{show.fit(each.sentence, 160)}”"
        yield f"  {each.url}"
    if not found:
        yield "no number that the topic does not know was said by two independent texts"
