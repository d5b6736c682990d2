"""How a page looks at its outlet: a template of `templates/`, filled.

Every page carries the mark that it is invented, in a comment at its head and in words at its foot.
"""

from __future__ import annotations

import json
from functools import cache
from html import escape
from string import Template
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from crawler.sample.newsroom import HERE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.sample.newsroom import Newsroom, Outlet, SamplePage

MARK = "本页为 houxu 虚构样例 / 本頁為 houxu 虛構樣例 / invented sample page of houxu"
"""Stands in every document of the sample web."""

CODECS = {"gbk": "gbk", "gb2312": "gb18030", "big5": "big5hkscs", "utf-8": "utf-8"}
"""Declared charset -> what the bytes really are: who declares gb2312 sends more than it holds."""


def page(newsroom: Newsroom, shown: SamplePage, in_round: int, *, mobile: bool = False) -> bytes:
    """Return the bytes of a page as its outlet sends them in a round; `mobile` gives the phone's layout."""
    outlet = newsroom.outlets[shown.outlet]
    values = _values(newsroom, shown, outlet, in_round)
    name = "mobile" if mobile else outlet.template
    return _template(name).substitute(values).encode(CODECS[outlet.charset], "xmlcharrefreplace")


def local_date(shown: SamplePage, outlet: Outlet) -> str:
    """Return the page's date in its outlet's own words."""
    if shown.ago is not None:
        return f"{shown.ago}分钟前"
    if shown.published is None:
        return ""
    return shown.published.astimezone(ZoneInfo(outlet.timezone)).strftime(outlet.date)


def _values(newsroom: Newsroom, shown: SamplePage, outlet: Outlet, in_round: int) -> dict[str, str]:
    paragraphs = shown.text(in_round)
    summary = shown.description or paragraphs[0][:120]
    iso = shown.published.astimezone(ZoneInfo(outlet.timezone)).isoformat() if shown.published else ""
    return {
        "mark": MARK,
        "title": escape(shown.title),
        "outlet": escape(outlet.name),
        "lang": outlet.html_lang or outlet.lang,
        "canonical": escape(shown.url),
        "description": escape(summary),
        "section": escape(shown.section or ""),
        "date": escape(local_date(shown, outlet)),
        "iso": iso,
        "author": _said(outlet, "author", shown.author),
        "source": _said(outlet, "source", shown.source),
        "editor": _said(outlet, "editor", outlet.editor),
        "note": f'<p class="note">{escape(shown.note)}</p>' if shown.note else "",
        "body": _body(paragraphs, outlet.paragraph),
        "related": _related(newsroom, shown),
        "jsonld": _jsonld(shown, outlet, iso, summary),
        "paywall": '<div class="paywall">Subscribe to read the rest of this report.</div>' if shown.paywalled else "",
    }


def _said(outlet: Outlet, what: str, name: str | None) -> str:
    return outlet.byline.get(what, "{}").format(escape(name)) if name else ""


def _body(paragraphs: Sequence[str], how: str) -> str:
    texts = [escape(text, quote=False) for text in paragraphs]
    if how == "breaks":
        return "<br><br>\n".join(f"&#12288;&#12288;{text}" for text in texts)
    if how == "indented":
        return "\n".join(f"<p>&#12288;&#12288;{text}</p>" for text in texts)
    if how == "divs":
        return "\n".join(f'<div class="para"><span>{text}</span></div>' for text in texts)
    return "\n".join(f"<p>{text}</p>" for text in texts)


def _related(newsroom: Newsroom, shown: SamplePage) -> str:
    """Links to other pages of the same host. Round 1's only: else every new page would change all the others."""
    host = shown.url.split("/")[2]
    others = [
        page
        for page in newsroom.pages.values()
        if page.url.split("/")[2] == host and page.url != shown.url and page.seen == 1 and page.status == 200  # noqa: PLR2004 - HTTP's OK
    ]
    return "\n".join(f'<li><a href="{escape(page.url)}">{escape(page.title)}</a></li>' for page in others[:4])


def _jsonld(shown: SamplePage, outlet: Outlet, iso: str, summary: str) -> str:
    said: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": shown.title,
        "description": summary,
        "inLanguage": outlet.lang,
        "mainEntityOfPage": shown.url,
        "publisher": {"@type": "Organization", "name": outlet.name},
    }
    if iso:
        said["datePublished"] = iso
    if shown.author:
        said["author"] = [{"@type": "Person", "name": shown.author}]
    if shown.paywalled:
        said["isAccessibleForFree"] = False
    return json.dumps(said, ensure_ascii=False).replace("</", "<\\/")


@cache
def _template(name: str) -> Template:
    return Template((HERE / "templates" / f"{name}.html").read_text("utf-8"))
