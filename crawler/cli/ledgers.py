"""The command that shows what became of what was said."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from crawler.claims import Text
from crawler.claims import candidates as find_candidates
from crawler.cli.group import main
from crawler.cli.options import open_to_read, show_rows, terminal_width, with_db, with_json, with_topic
from crawler.report import ledger
from crawler.topic import reader as topics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.corpus.store import Corpus


@main.command()
@click.argument("claim_id", required=False, metavar="[ID]")
@with_topic
@with_db
@with_json
@click.option("--candidates", is_flag=True, help="Numbers no claim knows that independent texts keep saying.")
def claims(claim_id: str | None, topic_file: Path | None, db: Path, *, as_json: bool, candidates: bool) -> None:
    """Show what became of the seed's claims: every value, who said it first, how many others."""
    if candidates and claim_id is not None:
        raise click.UsageError("--candidates are numbers of no claim: leave ID out")
    topic = topics.load(topic_file)
    with open_to_read(db) as corpus:
        if candidates:
            found = find_candidates(topic, _texts(corpus))
            show_rows(ledger.candidates(found, terminal_width()), [asdict(each) for each in found], as_json=as_json)
            return
        known = corpus.claim_rows()
        if claim_id is not None:
            known = [claim for claim in known if claim["id"] == claim_id]
            if not known:
                raise click.ClickException(f"no claim {claim_id}; `houxu claims` lists them")
        rows = corpus.ledger(claim_id)
        stale = corpus.meta("topic_id") == topic.id and corpus.claims_are_stale(topic)
    if stale:
        click.echo("the claims, or how they are found, changed since older texts were read: run houxu rescan", err=True)
    if not known:
        click.echo("nothing was read with claims: they are [[claim]] tables of the topic file", err=True)
    show_rows(ledger.ledger(known, rows, terminal_width()), rows, as_json=as_json)


def _texts(corpus: Corpus) -> Iterator[Text]:
    for row in corpus.independent_texts():
        known = frozenset(corpus.known_numbers(row["revision_id"]))
        yield Text(**{key: row[key] for key in ("title", "body", "url", "outlet", "at", "copies")}, known=known)
