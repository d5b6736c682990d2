"""What may be stored: every value from the web passes here on its way into the corpus, and comes out clean and short.

Titles and names are one line without HTML, links lead to http(s), texts hold no character that breaks a reader, and
nothing is longer than a person would ever need. Under it the connection (corpus/base.py) cleans every string it binds,
so that what some later code forgets to send through here cannot break a row either.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.errors import Unreadable
from crawler.text import dates
from crawler.text.folding import clean, one_line, unstacked
from crawler.text.web_addresses import LONGEST_URL, is_web_url, without_credentials

if TYPE_CHECKING:
    from crawler.model import Article, Hit, Lead, Visit

LONGEST_TITLE = 500
LONGEST_NAME = 200
LONGEST_REASON = 300
LONGEST_VALIDATOR = 1024
LONGEST_BODY = 200_000
"""Characters: more than any article in 1,100 bench pages."""

MOST_AUTHORS = 20
MOST_PLACES = 100
"""Of one term in one field that are kept: a hostile text may say AI a hundred thousand times."""

MOST_HITS = 1000
"""Of all terms that are kept, but for the first of each: one that said every term wrote 562 kB at each visit."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")


def article(said: Article) -> Article:
    """Return an article as it may be stored; to be called before it is judged, so that offsets hold.

    Raises:
        Unreadable: its URL is none, or nothing is left of its text.
    """
    if not is_web_url(said.url):
        raise Unreadable("store", f"no web address: {one_line(said.url, 80)!r}")
    body = unstacked(clean(said.body)[:LONGEST_BODY]).rstrip()
    if not body:
        raise Unreadable("store", "no text is left when unprintable characters are taken out")
    authors = [name for each in said.authors[:MOST_AUTHORS] if (name := one_line(each, LONGEST_NAME))]
    return replace(
        said,
        title=one_line(said.title, LONGEST_TITLE),
        body=body,
        authors=tuple(authors),
        outlet=_name(said.outlet),
        credited_source=_name(said.credited_source),
        published_raw=_name(said.published_raw, dates.LONGEST),
        published_tz=_name(said.published_tz, dates.LONGEST),
        lang=said.lang if said.lang and _LANGUAGE.fullmatch(said.lang) else None,
        image=said.image if said.image and is_web_url(said.image) else None,
        evidence={one_line(key, 40): one_line(where, LONGEST_NAME) for key, where in said.evidence.items()},
    )


def lead(said: Lead) -> Lead | None:
    """Return a lead as it may be stored, None when its URL leads nowhere a crawl may go.

    Its body is HTML by definition and is kept as such until the visit, cut to the length of an article.
    """
    if not is_web_url(said.url):
        return None
    return replace(
        said,
        title=_name(said.title, LONGEST_TITLE),
        outlet=_name(said.outlet),
        published_raw=_name(said.published_raw, dates.LONGEST),
        body=clean(said.body[:LONGEST_BODY]) or None if said.body else None,
    )


def visit(said: Visit) -> Visit:
    """Return a visit as it may be stored: its reason may quote the page that failed, its URL is where a link led."""
    return replace(said, url=address(said.url), reason=reason(said.reason))


def address(said: str) -> str:
    """Return where a page was fetched as it may be stored: a redirect may lead to one of any length."""
    return without_credentials(clean(said))[:LONGEST_URL]


def reason(said: str) -> str:
    """Return why something ended, on one line; what it names in angle brackets stays."""
    return " ".join(clean(said[: LONGEST_REASON * 8]).split())[:LONGEST_REASON].rstrip()


def hits(found: tuple[Hit, ...]) -> tuple[Hit, ...]:
    """Return the first `MOST_PLACES` hits of each term in each field, and `MOST_HITS` in all, in their order.

    The first hit of a term in a field is kept in any case, so that none that a text mentions is lost.
    """
    if len(found) <= MOST_PLACES:
        return found
    counts: dict[tuple[str, str], int] = {}
    kept: list[Hit] = []
    for hit in found:
        counts[hit.term, hit.field] = seen = counts.get((hit.term, hit.field), 0) + 1
        if seen == 1 or (seen <= MOST_PLACES and len(kept) < MOST_HITS):
            kept.append(hit)
    return tuple(kept)


def validator(said: str | None) -> str | None:
    """Return an ETag or Last-Modified as it may be sent back, None for one too long: cut it would never match."""
    return said if said and len(said) <= LONGEST_VALIDATOR and said.isprintable() else None


def _name(said: str | None, longest: int = LONGEST_NAME) -> str | None:
    return one_line(said, longest) or None if said else None
