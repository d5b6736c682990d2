"""What may be stored: every value from the web passes here on its way into the corpus, and comes out clean and short.

Titles and names are one line without HTML, links lead to http(s), texts hold no character that breaks a reader, and
nothing is longer than a person would ever need. Under it the connection (corpus/base.py) cleans every string it binds,
so that what some later code forgets to send through here cannot break a row either.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from crawler import limits
from crawler.errors import Unreadable
from crawler.limits import (
    AUTHORS_PER_ARTICLE,
    BODY_CHARACTERS,
    NAME_CHARACTERS,
    PLACES_PER_TERM,
    QUOTATION_CHARACTERS,
    REASON_CHARACTERS,
    TERM_PLACES,
    TITLE_CHARACTERS,
    URL_CHARACTERS,
    VALIDATOR_CHARACTERS,
)
from crawler.text.folding import clean, one_line, unstacked
from crawler.text.web_addresses import is_web_url, without_credentials

if TYPE_CHECKING:
    from crawler.model import Article, Hit, Lead, Visit

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")


def article(said: Article) -> Article:
    """Return an article as it may be stored; to be called before it is judged, so that offsets hold.

    Raises:
        Unreadable: its URL is none, or nothing is left of its text.
    """
    if not is_web_url(said.url):
        raise Unreadable("store", f"no web address: {one_line(said.url, 80)!r}")
    body = unstacked(clean(said.body)[:BODY_CHARACTERS]).rstrip()
    if not body:
        raise Unreadable("store", "no text is left when unprintable characters are taken out")
    authors = [name for each in said.authors[:AUTHORS_PER_ARTICLE] if (name := one_line(each, NAME_CHARACTERS))]
    return replace(
        said,
        title=one_line(said.title, TITLE_CHARACTERS),
        body=body,
        authors=tuple(authors),
        outlet=_name(said.outlet),
        credited_source=_name(said.credited_source),
        published_raw=_name(said.published_raw, limits.DATE_CHARACTERS),
        published_tz=_name(said.published_tz, limits.DATE_CHARACTERS),
        lang=said.lang if said.lang and _LANGUAGE.fullmatch(said.lang) else None,
        image=said.image if said.image and is_web_url(said.image) else None,
        evidence={one_line(key, 40): one_line(where, NAME_CHARACTERS) for key, where in said.evidence.items()},
    )


def lead(said: Lead) -> Lead | None:
    """Return a lead as it may be stored, None when its URL leads nowhere a crawl may go.

    Its body is HTML by definition and is kept as such until the visit, cut to the length of an article.
    """
    if not is_web_url(said.url):
        return None
    return replace(
        said,
        title=_name(said.title, TITLE_CHARACTERS),
        outlet=_name(said.outlet),
        published_raw=_name(said.published_raw, limits.DATE_CHARACTERS),
        body=clean(said.body[:BODY_CHARACTERS]) or None if said.body else None,
    )


def quotation(said: str | None) -> str | None:
    """Return the beginning of a text that a source carried of another site's page, on one line and without HTML."""
    return _name(said[: QUOTATION_CHARACTERS * 8], QUOTATION_CHARACTERS) if said else None


def visit(said: Visit) -> Visit:
    """Return a visit as it may be stored: its reason may quote the page that failed, its URL is where a link led."""
    return replace(said, url=address(said.url), reason=reason(said.reason))


def address(said: str) -> str:
    """Return where a page was fetched as it may be stored: a redirect may lead to one of any length."""
    return without_credentials(clean(said))[:URL_CHARACTERS]


def reason(said: str) -> str:
    """Return why something ended, on one line; what it names in angle brackets stays."""
    return " ".join(clean(said[: REASON_CHARACTERS * 8]).split())[:REASON_CHARACTERS].rstrip()


def hits(found: tuple[Hit, ...]) -> tuple[Hit, ...]:
    """Return the first `PLACES_PER_TERM` hits of each term in each field, and `TERM_PLACES` in all, in their order.

    The first hit of a term in a field is kept in any case, so that none that a text mentions is lost.
    """
    if len(found) <= PLACES_PER_TERM:
        return found
    counts: dict[tuple[str, str], int] = {}
    kept: list[Hit] = []
    for hit in found:
        counts[hit.term, hit.field] = seen = counts.get((hit.term, hit.field), 0) + 1
        if seen == 1 or (seen <= PLACES_PER_TERM and len(kept) < TERM_PLACES):
            kept.append(hit)
    return tuple(kept)


def validator(said: str | None) -> str | None:
    """Return an ETag or Last-Modified as it may be sent back, None for one too long: cut it would never match."""
    return said if said and len(said) <= VALIDATOR_CHARACTERS and said.isprintable() else None


def _name(said: str | None, longest: int = NAME_CHARACTERS) -> str | None:
    return one_line(said, longest) or None if said else None
