"""Whose word counts for an article: one rule, asked by every stage that takes a word from anywhere.

An article belongs to the host that served it. Its key is the address that really answered, after redirects, or another
on the same site that its page declares. Its text, date, outlet and authors are what that site served: the page itself,
and the answer of a source (a feed, a sitemap, an API) which the same site served, or which the topic file pairs with
the article's host. The site is the registered domain by the Public Suffix List. Everything else that is said of the
article - by a feed, list or search of another site, by a canonical link across sites, by a page that redirects to it,
by a cache or an archive - stays what another said: a sighting with its source. It neither fills, dates, renames nor
revises the article, and it does not keep the site's own address from being fetched.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from crawler.limits import URL_CHARACTERS
from crawler.text.urls import canonical_url, host_of, owner_of, served_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crawler.model import Lead

_HOME = re.compile(r"/?(?:(?:index|default|home)\.[a-z]{2,5})?", re.IGNORECASE)


def speaks_for(speaker: str, url: str, pairings: Iterable[str] = ()) -> bool:
    """Say whether what `speaker` served counts for the article at `url`; this is the rule of the module.

    Args:
        speaker: the URL that answered, after redirects.
        url: of the article, as it answered.
        pairings: hosts, with all below them, for which the topic file lets the speaker speak besides.
    """
    if owner_of(speaker) == owner_of(url):
        return owner_of(url) != ""
    host = host_of(url)
    return any(host == paired or host.endswith(f".{paired}") for paired in pairings)


def article_url(answered: str, declared: str | None = None) -> str:
    """Return the key of an article: its page's own, or the one that the page declares on its own site.

    A site's home page does not count: broken templates declare that on every page.

    Args:
        answered: where the page was fetched, absolute, after redirects.
        declared: `rel=canonical` or `og:url` as the page has it, possibly relative; None for none.
    """
    own, declared = served_url(answered), (declared or "").strip()
    if not declared or len(declared) > URL_CHARACTERS:
        return own
    try:
        said = canonical_url(urljoin(answered if len(answered) <= URL_CHARACTERS else "", declared))
        parts = urlsplit(said)
    except ValueError:
        return own
    home = _HOME.fullmatch(parts.path) and not parts.query
    return said if parts.scheme in {"http", "https"} and not home and speaks_for(own, said) else own


def own_lead(lead: Lead | None, answered: str) -> Lead | None:
    """Return what a source said of a page where that counts for the page, else None.

    Args:
        lead: with who said it; one without a speaker is its own site's.
        answered: where the page was fetched, after redirects.
    """
    if lead is None or not speaks_for(lead.speaker or lead.url, answered, lead.pairings):
        return None
    return lead


def source_of(lead: Lead) -> str:
    """Return what an article's `evidence` says of a field that a lead filled: whose word it is."""
    return f"lead of {host_of(lead.speaker or lead.url)}"


def is_carried(evidence: Mapping[str, str]) -> bool:
    """Say whether a text is one that a source carried, not the page's own."""
    return evidence.get("body", "").startswith("lead")


def is_doubtful(evidence: Mapping[str, str]) -> bool:
    """Say whether an earlier houxu read a text: it took words of any site, and did not note whose."""
    return any(where.endswith("lead") for where in evidence.values())
