"""What the topic file says of a host's pages: CSS selectors that win over the generic way.

BeautifulSoup applies them, because the topic file's selectors are checked by its engine; it costs ten times the rest of
an extraction, and only pages with a rule pay it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.extract.blocks import blocks_of
from crawler.extract.tree import line, parse
from crawler.isolation.worker_thread import in_own_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bs4 import BeautifulSoup

    from crawler.model import Page, SiteRule


def rule_for(page: Page, sites: Sequence[SiteRule]) -> SiteRule | None:
    """Return the rule of the page's host, or of the domain it belongs to; the longest host wins, then the first.

    A rule with `until` is for pages fetched up to that day.
    """
    host = (urlsplit(page.url).hostname or "").lower()
    rules = [
        rule
        for rule in sites
        if (host == rule.host or host.endswith("." + rule.host))
        and (rule.until is None or page.fetched_at.date() <= rule.until)
    ]
    return max(rules, key=lambda rule: len(rule.host), default=None)


class Ruled:
    """What a rule selects on one page; "" for what it does not select.

    Attributes:
        text: the page, without what the rule drops.
        body: the article's text, one line a block.
        title: on one line.
        author: on one line, names unsplit.
        date: as written.
    """

    def __init__(self, text: str, rule: SiteRule) -> None:
        from bs4 import BeautifulSoup  # 50 ms, and most topics have no site rule

        soup = in_own_thread(BeautifulSoup, text, "lxml")
        for element in soup.select(rule.drop) if rule.drop else ():
            element.decompose()
        self.text = str(soup) if rule.drop else text
        self.body = ""
        if rule.body:
            html = "".join(str(element) for element in soup.select(rule.body))
            self.body = "\n".join(block.text for block in blocks_of(parse(html).body)[0]) if html else ""
        self.title = _first(soup, rule.title)
        self.author = _first(soup, rule.author)
        self.date = _first(soup, rule.date)


def _first(soup: BeautifulSoup, rule: str | None) -> str:
    element = soup.select_one(rule) if rule else None
    if element is None:
        return ""
    for key in ("datetime", "content"):
        said = element.get(key)
        if isinstance(said, str) and said.strip():
            return line(said)
    return line(element.get_text(" "))
