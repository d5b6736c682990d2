"""What a publisher reserves of a page: noarchive, nosnippet, and text and data mining.

Said in the page (`<meta name="robots">`), in its headers (X-Robots-Tag), or for TDM (TDMRep, W3C Community Group report
of 2024-05-10) in a header, a meta element, or `/.well-known/tdmrep.json`. Where they disagree, the reservation counts.
What is reserved is kept as headline, address, date and a snippet, unless the topic file says otherwise. Pure.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING, Any

from crawler.limits import RIGHTS_VALUE_BYTES
from crawler.text.charset import UTF_16_MARKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crawler.model import Article, Verdict

AGENT = "houxu"
"""The name that robots.txt, meta elements and X-Robots-Tag know us by."""

SNIPPET = 200
"""Characters of a reserved body that are kept: the length of a description in a list of search results."""

_META = re.compile(
    rb"""<(?i:meta)[\s/]
    ((?:[^<>=]++|<(?!(?i:meta))|=\s*+(?:"(?:[^"<]++|<(?!(?i:meta)))*+"|'(?:[^'<]++|<(?!(?i:meta)))*+')?+)*+)""",
    re.VERBOSE,
)
"""A meta element to its end. In a quoted value `>` ends nothing, but another meta element does: the quote was never
closed. It matches wherever one begins and gives nothing back, so that no byte is looked at many times."""

_AGENT = AGENT.encode()
_ATTRIBUTE = re.compile(rb"""(?<![^\s"'/=])([^\s"'/=]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"']++))""")
_BETWEEN = re.compile(r"[\s,;]+")
_BREAKS_RULE = re.compile(r"[\s#]")
_DIRECTIVES = {"noarchive": "noarchive", "nosnippet": "nosnippet", "max-snippet:0": "nosnippet"}
_WITH_VALUE = ("max-snippet", "max-image-preview", "max-video-preview", "unavailable_after")


def reserved(body: bytes, headers: Mapping[str, str]) -> str | None:
    """Return what a page reserves and where it says so, None when it reserves nothing.

    Args:
        body: in an encoding that holds ASCII, or UTF-16 with its mark.
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
    for name, content in _metas(body):
        if name == "tdm-reservation" and _is_one(content):
            yield "tdm-reservation", "meta"
        if name in {"robots", AGENT}:
            for word in _words(content):
                yield word, "meta"


def _metas(body: bytes) -> Iterator[tuple[str, str]]:
    """Yield name and content of the meta elements that may reserve something."""
    if body.startswith(UTF_16_MARKS):
        body = body.decode("utf-16", "ignore").encode()
    for element in _META.finditer(body):
        said = element[1].lower()
        if b"robots" not in said and b"tdm-reservation" not in said and _AGENT not in said:
            continue
        values: dict[bytes, str] = {}
        for found in _ATTRIBUTE.finditer(said):
            attribute, double, single, bare = found.groups(b"")
            if attribute in {b"name", b"content"}:
                value = (double or single or bare.removesuffix(b"/"))[:RIGHTS_VALUE_BYTES].decode("latin-1")
                values.setdefault(attribute, unescape(value).strip().lower())  # the first counts
        yield values.get(b"name", ""), values.get(b"content", "")


def _words(said: str) -> Iterator[str]:
    """Yield what a robots directive asks of us: `noarchive`, but not `googlebot: noarchive`."""
    ours = True
    for word in _BETWEEN.split(" ".join(said.lower().split()).replace(" :", ":").replace(": ", ":")):
        agent, colon, rest = word.partition(":")
        directive = word
        if colon and agent not in _WITH_VALUE and not agent.isdigit():  # nor the hours of a time
            ours, directive = agent in {AGENT, "*"}, rest
        if ours and directive in _DIRECTIVES:
            yield _DIRECTIVES[directive]


def _is_one(said: Any) -> bool:
    return said == 1 or (isinstance(said, str) and "1" in _BETWEEN.split(said))
