"""Plain text and Markdown as a page: every line is the article's, the first heading its title."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.text.folding import clean

if TYPE_CHECKING:
    from crawler.model import Page

_TYPES = ("text/plain", "text/markdown", "text/x-markdown")
_NAMES = (".txt", ".md")
_DOCUMENT = re.compile(r"<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_BEGIN = 2000
"""Characters within which a document of HTML says that it is one, whatever its server calls it."""


def is_plain(page: Page, text: str) -> bool:
    """Return whether a page is text without markup: as its server says or, for a page kept without that, its name."""
    kind = page.headers.get("content-type", "")
    said = kind.lower().startswith(_TYPES) if kind else urlsplit(page.url).path.lower().endswith(_NAMES)
    return said and not _DOCUMENT.search(text[:_BEGIN])


def title_and_body(text: str) -> tuple[str, str]:
    """Return the first heading of Markdown, or else the first line, and all lines but blank ones."""
    lines = [line for each in clean(text).splitlines() if (line := each.strip())]
    heading = next((line for line in lines if line.startswith("# ")), lines[0] if lines else "")
    return heading.lstrip("# ").strip(), "\n".join(lines)
