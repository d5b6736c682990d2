"""Where else an article is: its declared URL, its next page, and how two pages of one article are put together."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from ahocorasick_rs import BytesAhoCorasick, Implementation

from crawler.errors import Unreadable
from crawler.extract.tree import parse, start_of
from crawler.limits import PAGES_PER_ARTICLE, URL_CHARACTERS
from crawler.text.charset import UTF_16_MARKS, decode

if TYPE_CHECKING:
    from crawler.extract.declared import Facts
    from crawler.model import Article, Page

_SECOND_LEVEL = frozenset("com co org net gov edu ac or ne go".split())
_NEXT = re.compile(
    r"[\[【(]?(?:下一页|下一頁|下页|下頁|后页|余下全文|next(?: page)?|nächste seite|page suivante)[\]】)]?\s?[>»›→]*",
    re.IGNORECASE,
)
_HINTS = (
    "下页", "下頁", "下一页", "下一頁", "余下全文", "rel=next", 'rel="next', "rel='next", "next page", ">next",
    "> next", ">\nnext", ">\tnext", ">\rnext", ">\xa0next", ">\u3000next",
    "nächste seite", "nÄchste seite", "page suivante",
)  # fmt: skip
"""One of them is in every page that has a link to a next one, in lower case but for letters outside ASCII. Of 845 real
pages, 191 kB on average, 6 go on: 0.9 ms a page to tell; decoded, and by a pattern for the words, it was 6.3."""

_NUMBER = re.compile(r"(?:[_-]|(?<=/))(?:p(?:age)?[_-]?)?(\d{1,2})(?=(?:\.\w{3,5})?/?$)", re.IGNORECASE)
_PAGE_KEYS = frozenset("page p pn pageno pageindex pagenum".split())
Address = tuple[str, str, frozenset[tuple[str, str]]]
"""Host, path and query of a page."""


def canonical(url: str, facts: Facts) -> tuple[str, str]:
    """Return the URL the page declares for itself, absolute, and where; its own, and "", where that is not credible.

    Credible is one of the same site that is not its home page: templates declare those, and other people's too.
    """
    base = url if len(url) <= URL_CHARACTERS else ""
    here = urlsplit(url[:URL_CHARACTERS])
    for field in ("canonical", "url"):
        fact = facts.first(field)
        if fact is None:
            continue
        try:
            said = urljoin(base, fact.value.strip())
            there = urlsplit(said)
            same = site(there.hostname or "") == site(here.hostname or "")
        except ValueError:  # an IPv6 address that is none
            continue
        if same and there.scheme in {"http", "https"} and (there.path.strip("/") or there.query):
            return said, fact.where
    return url, ""


def site(host: str) -> str:
    """Return the part of a host name that one publisher owns: sina.com.cn of tech.sina.com.cn."""
    labels = host.lower().rstrip(".").split(".")
    if labels[-1].isdigit():
        return host
    under_country = re.fullmatch("[a-z]{2}", labels[-1]) and labels[-2:-1] and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3 if under_country else -2 :])


def next_page(page: Page) -> str | None:
    """Return the URL on which the article goes on, or None.

    Only a plain link counts: it says next (rel, or 下一页), stays on the host, and its address is this page's with the
    next number in it. A link to the next article (下一篇) has another address and is none.
    """
    if not _hints(page.body):
        return None
    try:
        root = parse(decode(page.body, page.headers)[0]).root
    except Unreadable:
        return None
    stem, number = _numbered(page.url)
    wanted = {(stem, number + 1), (_unnumbered(page.url), 2)}  # /news/12.html may be page 12, or an article's first
    for element in root.iter("a", "link"):
        href = element.get("href")
        if not href or not ("next" in (element.get("rel") or "").lower().split() or _NEXT.fullmatch(start_of(element))):
            continue
        try:
            url = urldefrag(urljoin(page.url, href.strip())).url
            if _numbered(url) in wanted and number < PAGES_PER_ARTICLE:
                return url
        except ValueError:
            continue
    return None


def _hints(body: bytes) -> bool:
    """Say from a page's bytes whether it can have a link to a next page: most have none, and are not parsed for it."""
    return body.startswith(UTF_16_MARKS) or bool(_hinting().find_matches_as_indexes(body.lower()))


@cache
def _hinting() -> BytesAhoCorasick:
    needles: set[bytes] = set()
    for hint in _HINTS:
        for codec in ("utf-8", "gb18030", "big5", "cp1252"):
            with suppress(UnicodeEncodeError):
                needles.add(hint.encode(codec).lower())
    return BytesAhoCorasick(sorted(needles), implementation=Implementation.DFA)


def _unnumbered(url: str) -> Address:
    """Return an address as it is, for a page whose number is not in it."""
    parts = urlsplit(url)
    return parts.netloc, parts.path.rstrip("/"), frozenset(parse_qsl(parts.query))


def _numbered(url: str) -> tuple[Address, int]:
    """Return an address without the number of its page, and that number: 1 where it has none."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query)
    numbers = [int(value) for key, value in query if key.lower() in _PAGE_KEYS and value.isdigit()]
    rest = frozenset((key, value) for key, value in query if key.lower() not in _PAGE_KEYS)
    path = parts.path
    if not numbers and (found := _NUMBER.search(path)):
        numbers = [int(found[1])]
        path = path[: found.start()] + path[found.end() :]
    return (parts.netloc, path.rstrip("/"), rest), numbers[0] if numbers else 1


def join(first: Article, rest: Article) -> Article:
    """Return one article of two pages: the first, with the lines of the rest that it has not yet."""
    lines = first.body.split("\n")
    held = set(lines)
    lines += [line for line in rest.body.split("\n") if line not in held]
    pages = int(first.evidence.get("pages", "1")) + 1
    return replace(first, body="\n".join(lines), evidence={**first.evidence, "pages": str(pages)})
