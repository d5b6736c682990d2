"""RSS 0.9x, 1.0, 2.0 and Atom: the entries of an XML document, as written.

lxml's tree is walked directly. fastfeedparser is faster (1.2 ms of CPU against 3.7, for 100 entries of 2 kB) and loses
what cannot be had back: the date as written, and that it had no zone; it makes UTC of that, eight hours off for Chinese
feeds. feedparser keeps both and takes 16 ms, 110 with its sanitizer: it reads what lxml cannot.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from lxml import etree

from crawler import limits
from crawler.errors import SourceError
from crawler.limits import FEEDPARSER_CHARACTERS, LEAD_BODY_CHARACTERS, LEADS_PER_ANSWER, NESTED_BASES, URL_CHARACTERS
from crawler.model import Lead
from crawler.sources.answers import Parts, line, name_of, plain, web_url, words, xml_root, xml_text
from crawler.text import dates
from crawler.text.folding import clean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from crawler.model import Source

LEAST_BODY = 600
"""Characters of a description that count as the article itself: several Chinese feeds carry it there whole. Teasers end
well below; a judgement, not a measurement."""

MORE_TEXT = 2 * 1024 * 1024
"""Characters that all entries may hold beyond those of their document. Entries inside each other's descriptions say one
text again and again, and markup names its namespaces again in each element: 66 kB made 447 MB."""

_DECLARED = re.compile(r"\A\s*<\?[^>]*>")

_DECLARATION = b"<?xml version='1.0' encoding='utf-8'?>\n"
"""Feedparser looks for one with a pattern that, on a first line made for it, takes half a minute for 68 KB."""

_LONG_BASE = re.compile(r"""\sxml:base\s*+=\s*+(?:"[^"]{2000,}+"|'[^']{2000,}+')""", re.IGNORECASE)
"""Longer than any address; feedparser joins it with every element's, two seconds for one of 80 kB."""

_ENTRY = re.compile(r"<(?:[a-z0-9]+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_LINKS_ELSEWHERE = {"self", "edit", "enclosure", "replies", "via", "hub", "next", "prev", "license", "search"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as its feed wrote it: nothing cleaned, nothing judged. `base` is what `link` is relative to."""

    link: str
    base: str
    title: str = ""
    date: str = ""
    body: str = ""
    summary: str = ""
    outlet: str = ""

    @property
    def size(self) -> int:
        """How many characters it holds."""
        return sum(map(len, (self.link, self.title, self.date, self.body, self.summary, self.outlet)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A feed: the first 1,000 of its `total` entries, and its head, which holds the signals, where lxml found it."""

    entries: tuple[Entry, ...]
    total: int
    head: etree._Element | None
    note: str | None = None


def document(text: str, url: str, source: Source) -> Document:
    """Return what an XML feed holds, by lxml, or by feedparser where that finds more entries.

    Raises:
        SourceError: it is no feed.
    """
    text = xml_text(text, source)
    try:
        read = _by_lxml(text, url, source)
        problem = None
    except SourceError as error:
        read, problem = Document(entries=(), total=0, head=None), error
    wanted = len(_ENTRY.findall(text))
    if wanted > read.total and len(text) <= FEEDPARSER_CHARACTERS:
        other = _by_feedparser(text, url)
        if len(other) > read.total:
            note = "not well-formed: read by feedparser"
            return Document(entries=other[:LEADS_PER_ANSWER], total=len(other), head=read.head, note=note)
    if problem is not None:
        raise problem
    return read


def lead_of(
    entry: Entry, source: Source, now: datetime, *, title: str | None = None, visitable: bool = True
) -> Lead | None:
    """Return an entry as a lead, None when its link leads nowhere a crawl may go.

    `title` is one that is text already; without it the entry's, which may hold HTML, is read.
    """
    link = web_url(entry.link, entry.base)
    if link is None:
        return None
    moment = dates.parse(entry.date, now=now, timezone=source.timezone)
    body = clean(entry.body or (entry.summary if len(entry.summary) >= LEAST_BODY else ""))
    return Lead(
        url=link,
        title=(plain(entry.title) if title is None else title) or None,
        published_at=moment.at if moment else None,
        published_raw=line(entry.date)[: limits.DATE_CHARACTERS] or None,
        outlet=plain(entry.outlet) or None,
        body=body if 0 < len(body) <= LEAD_BODY_CHARACTERS else None,
        visitable=visitable,
    )


def _by_lxml(text: str, url: str, source: Source) -> Document:
    root = xml_root(text, source)
    kind = name_of(root)
    entries = [element for element in root.iter() if name_of(element) in {"item", "entry"}]
    if kind not in {"rss", "rdf", "feed", "channel"} and not entries:
        raise SourceError(source.id, f"the answer is XML but no feed: its root is <{kind}>")
    channel = None if kind in {"feed", "channel"} else Parts(root).one("channel")
    head = root if channel is None else channel
    site = urljoin_or(url, "" if kind == "feed" else Parts(head).text("link"))
    known: dict[etree._Element, tuple[str, int]] = {}
    read: list[Entry] = []
    left = len(text) + MORE_TEXT
    for element in entries[:LEADS_PER_ANSWER]:
        read.append(_entry(element, _base(element, site, known)))
        left -= read[-1].size
        if left < 0:
            break
    return Document(entries=tuple(read), total=len(entries), head=head)


def _entry(element: etree._Element, base: str) -> Entry:
    parts = Parts(element)
    source = parts.one("source")
    return Entry(
        link=next(_links(element, parts), ""),
        base=base,
        title=parts.text("title", "dc:title", "media:title"),
        date=parts.text("pubdate", "published", "issued", "dc:date", "date", "dcterms:issued", "updated", "modified"),
        body=_content(parts),
        summary=parts.text("description", "summary"),
        outlet=parts.text("news:source")
        or Parts(source).text("title")
        or (words(source) if source is not None else ""),
    )


def _links(element: etree._Element, parts: Parts) -> Iterator[str]:
    """Yield an entry's links, the best first: what FeedBurner's redirects hide, the page itself, what names it."""
    links = parts.all("link")
    yield from filter(None, (words(child) for child in (*parts.all("feedburner:origlink"), *links)))
    for wanted in ({"alternate", ""}, None):
        for link in links:
            relation = link.get("rel", "").lower()
            if link.get("href") and (relation in wanted if wanted else relation not in _LINKS_ELSEWHERE):
                yield link.get("href", "")
    for child in parts.all("guid", "id"):
        if child.get("isPermaLink", "true").lower() == "true":
            yield words(child)
    yield from (str(value) for name, value in element.attrib.items() if str(name).endswith("}about"))


def _content(parts: Parts) -> str:
    """Return the HTML that an entry carries whole: content:encoded, or Atom's content."""
    if encoded := parts.text("content:encoded"):
        return encoded
    for child in parts.all("content"):
        if child.get("src"):
            continue
        if child.get("type", "").lower() in {"xhtml", "application/xhtml+xml"}:
            return _markup(child)
        return words(child)
    return ""


def _markup(element: etree._Element) -> str:
    """Return the markup inside an element; of one longer than `LEAD_BODY_CHARACTERS` as much as shows that it is."""
    parts, size = [], 0
    for child in element:
        parts.append(etree.tostring(child, encoding="unicode", with_tail=True))
        size += len(parts[-1])
        if size > LEAD_BODY_CHARACTERS:
            break
    return "".join(parts)


def _base(element: etree._Element, site: str, known: dict[etree._Element, tuple[str, int]]) -> str:
    """Return the site's URL with the first `NESTED_BASES` of `xml:base` from the root down applied.

    `known` has those of the elements asked before, and how many made them: a thousand entries may have one parent.
    """
    way = []
    here: etree._Element | None = element
    while here is not None and here not in known:
        way.append(here)
        here = here.getparent()
    base, joined = (site, 0) if here is None else known[here]
    for each in reversed(way):
        said = each.get(_XML_BASE, "")
        if said and joined < NESTED_BASES:
            base, joined = urljoin_or(base, said), joined + 1
        known[each] = base, joined
    return base


def urljoin_or(base: str, href: str) -> str:
    """Return the joined URL, or `base` where `href` is none that can be joined, or longer than an address may be."""
    href = href.strip()
    if len(href) > URL_CHARACTERS:
        return base
    try:
        joined = urljoin(base if len(base) <= URL_CHARACTERS else "", href)
    except ValueError:
        return base
    return joined if joined.startswith(("http://", "https://")) and len(joined) <= URL_CHARACTERS else base


def _by_feedparser(text: str, url: str) -> tuple[Entry, ...]:
    import feedparser  # 90 ms, and few feeds need it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            read = feedparser.parse(
                _DECLARATION + _LONG_BASE.sub("", _DECLARED.sub("", text, count=1)).encode(),
                response_headers={"content-type": "application/xml; charset=utf-8"},
                sanitize_html=False,
                resolve_relative_uris=False,
            )
        except Exception:  # noqa: BLE001  it promises none and raises many on broken input
            return ()
    base = urljoin_or(url, str(read.feed.get("link") or ""))
    return tuple(
        Entry(
            link=str(entry.get("link") or entry.get("id") or ""),
            base=base,
            title=str(entry.get("title") or ""),
            date=str(dict.get(entry, "published") or dict.get(entry, "updated") or ""),
            body=str((entry.get("content") or [{}])[0].get("value") or ""),
            summary=str(entry.get("summary") or ""),
            outlet=str((entry.get("source") or {}).get("title") or ""),
        )
        for entry in read.entries
    )
