"""Text to a tree: one lxml parse, with caps, and what every room asks of a tree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import lxml.etree
import lxml.html

from crawler.errors import Unreadable
from crawler.text import HAN, clean

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_BYTES = 8 * 1024 * 1024
"""Pages above this are cut before the parse; the largest of 842 news pages measured was 5.1 MB."""

_HAN = re.compile(f"[{HAN}]")
_KANA_HANGUL = re.compile("[\u3040-\u30ff\uac00-\ud7af]")
SPACE = re.compile(r"\s+")
_XML = re.compile(r"^\s*<\?xml[^>]*>", re.IGNORECASE)
_PARSER = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)


def parse(text: str) -> HtmlElement:
    """Return the root of a page.

    Args:
        text: the whole page; what follows the first `MAX_BYTES` characters is not read.

    Raises:
        Unreadable: there is nothing to parse.
    """
    source = clean(_XML.sub("", text[:MAX_BYTES], count=1))
    try:
        root = lxml.html.document_fromstring(source.encode("utf-8", "replace"), parser=_PARSER)
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError, AssertionError) as error:
        raise Unreadable("extract", f"no HTML: {error}") from error
    return root


def text_of(element: HtmlElement | None) -> str:
    """Return an element's text on one line, without what scripts and styles hold."""
    if element is None:
        return ""
    if element.find(".//script") is None and element.find(".//style") is None:
        return line("".join(element.itertext()))
    return line("".join(element.xpath(".//text()[not(parent::script or parent::style)]")))


def line(text: str) -> str:
    """Return the text on one line: every run of white space is one space."""
    return SPACE.sub(" ", text).strip()


def is_chinese(text: str) -> bool:
    """Return whether a text is mainly Chinese: more Han than Latin words, and hardly any kana or hangul."""
    han = len(_HAN.findall(text))
    return han > 20 and han * 3 > len(text) - han and len(_KANA_HANGUL.findall(text)) * 10 < han
