"""What the commands print: rows to lines of text, no wider than the terminal, Chinese counted as it is drawn."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crawler.corpus.search import Found

CONTEXT = 30
"""Characters shown on either side of a term that decided."""


def width(text: str) -> int:
    """Return how many columns a terminal gives this text."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else not unicodedata.combining(char) for char in text)


def fit(text: str, columns: int) -> str:
    """Return the text cut to so many columns, with an ellipsis where it was cut, on one line."""
    text = " ".join(text.split())
    if width(text) <= columns:
        return text
    kept, used = "", 1
    for char in text:
        used += width(char)
        if used > columns:
            break
        kept += char
    return f"{kept}…"


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], terminal: int = 80) -> Iterable[str]:
    """Give the rows as lines under a heading; the last column takes what is left of `terminal` columns."""
    cells = [[*columns], *([_cell(row[name]) for name in columns] for row in rows)]
    widths = [max(width(line[index]) for line in cells) for index in range(len(columns))]
    spare = terminal - 2 * (len(columns) - 1)
    widths[-1] = max(10, min(widths[-1], spare - sum(widths[:-1])))
    for line in cells:
        parts = [
            fit(text, room) + " " * (room - width(fit(text, room))) for text, room in zip(line, widths, strict=True)
        ]
        yield "  ".join(parts).rstrip()


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}"
    return " ".join(str(value).split())


def excerpt(text: str, start: int, end: int) -> str:
    """Return the words around a term with the term marked, on one line."""
    before, after = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
    dots = ("…" if start > CONTEXT else "", "…" if end + CONTEXT < len(text) else "")
    return " ".join(f"{dots[0]}{before}[{text[start:end]}]{after}{dots[1]}".split())


def found(articles: Sequence[Found], terminal: int = 80) -> Iterable[str]:
    """Give what a search found: date, outlet and headline, then the words around the hits, marked."""
    for article in articles:
        yield f"{article.when:%Y-%m-%d}  {article.outlet or '-'}: {fit(article.title, max(20, terminal - 26))}"
        yield f"  {marked(article.excerpt, article.hits)}"
        yield f"  {article.url}"
    if not articles:
        yield "nothing found"


def marked(text: str, hits: Sequence[tuple[int, int]]) -> str:
    """Return a text with each (start, end) set in brackets."""
    for start, end in sorted(hits, reverse=True):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


def edits(rows: Sequence[Mapping[str, Any]], terminal: int = 80) -> Iterable[str]:
    """Give the edits: when, where, and the words that went and came."""
    for row in rows:
        yield f"{row['seen_at']}  {row['outlet'] or '-'}: {fit(row['title'], max(20, terminal - 40))}"
        yield f"  removed: {row['removed']}"
        yield f"  added:   {row['added']}"
        yield f"  {row['url']}"


def why(answer: Mapping[str, Any]) -> Iterable[str]:
    """Give the story of one URL: where it was seen, how each visit ended, what judged it, what it copies."""
    article, lead = answer["article"], answer["lead"]
    yield answer["url"]
    if article:
        yield f"  article {article['id']}: {article['title']}"
        yield f"    {article['outlet'] or 'outlet unknown'}, published {article['published_at'] or 'unknown'}"
    elif lead:
        yield f"  lead: {lead['title'] or 'no title'}, found {lead['found_at']}"
    for seen in answer["sightings"]:
        yield f"  seen in {seen['source_id']} at {seen['seen_at']}" + (f" as {seen['title']}" if seen["title"] else "")
    for visit in answer["visits"]:
        yield f"  visited {visit['at']}: {visit['ending']} ({visit['reason']})"
    if lead and lead["next_visit_at"]:
        yield f"  waits for a visit, due {lead['next_visit_at']}, {lead['tries']} so far"
    if answer["verdict"]:
        yield from _verdict(answer["verdict"], article)
    yield from _copies(answer)
    for revision in answer["revisions"][1:]:
        yield f"  revision {revision['rev']} at {revision['seen_at']}:"
        yield f"    removed: {revision['removed']}"
        yield f"    added:   {revision['added']}"
    if answer["story"]:
        yield f"  story {answer['story']['id']}: {answer['story']['headline']}"


def _verdict(verdict: Mapping[str, Any], article: Mapping[str, Any] | None) -> Iterable[str]:
    relevant = "on topic" if verdict["relevant"] else "off topic"
    yield f"  verdict: {relevant}, score {verdict['score']:.2f}, rule {verdict['rule']}"
    for hit in verdict["terms"][:8]:
        text = article[hit["field"]] if article and hit["field"] in {"title", "body"} else None
        yield f"    {hit['role']} {hit['term']} in {hit['field']}" + (
            f": {excerpt(text, hit['start'], hit['end'])}" if text else ""
        )


def _copies(answer: Mapping[str, Any]) -> Iterable[str]:
    article = answer["article"]
    for match in answer["matches"]:
        mine = article and match["article_id"] == article["id"]
        other = match["to_url"] if mine else match["url"]
        yield f"  resembles {other}: {match['kind']}, score {match['score']:.2f} ({match['method']})"
        yield "    " + ", ".join(f"{name} {_cell(value)}" for name, value in match["features"].items())
    for match in answer["lookalikes"]:
        yield f"  looks like {match['to_url']}, but is about another day (score {match['score']:.2f})"
    if article and article["root_id"] != article["id"]:
        yield f"  copies {article['parent_url'] or article['root_url']}; the first text is {article['root_url']}"


def story(answer: Mapping[str, Any], terminal: int = 80) -> Iterable[str]:
    """Give a story: its headline and counts, then its articles in time order, copies indented."""
    yield f"story {answer['id']}: {answer['headline']}"
    yield f"  {answer['first_at']} to {answer['last_at']}: {counts(answer)}"
    for article in answer["coverage"]:
        when = article["published_at"] or f"{article['first_seen_at']} (seen)"
        copied = "  " * article["depth"] + ("↳ " if article["depth"] else "")
        edits = f" (revision {article['revisions']})" if article["revisions"] > 1 else ""
        yield f"  {when}  {copied}{article['outlet'] or '-'}: {fit(article['title'], max(20, terminal - 40))}{edits}"
        yield f"      {article['url']}"


def counts(row: Mapping[str, Any]) -> str:
    """Return a story's counts in words."""
    copies = row["articles"] - row["voices"]
    return (
        f"{row['articles']} article{'s' * (row['articles'] != 1)} in {row['outlets']} "
        f"outlet{'s' * (row['outlets'] != 1)}, {row['voices']} independent, {copies} cop{'y' if copies == 1 else 'ies'}"
    )


def status(answer: Mapping[str, Any]) -> Iterable[str]:
    """Give the state of a corpus at a glance."""
    last, success = answer["last_run"], answer["last_success"]
    yield f"{answer['path']} (topic {answer['topic']}, {answer['bytes'] / 1e6:.1f} MB on disk)"
    yield f"  {answer['articles']} articles, {answer['revisions']} revisions, {answer['stories']} stories"
    waiting = f", the oldest since {answer['oldest_lead']}" if answer["oldest_lead"] else ""
    yield f"  {answer['backlog']} leads wait for a visit{waiting}"
    if last:
        ending = last["ending"] or "still running, or killed"
        yield f"  last run {last['started_at']} by {last['by']}: {ending}" + (
            f" ({last['note']})" if last["note"] else ""
        )
    yield f"  last success {success['ended_at'] if success else 'never'}"
    yield f"  next check {answer['next_check_at'] or 'none'}"
    yield "  endings: " + (", ".join(f"{name} {count}" for name, count in answer["endings"].items()) or "none")
    for source in answer["failing"]:
        yield f"  failing: {source['id']}, {source['errors']} times in a row: {source['error']}"
    yield "  log: nothing is logged to a file; `-v` logs to standard error, and cron mails what is printed"


def as_json(value: Any) -> str:
    """Return a value as indented JSON, Chinese as it is."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)
