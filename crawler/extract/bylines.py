"""Who wrote it and whom it credits: declared, or in the lines a Chinese page shows (来源 作者 记者 文｜)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extract.tree import line

if TYPE_CHECKING:
    from crawler.extract.blocks import Block
    from crawler.extract.metadata import Facts

_NAME = r"[\u4e00-\u9fffA-Za-z·•.]{2,12}(?:[\s、,，]{1,2}[\u4e00-\u9fff·]{2,4}){0,3}"
_AUTHOR = re.compile(
    rf"(?:作者|撰文|采写|文字?|记者|通讯员)\s*[:：/|丨｜]\s*({_NAME})"
    r"|(?:本报|新华社|中新社|实习)?记者[\s\u3000]{1,3}"
    r"([\u4e00-\u9fff]{2,4}(?:[\s、]{1,2}[\u4e00-\u9fff]{2,4}){0,3})(?=[)）\s】]|$)"
)
_SOURCE = re.compile(
    r"(?:来源|來源|出处|转自|转载自|信息来源|稿源|文章来源)\s*[:：]\s*([^\s|丨：:，,。()（）\[\]【】]{2,20})"
)
_SEPARATOR = re.compile(r"\s*(?:,|;|、|，|；|\band\b|\bund\b|\bet\b|&|\|)\s*")
_BY = re.compile(r"^\s*(?:by|von|par|por|作者[:：]?)\s+", re.IGNORECASE)
_URL = re.compile(r"^(?:https?:)?//|^@|\bhttps?:")


def authors_of(facts: Facts, blocks: list[Block]) -> tuple[tuple[str, ...], str]:
    """Return the authors, in the page's order, and where they were found."""
    for where in ("json-ld", "meta", "microdata", "rel"):
        names = _split([fact.value for fact in facts.all("author", where)])
        if names:
            return names, where
    for block in blocks:
        found = _AUTHOR.search(block.text) if block.size < 3000 else None
        if found:
            names = tuple(re.split(r"[\s、,，]+", (found[1] or found[2]).strip()))
            return tuple(name for name in names if len(name) > 1), "text"
    return (), ""


def _split(values: list[str]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for value in values:
        if _URL.search(value):
            continue
        for name in _SEPARATOR.split(_BY.sub("", line(value))):
            if 1 < len(name) < 60:
                names.setdefault(name)
    return tuple(names)


def credited_source(facts: Facts, blocks: list[Block]) -> tuple[str | None, str]:
    """Return the source an article credits (来源), and where it says so."""
    for block in blocks:
        found = _SOURCE.search(block.text) if block.size < 3000 else None
        if found:
            return found[1], "text"
    fact = facts.first("source")
    return (line(fact.value), fact.where) if fact else (None, "")
