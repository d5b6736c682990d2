"""The title: what the page shows as its headline, checked against what it declares.

An h1 may be the site's name, and a declared title may be rewritten for search engines: so the h1 counts where it shares
words with a declared title, and a page without one may show its title in any line that its <title> contains.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extract.tree import line, start_of
from crawler.limits import HEADINGS
from crawler.text.folding import bare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element as Element

    from crawler.extract.blocks import Block
    from crawler.extract.declared import Facts
    from crawler.extract.tree import Document

_PARTS = re.compile(r"\s+[-|–—_·»:]\s+|[_|｜]|\s?--\s?|(?<=[\u4e00-\u9fff”！？])\s?-\s?(?=[\u4e00-\u9fffA-Z])")
_SHORTEST = 4
"""Letters or digits that a title has at least."""

_LONGEST = 200
_TOLD = 500
"""Characters of a declared title that headings are compared with; the longest of 845 news pages has 258."""

_SHARED = 0.35
"""Share of an h1's pairs of characters that a declared title must hold for both to be about one thing."""

_HEADINGS = 30
"""Elements h1 that are read: 684 of them, each inside the one before, took 8 s."""

_LINES = 150
"""Blocks from the top in which a page without an h1 shows its title."""


def title_of(page: Document, facts: Facts, blocks: Sequence[Block]) -> tuple[str, str, Element | None]:
    """Return the title, where it was found, and the element that shows it."""
    named = start_of(page.first("title"))
    site = {bare(fact.value) for fact in facts.all("outlet")}
    declared = [(line(fact.value), fact.where) for fact in facts.all("title")[:HEADINGS]]
    declared = [(text, where) for text, where in declared if len(bare(text)) >= _SHORTEST and bare(text) not in site]
    told = [bare(text[:_TOLD]) for text in (_without_end(named), *(text for text, _ in declared))]
    shown_in = ((heading, start_of(heading)) for heading in page.of["h1"][:_HEADINGS])
    headings = [(heading, text, bare(text)) for heading, text in shown_in if len(text) < _LONGEST]
    headings = [each for each in headings if len(each[2]) >= _SHORTEST and each[2] not in site]
    for heading, text, said in headings:
        if any(said in other for other in told):
            return text, "h1", heading
    for heading, text, said in headings:
        if any(_shared(said, other) >= _SHARED for other in told):
            return text, "h1", heading
    shown = _line(blocks, [other for other in (*told, bare(named)) if other])
    if declared:
        text, where = declared[0]
        return _without_site(text, site), where, shown.element if shown else None
    if shown:
        return shown.text, "text of the title", shown.element
    if len(bare(named)) >= _SHORTEST:
        return _without_site(named, site), "title", None
    return (headings[0][1], "h1", headings[0][0]) if headings else ("", "", None)


def _without_end(named: str) -> str:
    """Return a <title> without its last part, where the site's name stands: an h1 that is only that is no title."""
    cuts = list(_PARTS.finditer(named))
    return named[: cuts[-1].start()] if cuts and cuts[-1].start() > _SHORTEST else named


def _shared(said: str, other: str) -> float:
    """Return which share of the pairs of characters of `said`, or of its runs of four Latin letters, are in `other`."""
    length = 4 if said.isascii() else 2
    pairs = {said[at : at + length] for at in range(len(said) - length + 1)}
    return sum(pair in other for pair in pairs) / len(pairs) if pairs else 0.0


def _line(blocks: Sequence[Block], told: list[str]) -> Block | None:
    """Return the line that shows the title of a page without an h1: the longest of the first that <title> contains."""
    lines = [block for block in blocks[:_LINES] if block.size < _LONGEST and block.linked < block.size / 2]
    shown = [block for block in lines if len(bare(block.text)) > _SHORTEST and _is_most(bare(block.text), told)]
    return max(shown, key=lambda block: len(block.text), default=None)


def _is_most(said: str, told: list[str]) -> bool:
    return any(said in other and 2 * len(said) > len(other) for other in told)


def _without_site(text: str, site: set[str]) -> str:
    """Return a declared title without the names of site and section that follow, or lead, it."""
    cuts = [(found.start(), found.end()) for found in _PARTS.finditer(text)]
    if not cuts:
        return text
    first = bare(text[: cuts[0][0]])
    if first in site:
        return text[cuts[0][1] :].strip()
    end = len(text)
    for start, stop in reversed(cuts):
        last = bare(text[stop:end])
        if last not in site and 2 * len(last) > len(first):
            break
        end = start
    return text[:end].strip()
