"""List pages to leads, by the CSS rules of the topic file: item, link, title, date."""

from __future__ import annotations

import warnings
from itertools import islice
from typing import TYPE_CHECKING

import soupsieve
from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning

from crawler import limits
from crawler.errors import SourceError
from crawler.isolation.worker_thread import in_own_thread
from crawler.limits import LEADS_PER_ANSWER, LISTING_CHARACTERS, LISTING_ITEM_NODES, LISTING_NODES
from crawler.model import Answer, Lead
from crawler.sources.answers import decoded, excerpt, line, web_url
from crawler.sources.http_signals import http_signals
from crawler.text import dates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from bs4 import Tag

    from crawler.model import Source


def parse(body: bytes, *, url: str, headers: Mapping[str, str], source: Source, now: datetime) -> Answer:
    """Return the leads of a list page.

    `source.rules` are CSS selectors: `item` picks the entries, the others look inside each. Without `link` the item
    itself, or its first `a`, is the link; without `title` its title is the link's text; `date` is read from an
    attribute `datetime` where there is one, else from the text, relative to `now` (3分钟前).

    Args:
        body: the answer, content-encoding undone.
        url: the final URL; relative links count from here, or from the page's `<base>`.
        headers: lower-case names.
        source: whose `rules` are applied, and whose `timezone` dates without a zone are in.
        now: when it was fetched, aware.

    Raises:
        SourceError: the page is no HTML, or no element matches: its layout has changed.
    """
    text, charset = decoded(body, headers, source)
    if "<" not in text or len(text) > LISTING_CHARACTERS:
        raise SourceError(
            source.id, f"the answer is no HTML page of at most {LISTING_CHARACTERS} characters: {excerpt(text)}"
        )
    soup = in_own_thread(_soup, text)
    rule = source.rules.get("item", "a[href]")
    try:
        items = soup.select(rule, limit=LEADS_PER_ANSWER)
        base = web_url(_attribute(soup.select_one("base[href]"), "href"), url) or url
        leads = [lead for item in _entries(items) if (lead := _lead(item, base, source, now))]
    except soupsieve.SelectorSyntaxError as error:
        raise SourceError(source.id, f"a rule is no CSS selector: {str(error).splitlines()[0]}") from error
    if not items:
        raise SourceError(source.id, f"no element matches the rule item = {rule!r}: the layout has changed")
    return Answer(
        leads=tuple(leads), signals=http_signals(headers, now), dropped=len(items) - len(leads), charset=charset
    )


def _soup(text: str) -> BeautifulSoup:
    with warnings.catch_warnings():  # XHTML with its XML declaration, and pages that hold nearly nothing
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        return BeautifulSoup(text, "lxml")


def _entries(items: Iterable[Tag]) -> Iterator[Tag]:
    """Yield the items that are entries of a list, until `LISTING_NODES` nodes are in them."""
    left = LISTING_NODES
    for item in items:
        far = next(islice(item.next_elements, LISTING_ITEM_NODES, None), None)
        if far is not None and any(parent is item for parent in islice(far.parents, LISTING_ITEM_NODES + 1)):
            continue
        left -= sum(1 for _ in islice(item.descendants, LISTING_ITEM_NODES))
        if left < 0:
            return
        yield item


def _lead(item: Tag, base: str, source: Source, now: datetime) -> Lead | None:
    link = _chosen(item, source.rules.get("link", "a[href]"))
    href = web_url(_attribute(link, "href"), base)
    if link is None or href is None:
        return None
    titled = _chosen(item, source.rules["title"]) if "title" in source.rules else link
    moment, raw = _dated(item, source, now)
    return Lead(url=href, title=_title(titled, link) or None, published_at=moment, published_raw=raw)


def _chosen(item: Tag, rule: str) -> Tag | None:
    """Return the first match inside the item, or the item where it matches itself."""
    return item.select_one(rule) or (item if soupsieve.match(rule, item) else None)


def _title(titled: Tag | None, link: Tag) -> str:
    """Return the title; the `title` attribute holds it whole where the text is cut off."""
    said = line(titled.get_text(" ", strip=True)) if titled is not None else ""
    whole = line(_attribute(titled, "title") or _attribute(link, "title"))
    cut = said.rstrip(".…")
    return whole if not said or (cut != said and whole.startswith(cut)) else said


def _dated(item: Tag, source: Source, now: datetime) -> tuple[datetime | None, str | None]:
    rule = source.rules.get("date")
    cell = _chosen(item, rule) if rule else None
    if cell is None:
        return None, None
    said = list(_spellings(cell))
    for text in said:
        if moment := dates.parse(text, now=now, timezone=source.timezone):
            return moment.at, moment.raw
    return None, next(iter(said), "")[: limits.DATE_CHARACTERS] or None


def _spellings(cell: Tag) -> Iterator[str]:
    """Yield where a cell may hold its date, the most exact first."""
    for element, name in ((cell, "datetime"), (cell.select_one("time[datetime]"), "datetime"), (cell, "title")):
        if said := line(_attribute(element, name)):
            yield said
    if said := line(cell.get_text(" ", strip=True)):
        yield said


def _attribute(element: Tag | None, name: str) -> str:
    value = element.get(name) if element is not None else None
    return value if isinstance(value, str) else ""
