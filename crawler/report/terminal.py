"""What the commands print: rows to lines of text, no wider than the terminal, Chinese counted as it is drawn."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from crawler.text.grams import WIDE
from crawler.text.plural import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crawler.corpus.search import Found

CONTEXT = 30
"""Characters shown on either side of a term that decided."""

DEEPEST = 12
"""Levels of copies of copies that are told apart: a text told anew every day hangs on that of the day before, and where
the indent leaves no room a line is broken and the indent lost."""

WORDS = 1000
"""Characters of what an edit took away or brought that are printed; `--json` has all of them."""

LAST = 20
"""Columns that the last column of a table keeps, or else it gets a line of its own."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_CLOSING = "、，。！？；：）」』》”’…\\]"
_TOKEN = re.compile(
    rf"[（「『《“‘\[]{{0,8}}+(?:https?://\S+|[^\s{WIDE}{_CLOSING}（「『《“‘\[]+|[^\s（「『《“‘\[])[{_CLOSING}]*\s*|\S\s*"
)


def width(text: str) -> int:
    """Return how many columns a terminal gives this text."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else not unicodedata.combining(char) for char in text)


def fit(text: str, columns: int, keep: str = "") -> str:
    """Return the text cut to so many columns, with an ellipsis where it was cut, on one line.

    White space is one space each, but for the text's beginning where it is `keep`.
    """
    text = keep + " ".join(text.removeprefix(keep).split())
    if width(text) <= columns:
        return text
    kept, used = "", 1
    for char in text:
        used += width(char)
        if used > columns:
            break
        kept += char
    return f"{kept}…"


def wrap(text: str, columns: int, indent: int = 2) -> list[str]:
    """Return a line as lines of so many columns, the further ones indented below the first.

    Broken between words and between Chinese characters, never before closing punctuation. A URL is never broken: it
    stands on a line of its own, so that it can be copied.
    """
    lead = len(text) - len(text.lstrip())
    hang = " " * min(lead + indent, columns // 2)
    lines: list[str] = []
    line, used, empty = " " * lead, lead, True
    for found in _TOKEN.finditer(text, lead):
        token = found[0]
        size, breaks = width(token.rstrip()), "://" not in token
        if not empty and used + size > columns:
            lines.append(line.rstrip())
            line, used, empty = hang, len(hang), True
        while used + size > columns and breaks:  # wider than a whole line
            head = _head(token, columns - used)
            lines.append(line + head)
            token, size = token[len(head) :], size - width(head)
            line, used = hang, len(hang)
        line, used, empty = line + token, used + width(token), empty and not token.strip()
    return lines if empty and lines else [*lines, line.rstrip()]


def _head(token: str, columns: int) -> str:
    """Return as much of the beginning as so many columns hold, and one character at least."""
    used = 0
    for end, char in enumerate(token):
        used += width(char)
        if used > columns and end:
            return token[:end]
    return token


def within(lines: Iterable[str], terminal: int) -> Iterable[str]:
    """Give lines no wider than the terminal."""
    for line in lines:
        yield from wrap(line, terminal) if width(line) > terminal else (line,)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], terminal: int = 80) -> Iterable[str]:
    """Give the rows as lines under a heading; the last column takes what is left of `terminal` columns.

    Where too little is left, instants are told by their day; and where that is not enough, each row stands on as many
    lines as it needs, the further ones indented, the last column on a line of its own.
    """
    cells = [[*columns], *([_cell(row[name]) for name in columns] for row in rows)]
    if not _fits(cells, terminal):
        cells = [[cell[:10] if _INSTANT.fullmatch(cell) else cell for cell in line] for line in cells]
    widths = [min(max(map(width, column)), terminal - 2) for column in zip(*cells, strict=True)]
    shares = [list(range(len(columns)))] if _fits(cells, terminal) else _shares(widths, terminal)
    for line in cells:
        for number, share in enumerate(shares):
            room = terminal - 2 * (number > 0) - sum(widths[index] + 2 for index in share[:-1])
            held = [(fit(line[index], widths[index]), widths[index]) for index in share[:-1]]
            parts = [cell + " " * (size - width(cell)) for cell, size in held]
            yield " " * (2 * (number > 0)) + "  ".join([*parts, fit(line[share[-1]], max(room, 1))]).rstrip()


def _fits(cells: Sequence[Sequence[str]], terminal: int) -> bool:
    """Say whether all columns fit beside each other, the last cut to LAST at most."""
    *others, last = (max(map(width, column)) for column in zip(*cells, strict=True))
    return sum(others) + 2 * len(others) + min(last, LAST) <= terminal


def _shares(widths: Sequence[int], terminal: int) -> list[list[int]]:
    """Return which columns stand on which line of a row: as many as fit, the last alone."""
    shares: list[list[int]] = [[]]
    for index in range(len(widths) - 1):
        indent = 2 * (len(shares) > 1)
        if shares[-1] and indent + sum(widths[each] + 2 for each in shares[-1]) + widths[index] > terminal:
            shares.append([])
        shares[-1].append(index)
    return [*filter(None, shares), [len(widths) - 1]]


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
        yield _headed(f"{article.when:%Y-%m-%d}  {article.outlet or '-'}: ", article.title, terminal)
        yield from within((f"  {marked(article.excerpt, article.hits)}", f"  {article.url}"), terminal)
    if not articles:
        yield "nothing found"


def _headed(before: str, title: str, terminal: int, after: str = "") -> str:
    """Return a title on one line with what stands before and after it; where the two leave nothing, the line is cut."""
    return fit(f"{before}{fit(title, max(12, terminal - width(before) - width(after)))}{after}", terminal, before)


def marked(text: str, hits: Sequence[tuple[int, int]]) -> str:
    """Return a text with each (start, end) set in brackets."""
    for start, end in sorted(hits, reverse=True):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


def edits(rows: Sequence[Mapping[str, Any]], terminal: int = 80) -> Iterable[str]:
    """Give the edits: when, where, and the words that went and came."""
    for row in rows:
        yield _headed(f"{row['seen_at']}  {row['outlet'] or '-'}: ", row["title"], terminal)
        yield from within(
            (f"  removed: {_short(row['removed'])}", f"  added:   {_short(row['added'])}", f"  {row['url']}"), terminal
        )


def _short(words: str | None) -> str:
    """Return what an edit took away or brought, cut where it is long."""
    if words is None or len(words) <= WORDS:
        return words or "-"
    return f"{words[:WORDS]}… ({len(words):,} characters: --json has them all)"


def why(answer: Mapping[str, Any], terminal: int = 80) -> Iterable[str]:
    """Give the story of one URL: where it was seen, how each visit ended, what judged it, what it copies."""
    yield from within(_why(answer), terminal)


def _why(answer: Mapping[str, Any]) -> Iterable[str]:
    article, lead = answer["article"], answer["lead"]
    yield answer["url"]
    if article:
        yield f"  article {article['id']}: {article['title']}"
        yield f"    {article['outlet'] or 'outlet unknown'}, published {article['published_at'] or 'unknown'}"
    elif lead:
        yield f"  lead: {lead['title'] or 'no title'}, found {lead['found_at']}"
    yield from map(_sighting, answer["sightings"])
    for visit in answer["visits"]:
        yield f"  visited {visit['at']}: {visit['ending']} ({visit['reason']})"
    if answer["gone_since"]:
        stays = "; what it said is kept" if article else ""
        yield f"  gone since {answer['gone_since']}{stays}"
    if lead and lead["next_visit_at"]:
        again = "is visited again" if article else "waits for a visit"
        tried = f", after {lead['tries']} tries" if lead["tries"] else ""
        yield f"  {again}, due {lead['next_visit_at']}{tried}"
    if answer["verdict"]:
        yield from _verdict(answer["verdict"], article)
    yield from _copies(answer)
    yield from _revisions(answer)
    if answer["story"]:
        yield f"  story {answer['story']['id']}: {answer['story']['headline']}"


def _sighting(seen: Mapping[str, Any]) -> str:
    said = f", who dates it {seen['published_at']}" if seen["published_at"] and not seen["own"] else ""
    title = f" as {seen['title']}" if seen["title"] else ""
    return f"  seen in {seen['source_id']} at {seen['seen_at']}{title}{said}"


def _revisions(answer: Mapping[str, Any]) -> Iterable[str]:
    article = answer["article"]
    for revision in answer["revisions"][:1]:
        if revision["origin"]:
            yield f"  its first text is not fetched here{_from(revision)}"
    if article and article["doubtful"]:
        yield f"  doubtful, and visited again: another site's source may have given its {article['doubtful']}"
    for revision in answer["revisions"][1:]:
        yield f"  revision {revision['rev']} at {revision['seen_at']}{_from(revision)}:"
        if revision["removed"] is None:
            yield "    the page's own text beside one that a source carried: no edit"
            continue
        yield f"    removed: {_short(revision['removed'])}"
        yield f"    added:   {_short(revision['added'])}"


def _from(revision: Mapping[str, Any]) -> str:
    return f", from a {revision['origin']}" if revision["origin"] else ""


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
    yield from within(
        (
            f"story {answer['id']}: {answer['headline']}",
            f"  {answer['first_at']} to {answer['last_at']}: {counts(answer)}",
        ),
        terminal,
    )
    for article in answer["coverage"]:
        when = article["published_at"] or f"{article['first_seen_at']} (seen)"
        copied = "  " * min(article["depth"], DEEPEST) + ("↳ " if article["depth"] else "")
        edits = f" (revision {article['revisions']})" if article["revisions"] > 1 else ""
        yield from within((f"  {when}  {copied}{article['outlet'] or '-'}{edits}",), terminal)
        yield f"      {fit(article['title'], max(12, terminal - 6))}"
        yield f"      {article['url']}"


def counts(row: Mapping[str, Any]) -> str:
    """Return a story's counts in words."""
    copies = row["articles"] - row["voices"]
    return (
        f"{counted(row['articles'], 'article')} in {counted(row['outlets'], 'outlet')}, "
        f"{row['voices']} independent, {counted(copies, 'copy', 'copies')}"
    )


def status(answer: Mapping[str, Any]) -> Iterable[str]:
    """Give the state of a corpus at a glance; the caller sees to the width (`within`)."""
    last, success = answer["last_run"], answer["last_success"]
    yield f"{answer['path']} (topic {answer['topic']}, {answer['bytes'] / 1e6:.1f} MB on disk)"
    revisions, stories = counted(answer["revisions"], "revision"), counted(answer["stories"], "story", "stories")
    yield f"  {counted(answer['articles'], 'article')}, {revisions}, {stories}"
    waiting = f", the oldest since {answer['oldest_lead']}" if answer["oldest_lead"] else ""
    yield f"  {counted(answer['backlog'], 'lead waits', 'leads wait')} for a visit{waiting}"
    if doubtful := answer["doubtful"]:
        yield f"  {counted(doubtful, 'article', 'articles')} to be visited again: date or text may be of another site"
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
