"""Extract: a page becomes an article. Pure: bytes, headers and a URL in, an Article out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from crawler.errors import Unreadable
from crawler.extract import bylines, dates, state, tree
from crawler.extract.blocks import blocks_of
from crawler.extract.body import body_of
from crawler.charset import decode
from crawler.extract.language import language_of
from crawler.extract.metadata import Facts
from crawler.extract.title import title_of
from crawler.model import Article
from crawler.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.model import Page, SiteRule

_SHOWN = 0.55
"""Share of the text a page carries in its scripts below which what it shows is only the beginning."""

__all__ = ["extract"]


def extract(page: Page, sites: Sequence[SiteRule] = ()) -> Article:  # noqa: ARG001  site rules follow
    """Return what a page says, as an article.

    What the page itself says wins; what its source said of the lead fills gaps; `evidence` says which.

    Args:
        page: what one visit fetched.
        sites: CSS selectors per host, which win over the generic way.

    Raises:
        Unreadable: there is no HTML, or no article in it, and the lead brought none either.
    """
    text, encoding = decode(page.body, page.headers)
    document = tree.parse(text)
    facts = Facts(document)
    blocks, named = blocks_of(document.body)
    title, title_where, heading = title_of(document, facts, blocks)
    body = body_of(document, blocks, named, title, heading)
    evidence = {"encoding": encoding, "title": title_where, "body": "text"}
    lead = page.lead
    if not title and lead and lead.title:
        title, evidence["title"] = lead.title, "lead"
    said = body.text
    shadow, where = state.declared(facts)
    if not shadow and len(said.encode()) < state.LEAST:
        shadow, where = state.scripted(document)
    if len(said) < _SHOWN * len(shadow):
        said, evidence["body"] = shadow, where
    if not said:
        raise Unreadable("extract", "no article text in the page")
    lang = language_of(said, document, facts) or page.lang
    zone = page.timezone or dates.zone_of(page.url, lang)
    reader = dates.Reader(page.fetched_at, zone)
    published = reader.published(document, facts, body.blocks, heading, title, page.url)
    modified = reader.declared(facts, "modified")
    if published:
        evidence["published_at"] = published.where
    elif lead and lead.published_at:
        evidence["published_at"] = "lead"
    authors, evidence["authors"] = bylines.authors_of(facts, body.blocks, heading, chinese=lang == "zh")
    source, evidence["credited_source"] = bylines.credited_source(facts, body.blocks, heading)
    outlet = facts.first("outlet")
    image = facts.first("image")
    return Article(
        url=_canonical(page.url, facts),
        title=clean(title),
        body=said,
        authors=authors,
        outlet=outlet.value if outlet else lead.outlet if lead else None,
        credited_source=source,
        published_at=published.moment.at if published else lead.published_at if lead else None,
        published_raw=published.moment.raw if published else lead.published_raw if lead else None,
        published_tz=(published.moment.zone or zone) if published else None,
        modified_at=modified.moment.at if modified else None,
        lang=lang,
        image=urljoin(page.url, image.value) if image else None,
        evidence={field: where for field, where in evidence.items() if where},
    )


def _canonical(url: str, facts: Facts) -> str:
    """Return the URL the page declares for itself when it is one of the same site and not its home page."""
    for field in ("canonical", "url"):
        fact = facts.first(field)
        if fact:
            said = urljoin(url, fact.value.strip())
            there, here = urlsplit(said), urlsplit(url)
            if (
                there.scheme in {"http", "https"}
                and there.path.strip("/")
                and _site(there.netloc) == _site(here.netloc)
            ):
                return said
    return url


def _site(host: str) -> str:
    return ".".join(host.lower().split(":")[0].rsplit(".", 2)[-2:])
