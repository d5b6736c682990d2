"""What sources poll: feeds of every kind, sitemaps, list pages, a search, each over the pages it shows."""

from __future__ import annotations

import gzip
import json
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

from crawler.sample.render import CODECS, MARK, local_date

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.sample.newsroom import Listing, Newsroom, SamplePage

Row = tuple[str, "SamplePage"]

TID = "0" * 32
"""Stands in a search's links where the server puts a number that changes with every request."""

TYPES = {
    "rss2": "application/rss+xml",
    "rss1": "application/rdf+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
    "search": "text/xml",
    "sitemap": "application/xml",
    "news-sitemap-gz": "application/gzip",
    "sitemap-index": "application/xml",
    "list": "text/html",
    "flashes": "text/html",
}


def listing(newsroom: Newsroom, asked: Listing, in_round: int) -> bytes:
    """Return the bytes of a listing as it stands in a round."""
    rows = newsroom.shown(asked.id, in_round)
    text = _RENDERERS[asked.form](newsroom, asked, rows)
    body = text.encode(CODECS[asked.charset], "xmlcharrefreplace")
    return gzip.compress(body, mtime=0) if asked.form.endswith("-gz") else body


def _date(newsroom: Newsroom, asked: Listing, shown: SamplePage) -> str:
    """Return a page's date as the listing writes it; `relative` and a page's own form are the outlet's words."""
    outlet = newsroom.outlets[shown.outlet]
    if shown.published is None or asked.date == "own":
        return local_date(shown, outlet)
    when = shown.published.astimezone(ZoneInfo(outlet.timezone))
    if asked.date == "rfc822":
        return format_datetime(when)
    if asked.date == "iso":
        return when.isoformat()
    return when.strftime(asked.date)


def _rss2(newsroom: Newsroom, asked: Listing, rows: Sequence[Row]) -> str:
    items: list[str] = []
    for link, shown in rows:
        if asked.broken and len(items) == 1:
            items.append(
                "<item><title>点击领取开学礼包</title><link>javascript:void(0)</link><pubDate>昨天</pubDate></item>"
            )
        author = f"<author>{escape(shown.author)}</author>" if shown.author else ""
        items.append(
            f"<item><title>{escape(shown.title)}</title><link>{escape(link)}</link>"
            f"<guid isPermaLink='false'>{escape(link)}</guid>{author}"
            f"<pubDate>{_date(newsroom, asked, shown)}</pubDate>"
            f"<description><![CDATA[{_summary(asked, shown)}]]></description>{_content(asked, shown)}</item>"
        )
    return (
        f'<?xml version="1.0" encoding="{asked.charset}"?>\n<!-- {MARK} -->\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>{escape(asked.title)}</title><link>http://{asked.host}/</link>"
        f"<description>{escape(asked.title)}</description><ttl>15</ttl>\n" + "\n".join(items) + "\n</channel></rss>\n"
    )


def _content(asked: Listing, shown: SamplePage) -> str:
    if asked.summary or not shown.paragraphs:
        return ""
    whole = "".join(f"<p>{escape(text)}</p>" for text in shown.paragraphs)
    return f"<content:encoded><![CDATA[{whole}]]></content:encoded>"


def _summary(asked: Listing, shown: SamplePage) -> str:
    return escape(shown.paragraphs[0][:80]) if asked.summary and shown.paragraphs else escape(shown.title)


def _rss1(newsroom: Newsroom, asked: Listing, rows: Sequence[Row]) -> str:
    order = "".join(f'<rdf:li rdf:resource="{escape(link)}"/>' for link, _ in rows)
    items = "\n".join(
        f'<item rdf:about="{escape(link)}"><title>{escape(shown.title)}</title><link>{escape(link)}</link>'
        f"<dc:date>{_date(newsroom, asked, shown)}</dc:date><description>{_summary(asked, shown)}</description></item>"
        for link, shown in rows
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<!-- {MARK} -->\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="{asked.url}"><title>{escape(asked.title)}'
        f"</title><link>http://{asked.host}/</link><description>{escape(asked.title)}</description>"
        f"<items><rdf:Seq>{order}</rdf:Seq></items></channel>\n{items}\n</rdf:RDF>\n"
    )


def _atom(newsroom: Newsroom, asked: Listing, rows: Sequence[Row]) -> str:
    newest = next((shown.published.isoformat() for _, shown in rows if shown.published), "")
    entries = "\n".join(
        f"<entry><title>{escape(shown.title)}</title><link rel='alternate' href=\"{escape(link)}\"/>"
        f"<id>tag:{asked.host},2025:{escape(link)}</id><updated>{_date(newsroom, asked, shown)}</updated>"
        f"<published>{_date(newsroom, asked, shown)}</published>"
        f"<author><name>{escape(shown.author or asked.title)}</name></author>"
        f"<summary>{_summary(asked, shown)}</summary></entry>"
        for link, shown in rows
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<!-- {MARK} -->\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{escape(asked.title)}</title><id>{asked.url}</id><updated>{newest}</updated>"
        f"<link rel='self' href='{asked.url}'/>\n{entries}\n</feed>\n"
    )


def _json(newsroom: Newsroom, asked: Listing, rows: Sequence[Row]) -> str:
    items = [
        {
            "id": link,
            "url": link,
            "title": shown.title,
            "date_published": _date(newsroom, asked, shown),
            "summary": shown.description or shown.paragraphs[0][:160],
            "authors": [{"name": shown.author}] if shown.author else [],
        }
        for link, shown in rows
    ]
    said = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": asked.title,
        "user_comment": MARK,
        "home_page_url": f"http://{asked.host}/",
        "feed_url": asked.url,
        "items": items,
    }
    return json.dumps(said, ensure_ascii=False, indent=1)


def _search(newsroom: Newsroom, asked: Listing, rows: Sequence[Row]) -> str:
    items = "\n".join(
        f"<item><title>{escape(shown.title)}</title>"
        f"<link>http://{asked.host}/news/apiclick.aspx?ref=FexRss&amp;aid=&amp;tid={TID}"
        f"&amp;url={quote(link, safe='')}&amp;c={number}7&amp;mkt=zh-cn</link>"
        f"<description>{_summary(asked, shown)}</description><pubDate>{_date(newsroom, asked, shown)}</pubDate>"
        f"<News:Source>{escape(newsroom.outlets[shown.outlet].name)}</News:Source></item>"
        for number, (link, shown) in enumerate(rows, 1)
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<!-- {MARK} -->\n<rss version="2.0" '
        f'xmlns:News="http://{asked.host}/news/search?q=xiaomi&amp;format=rss"><channel>'
        f"<title>{escape(asked.title)}</title><link>{escape(asked.url)}</link>"
        f"<description>search results</description>\n{items}\n</channel></rss>\n"
    )


def _sitemap(newsroom: Newsroom, asked: Listing, rows: Sequence[Row]) -> str:
    urls = "\n".join(
        f"<url><loc>{escape(link)}</loc><lastmod>{_date(newsroom, asked, shown)}</lastmod></url>"
        for link, shown in rows
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<!-- {MARK} -->\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}\n</urlset>\n'
    )


def _news_sitemap(newsroom: Newsroom, asked: Listing, rows: Sequence[Row]) -> str:
    urls = "\n".join(
        f"<url><loc>{escape(link)}</loc><news:news><news:publication><news:name>{escape(asked.title)}</news:name>"
        "<news:language>zh-cn</news:language></news:publication>"
        f"<news:publication_date>{_date(newsroom, asked, shown)}</news:publication_date>"
        f"<news:title> {escape(shown.title)} </news:title></news:news></url>"
        for link, shown in rows
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<!-- {MARK} -->\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n{urls}\n</urlset>\n'
    )


def _index(newsroom: Newsroom, asked: Listing, _rows: Sequence[Row]) -> str:
    parts = "".join(
        f"<sitemap><loc>{other.url}</loc></sitemap>"
        for other in newsroom.listings.values()
        if other.host == asked.host and other.id != asked.id
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<!-- {MARK} -->\n'
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{parts}</sitemapindex>\n'
    )


def _list(newsroom: Newsroom, asked: Listing, rows: Sequence[Row]) -> str:
    items = "\n".join(
        f'<li><a class="t" href="{escape(link.removeprefix(f"http://{asked.host}"))}">{escape(shown.title)}</a>'
        f'<span class="src">{escape(shown.source or asked.title)}</span>'
        f'<span class="time">{_date(newsroom, asked, shown)}</span></li>'
        for link, shown in rows
    )
    return _html(asked, f'<div class="hot"><a href="/app">下载客户端</a></div><ul class="newslist">\n{items}\n</ul>')


def _flashes(newsroom: Newsroom, asked: Listing, rows: Sequence[Row]) -> str:
    items = "\n".join(
        f'<div class="flash"><em>{_date(newsroom, asked, shown)}</em> <a href="{escape(link)}">{escape(shown.title)}'
        "</a><i>分享</i></div>"
        for link, shown in rows
    )
    return _html(asked, f'<section id="stream">\n{items}\n</section>')


def _html(asked: Listing, inner: str) -> str:
    return (
        f'<!doctype html>\n<!-- {MARK} -->\n<html lang="zh-CN"><head><meta charset="{asked.charset}">'
        f"<title>{escape(asked.title)}</title></head><body><nav><a href='/'>首页</a><a href='/about'>关于</a></nav>\n"
        f"{inner}\n<footer>{MARK}</footer></body></html>\n"
    )


_RENDERERS = {
    "rss2": _rss2,
    "rss1": _rss1,
    "atom": _atom,
    "json": _json,
    "search": _search,
    "sitemap": _sitemap,
    "news-sitemap-gz": _news_sitemap,
    "sitemap-index": _index,
    "list": _list,
    "flashes": _flashes,
}
