"""Extract: a page becomes an article. Pure: bytes, headers and a URL in, an Article out.

    charset  bytes -> text          metadata  what the page declares      body      which blocks, with names, feeds
    tree     text -> tree           state     what its scripts carry        lines     which of their lines
    blocks   tree -> runs of text   sites     what the topic file says    title dates bylines language paywall
    plain    text without markup

Multi-page articles are read a page at a time: `next_page` says where one goes on, `join` puts two parts together.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from crawler.errors import Unreadable
from crawler.extract import bylines, paywall, script_state, tree
from crawler.extract import published as dates
from crawler.extract.blocks import blocks_of
from crawler.extract.body import body_of
from crawler.extract.declared import Facts
from crawler.extract.language import language_of
from crawler.extract.links import canonical, join, next_page
from crawler.extract.page_dates import Reader, day_first, zone_of
from crawler.extract.plain import is_plain, title_and_body
from crawler.extract.sites import Ruled, rule_for
from crawler.extract.title import title_of
from crawler.model import Article
from crawler.text.authority import own_lead, source_of
from crawler.text.charset import decode
from crawler.text.folding import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.model import Lead, Page, SiteRule

__all__ = ["extract", "join", "next_page"]

_SHOWN = 0.55
"""Share of the text a page carries out of sight below which what it shows is only the beginning: JSON-LD of 230 pages
was the better body below it, and the worse above (docs/evidence/extraction.md)."""


def extract(page: Page, sites: Sequence[SiteRule] = ()) -> Article:
    """Return what a page says, as an article.

    What a site rule selects wins over what the page says, and that over what its source said of the lead. That only
    fills gaps, and only where the source speaks for the page (crawler/text/authority.py). `evidence` says for each
    field where it was found: `lead of HOST` names who said it.

    Args:
        page: what one visit fetched.
        sites: CSS selectors per host.

    Raises:
        Unreadable: there is no HTML, or no article in it, and the lead brought none either.
    """
    page = replace(page, lead=own_lead(page.lead, page.url))
    try:
        article = _read(page, rule_for(page, sites))
    except Unreadable:
        said = _lead_text(page.lead)
        if not said:
            raise
        evidence = {"body": source_of(page.lead) if page.lead else ""}
        article = Article(url=page.url, title="", body=said, lang=page.lang, evidence=evidence)
    return _filled(article, page.lead)


def _read(page: Page, rule: SiteRule | None) -> Article:
    """Return the article without its lead's help; its title may be empty."""
    text, encoding = decode(page.body, page.headers)
    if is_plain(page, text):
        return _plain(page, text, encoding)
    ruled = Ruled(text, rule) if rule else None
    document = tree.parse(ruled.text if ruled else text)
    facts = Facts(document)
    blocks, named = blocks_of(document.body)
    title, title_where, heading = title_of(document, facts, blocks)
    body = body_of(document, blocks, named, title, heading)
    said, where = _said(page, document, facts, body.text)
    evidence = {"encoding": encoding, "title": title_where, "body": where}
    if ruled and ruled.body:
        said, evidence["body"] = ruled.body, "site rule"
    if ruled and ruled.title:
        title, evidence["title"] = ruled.title, "site rule"
    if not said:
        raise Unreadable("extract", "no article in the page: it shows no prose, and its scripts carry none")
    lang = language_of(said, document, facts) or page.lang
    zone = page.timezone or zone_of(page.url, lang)
    reader = Reader(page.fetched_at, zone, day_first=day_first(page.url, lang))
    published = dates.published(reader, document, facts, body, heading, title, page.url)
    if ruled and (moment := reader.read(ruled.date)):
        published = dates.Dated(moment, "site rule")
    modified = dates.declared(reader, facts, "modified")
    authors, evidence["authors"] = bylines.authors_of(facts, body.blocks, heading, chinese=lang == "zh")
    if ruled and ruled.author:
        authors, evidence["authors"] = bylines.split(ruled.author), "site rule"
    source, evidence["credited_source"] = bylines.credited_source(facts, body.blocks, heading, chinese=lang == "zh")
    evidence["paywalled"] = paywall.sign_of(facts, blocks, said)
    evidence["published_at"] = published.where if published else ""
    if published:
        evidence["published_tz"] = "said" if published.moment.zone else "assumed"
    outlet, image = facts.first("outlet"), facts.first("image")
    url, evidence["url"] = canonical(page.url, facts)
    return Article(
        url=url,
        title=clean(title),
        body=clean(said),
        authors=authors,
        outlet=outlet.value.strip() if outlet else None,
        credited_source=source,
        published_at=published.moment.at if published else None,
        published_raw=published.moment.raw if published else None,
        published_tz=published.moment.zone or zone if published else None,
        day_only=published is not None and not published.moment.precise,
        modified_at=modified.moment.at if modified else None,
        lang=lang,
        image=urljoin(page.url, image.value.strip()) if image else None,
        paywalled=bool(evidence["paywalled"]),
        evidence={field: where for field, where in evidence.items() if where},
    )


def _plain(page: Page, text: str, encoding: str) -> Article:
    """Return the article of a page without markup: a changelog, a model card's source."""
    title, body = title_and_body(text)
    if not body:
        raise Unreadable("extract", "the page is empty")
    document = tree.parse("<p>")
    lang = language_of(body, document, Facts(document)) or page.lang
    evidence = {"encoding": encoding, "title": "first heading", "body": "plain text"}
    return Article(url=page.url, title=title, body=body, lang=lang, evidence=evidence)


def _said(page: Page, document: tree.Document, facts: Facts, shown: str) -> tuple[str, str]:
    """Return the text of the article and where it is: shown, or carried out of sight where little of it is shown."""
    longer, where = script_state.declared(facts)
    if len(shown.encode()) < script_state.LEAST:
        if not longer:
            longer, where = script_state.scripted(document)
        if not longer:
            longer, where = _lead_text(page.lead), source_of(page.lead) if page.lead else ""
    return (longer, where) if len(shown) < _SHOWN * len(longer) else (shown, "text")


def _lead_text(lead: Lead | None) -> str:
    """Return the text that the source itself carried."""
    if lead is None or not lead.body or not lead.body.strip():
        return ""
    blocks, _ = blocks_of(tree.parse(lead.body).body)
    return clean("\n".join(block.text for block in blocks))


def _filled(article: Article, lead: Lead | None) -> Article:
    """Return the article with its gaps filled by what the source said of it."""
    if lead is None:
        return article
    evidence = dict(article.evidence)
    if not article.title and lead.title:
        article, evidence["title"] = replace(article, title=clean(lead.title)), source_of(lead)
    if article.published_at is None and lead.published_at:
        article = replace(article, published_at=lead.published_at, published_raw=lead.published_raw)
        evidence["published_at"] = source_of(lead)
    elif article.published_at and article.day_only and lead.published_at:
        since = lead.published_at - article.published_at  # which is the first instant of that day, where the page is
        if timedelta(0) < since < timedelta(days=1):
            article = replace(article, published_at=lead.published_at, day_only=False)
            evidence["published_at"] += f", its time from the {source_of(lead)}"
    if article.outlet is None and lead.outlet:
        article, evidence["outlet"] = replace(article, outlet=lead.outlet), source_of(lead)
    return replace(article, evidence=evidence)
