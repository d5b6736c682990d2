"""What a publisher reserves of a page: noarchive, nosnippet, and text and data mining.

Said in the page (`<meta name="robots">`), in its headers (X-Robots-Tag), or for TDM (TDMRep, W3C Community Group report
of 2024-05-10) in a header, a meta element, or `/.well-known/tdmrep.json`. Where they disagree, the reservation counts.
What is reserved is kept as headline, address, date and a snippet, unless the topic file says otherwise. Pure.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crawler.model import Article, Verdict

AGENT = "houxu"
"""The name that robots.txt, meta elements and X-Robots-Tag know us by."""

SNIPPET = 200
"""Characters of a reserved body that are kept: the length of a description in a list of search results."""

_META = re.compile(rb"<meta\s([^<>]{1,2000})>", re.IGNORECASE)
_NAMED = re.compile(f"robots|tdm-reservation|{AGENT}".encode(), re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"""([\w-]{1,40})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_BETWEEN = re.compile(r"[\s,;]+")
_BREAKS_RULE = re.compile(r"[\s#]")
_DIRECTIVES = ("noarchive", "nosnippet", "max-snippet: 0")
_WITH_VALUE = ("max-snippet", "max-image-preview", "max-video-preview", "unavailable_after")


def reserved(body: bytes, headers: Mapping[str, str]) -> str | None:
    """Return what a page reserves and where it says so, None when it reserves nothing.

    Args:
        body: in an encoding that holds ASCII.
        headers: lower-case names; several of one name joined by a comma and the end of a line.
    """
    return ", ".join(dict.fromkeys(f"{what} ({where})" for what, where in _said(body, headers))) or None


def mining_reserved(tdmrep: str, url: str) -> str | None:
    """Return that a host's tdmrep.json reserves text and data mining of a URL, None when it does not.

    Its locations are robots.txt's patterns, so that the longest which matches decides; a broken file reserves nothing.
    """
    from protego import Protego

    try:
        said = json.loads(tdmrep)
    except (ValueError, RecursionError):
        return None
    rules = ["User-agent: *"]
    for rule in said if isinstance(said, list) else ():
        location = rule.get("location") if isinstance(rule, dict) else None
        if isinstance(location, str) and not _BREAKS_RULE.search(location):
            rules.append(f"{'Disallow' if _is_one(rule.get('tdm-reservation')) else 'Allow'}: {location}")
    allowed = Protego.parse("\n".join(rules)).can_fetch(url, AGENT)
    return None if allowed else "tdm-reservation (tdmrep.json)"


def noted(article: Article, verdict: Verdict, said: str, *, whole: bool) -> tuple[Article, Verdict]:
    """Return an article with what its publisher reserves as evidence, and its verdict.

    Unless it is kept `whole`, its body is cut to a snippet, and the verdict's terms to those within.
    """
    article = replace(article, evidence={**article.evidence, "reserved": said})
    if whole or len(article.body) <= SNIPPET:
        return article, verdict
    hits = tuple(hit for hit in verdict.hits if hit.field != "body" or hit.end <= SNIPPET)
    return replace(article, body=f"{article.body[:SNIPPET].rstrip()}…"), replace(verdict, hits=hits)


def _said(body: bytes, headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if _is_one(headers.get("tdm-reservation", "")):
        yield "tdm-reservation", "header"
    for line in headers.get("x-robots-tag", "").split("\n"):  # an agent's name holds for its own
        for word in _words(line):
            yield word, "X-Robots-Tag"
    for found in filter(lambda found: _NAMED.search(found[1]), _META.finditer(body)):
        attributes = {
            name.lower(): (double or single or bare).decode("latin-1")
            for name, double, single, bare in _ATTRIBUTE.findall(found[1])
        }
        name, content = attributes.get(b"name", "").lower(), attributes.get(b"content", "")
        if name == "tdm-reservation" and _is_one(content):
            yield "tdm-reservation", "meta"
        if name in {"robots", AGENT}:
            for word in _words(content):
                yield word, "meta"


def _words(said: str) -> Iterator[str]:
    """Yield what a robots directive asks of us: `noarchive`, but not `googlebot: noarchive`."""
    ours = True
    for part in said.lower().split(","):
        agent, colon, rest = (word.strip() for word in part.partition(":"))
        if colon and agent not in _WITH_VALUE:
            ours = agent in {AGENT, "*"}
            agent, rest = rest, ""
        directive = f"{agent}: {rest}" if rest else agent
        if ours and directive in _DIRECTIVES:
            yield "nosnippet" if rest else directive


def _is_one(said: Any) -> bool:
    return said == 1 or (isinstance(said, str) and "1" in _BETWEEN.split(said))
