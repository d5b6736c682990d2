"""The title: what the page shows as its headline, checked against what it declares."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extract.tree import line, text_of
from crawler.text import bare

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from crawler.extract.metadata import Facts
    from crawler.extract.tree import Document

_PARTS = re.compile(r"\s+[-|–—_·»]\s+|[_|｜]|--|(?<=[\u4e00-\u9fff”！？])-(?=[\u4e00-\u9fff])")


def title_of(page: Document, facts: Facts) -> tuple[str, str, Element | None]:
    """Return the title, where it was found, and the element that shows it."""
    named = text_of(page.first("title"))
    wanted = bare(named)
    headings = [(heading, text_of(heading)) for heading in page.of["h1"]]
    for heading, text in headings:
        said = bare(text)
        if len(said) > 3 and said in wanted:
            return text, "h1", heading
    for fact in facts.all("title"):
        text = line(fact.value)
        if len(bare(text)) > 3:
            shown = next((heading for heading, said in headings if bare(said) == bare(text)), None)
            return text, fact.where, shown
    for heading, text in headings:
        if len(bare(text)) > 3:
            return text, "h1", heading
    if named:
        parts = [part.strip() for part in _PARTS.split(named) if part.strip()]
        return max(parts[:2], key=len, default=named), "title", None
    return "", "", None
