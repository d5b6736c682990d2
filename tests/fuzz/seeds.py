"""Where fuzzing starts: small invented inputs of every kind, and the words that mutation puts in."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from crawler.model import ADAPTERS
from crawler.topic.reader import PACKAGED

_ARTICLE = "虚构样例：罗福莉在小米的发布会上介绍了MiMo-V2-Flash，总参数为3090亿，每次只激活其中的150亿，推理很快。"
_RSS = (
    '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
    "<channel><title>虚构</title><link>https://bao.test/</link><ttl>30</ttl><skipHours><hour>3</hour></skipHours>"
    "<item><title>小米&amp;罗福莉</title><link>/1.html</link><pubDate>Tue, 03 Mar 2026 08:00:00 +0800</pubDate>"
    f"<content:encoded><![CDATA[<p>{_ARTICLE}</p>]]></content:encoded></item></channel></rss>"
)
_ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://bao.test/"><entry>'
    '<title type="html">&lt;b&gt;小米</title>'
    '<link rel="alternate" href="2.html"/><updated>2026-03-03T08:00:00Z</updated>'
    '<content type="xhtml"><p>文</p></content>'
    "</entry></feed>"
)
_JSON = json.dumps(
    {"items": [{"url": "https://bao.test/3", "title": "小米", "date_published": "2026-03-03", "hits": [1]}]}
)
_SITEMAP = (
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://bao.test/4</loc><news:news>'
    "<news:publication><news:name>报</news:name></news:publication><news:title>小米</news:title>"
    "<news:publication_date>2026-03-03T08:00+08:00</news:publication_date></news:news></url></urlset>"
)
_INDEX = "<sitemapindex><sitemap><loc>/s.xml.gz</loc><lastmod>2026-03-03</lastmod></sitemap></sitemapindex>"
_LIST = '<html><body><ul><li><a href="/5.html" title="小米">小米</a><span class="time">3分钟前</span></li></ul></body>'
_PAGE = (
    '<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>小米开源 - 虚构报</title>'
    '<script type="application/ld+json">{"@type":"NewsArticle","headline":"小米开源","author":[{"name":"甲"}],'
    '"datePublished":"2026-03-03T08:00:00+08:00"}</script><link rel="canonical" href="/1.html"></head><body>'
    f"<article><h1>小米开源</h1><p>来源：虚构社 2026年3月3日 08:00</p><p>{_ARTICLE * 3}</p><p>{_ARTICLE}</p></article>"
    '<a href="1_2.html">下一页</a><script>window.__STATE__={"content":"<p>'
    + _ARTICLE * 3
    + '</p>"}</script></body></html>'
)

_DATES = (
    "2026年3月3日 下午8点5分",
    "Tue, 03 Mar 2026 08:00:00 +0800",
    "3 hours ago",
    "昨天 08:00",
    "3 mars 2026",
    "03.03.26",
)
_NUMBERS = (
    "估值3,090亿元，约占1/20，同比增长15%，第二名，两千三百万辆，三点五亿，$8.5b, 3-5 million, top 10",
    "１２，３４５万 ٣亿 每秒100 tokens 百分之三十 上涨一倍半 half a billion",
)
_URLS = (
    "https://www.bao.test:443/a/../b;jsessionid=1/?utm_source=x&b=2&a=1#top",
    "https://www.google.com/amp/s/bao.test/1.amp.html",
    "https://例.test/长?长=短",
    "http://[::1]:80/",
    "HTTP://1.2.3.4/%zz",
    "//x/amp/",
)
_QUERIES = (
    '小米 罗福莉 NOT "MiMo-V2-Flash"',
    "a OR b AND NOT c",
    "3,090亿",
    '"" "',
    "NEAR(a b)",
    "*",
    "col:a ^b {c d}",
)
_TOPIC = """[topic]
id = "a"
name = "A"
seed = 2026-01-01
[relevance]
strong = ["x"]
[[source]]
id = "s"
kind = "feed"
url = "https://a.test/"
outlet = "o"
lang = "zh"
timezone = "UTC"
"""
_ROBOTS = (
    b"User-agent: *\nDisallow: /a*b$\nCrawl-delay: 5\nAllow: /\nSitemap: https://bao.test/s.xml\n",
    b"\xef\xbb\xbfuser-agent: houxu\ndisallow: /%E9%95\nRequest-rate: 1/5\nVisit-time: 0600-0845",
)
_HEADERS = (
    b"max-age=600\n5\nTue, 03 Mar 2026 08:00:00 GMT\nTue, 03 Mar 2026 07:00:00 GMT\n120",
    b'no-cache, max-age="1"\n-1\n0\n\nTue, 03 Mar 2026 08:00:00 GMT',
)
_CHARSETS = (
    b"text/html; charset=gbk\n" + _PAGE.encode("gbk"),
    b"text/html\n" + _PAGE.encode("big5", "replace"),
    b"charset=unicode_escape\n\\ud800\xff",
    b"charset=utf-16\n\xff\xfe\x00\xd8",
    b"charset=idna\n\xc3",
)


def _searches() -> list[bytes]:
    """Return an invented answer for each adapter, after its place among them; any for those that have none."""
    held = {path.stem: path for path in sorted((Path(__file__).parents[1] / "fixtures").iterdir()) if path.is_file()}
    return [
        bytes([place]) + (held[name].read_bytes() if name in held else _RSS.encode())
        for place, name in enumerate(sorted(ADAPTERS))
    ]


SEEDS: dict[str, list[bytes]] = {
    "feed": [_RSS.encode(), _ATOM.encode(), _JSON.encode(), _RSS.encode("gb18030")],
    "sitemap": [_SITEMAP.encode(), _INDEX.encode(), gzip.compress(_SITEMAP.encode(), mtime=0)],
    "listing": [_LIST.encode(), _PAGE.encode()],
    "search": _searches(),
    "date": [text.encode() for text in (*_DATES, "2026-03-03T08:00:00.123+08:00", "1772524800")],
    "charset": [*_CHARSETS],
    "url": [url.encode() for url in _URLS],
    "numbers": [text.encode() for text in _NUMBERS],
    "page": [_PAGE.encode(), _PAGE.encode("gb18030"), _LIST.encode()],
    "robots": [*_ROBOTS],
    "topic": [PACKAGED.read_bytes()[:14_000].rpartition(b"\n[[")[0], _TOPIC.encode()],
    "query": [text.encode() for text in (*_QUERIES, "小米AI眼镜大模型负责人罗福莉加入小米", "xiaomi-ai")],
    "headers": [*_HEADERS],
    "line": ["小米<b>开源</b><script>x</script>&lt;p&gt;\u202e\x00據(jù)報(bào)道".encode()],
}

WORDS = [
    b"\0", b"\x1b[", b"\xed\xa0\x80", b"\xff\xfe", b"\xef\xbb\xbf", b"<", b">", b"&", b"&#0;", b"&#xD800;", b"<!--",
    b"-->", b"<![CDATA[", b"]]>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<div>", b"</div>", b"<a ", b"<p>", b"<script>",
    b"[", b"{", b'"', b"'", b"\\", b"\\u", b"\\ud800", b"9" * 30, b"9" * 5000, b"1e999", b"-1", b"0", b"2147483648",
    b"99999999999999999999", b"%", b"%00", b"%ff", b"://", b"//", b"..", b"@", b":", b"#", b"?", b"=", b"*", b"$",
    b"(", b")", b",", b".", b"-", b" ", b"\n", b"\r", b"\t", b"NaN", b"null", b"true", b"javascript:", b"http://",
    b"xn--", "小米".encode(), "亿".encode(), "点".encode(), "年".encode(), "月".encode(), "日".encode(),
    "下一页".encode(), "٣".encode(), "\u3000".encode(), "①".encode(), "²".encode(), "𝟛".encode(), "İ".encode(),
    "ß".encode(), "ﬃ".encode(), "\u0301".encode(), b"AND", b"OR", b"NOT", b"datePublished", b"00:00", b"+99:99",
    b"24:00", b"0000-00-00", b"9999-12-31T23:59:59-12:00", b"2024-13-45", b"ago", b"max-age=",
]  # fmt: skip
