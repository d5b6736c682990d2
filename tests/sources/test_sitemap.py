"""Sitemaps: news and plain ones, indexes, gzip, and what is none of these."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import limits
from crawler.errors import SourceError
from crawler.sources import sitemap
from tests.support.answers import HALF_PAST_SIX, ask, refusal

NAMES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)


def urlset(*urls: str) -> str:
    """Return a sitemap."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {NAMES}>{"".join(urls)}</urlset>'


def index(*maps: tuple[str, str]) -> str:
    """Return an index of (loc, lastmod)."""
    rows = "".join(f"<sitemap><loc>{loc}</loc><lastmod>{day}</lastmod></sitemap>" for loc, day in maps)
    return f"<sitemapindex {NAMES}>{rows}</sitemapindex>"


NEWS = """<url><loc>
  https://news.test/1?a=1&amp;b=2
 </loc><image:image><image:loc>https://cdn.test/x.jpg</image:loc><image:title>图</image:title></image:image>
 <lastmod>2025-12-18T00:00:00Z</lastmod><news:news><news:publication><news:name>样例报</news:name>
 <news:language>zh-cn</news:language></news:publication><news:publication_date> 2025-12-17T18:30+08:00
 </news:publication_date><news:title>
   小米虚构模型 &amp;amp; 眼镜
 </news:title></news:news></url>"""


def test_a_news_sitemap_gives_title_outlet_and_date() -> None:
    """White space round each is stripped; image titles are not titles."""
    (lead,) = ask(sitemap.parse, urlset(NEWS)).leads
    assert lead.url == "https://news.test/1?a=1&b=2"
    assert lead.title == "小米虚构模型 & 眼镜"
    assert lead.outlet == "样例报"
    assert lead.published_at == HALF_PAST_SIX


def test_lastmod_is_no_publication() -> None:
    """A plain sitemap gives leads without a title and without a date."""
    (lead,) = ask(sitemap.parse, urlset("<url><loc>https://news.test/1</loc><lastmod>2025-12-17</lastmod></url>")).leads
    assert (lead.title, lead.published_at, lead.published_raw) == (None, None, None)


def test_a_bad_url_costs_only_itself() -> None:
    """What leads nowhere is dropped and counted."""
    answer = ask(sitemap.parse, urlset("<url><loc>javascript:x</loc></url>", "<url/>", NEWS))
    assert (len(answer.leads), answer.dropped) == (1, 2)


def test_a_large_sitemap_keeps_the_newest() -> None:
    """A thousand of them, by date; those without a date go first."""
    urls = [
        f"<url><loc>https://news.test/{n}</loc><lastmod>20{n % 26:02}-01-01</lastmod></url>" for n in range(1, 2001)
    ]
    answer = ask(sitemap.parse, urlset(*urls, "<url><loc>https://news.test/undated</loc></url>"))
    kept = {int(lead.url.rpartition("/")[2]) % 26 for lead in answer.leads}
    assert (len(answer.leads), answer.dropped) == (1000, 1001)
    assert kept == set(range(13, 26)) or kept == set(range(12, 26))


def test_an_index_gives_its_newest_sitemaps_first() -> None:
    """By lastmod; at one date, news before the rest; each once; what leads nowhere is dropped."""
    answer = ask(
        sitemap.parse,
        index(
            ("https://news.test/old.xml", "2024-01-01"),
            ("https://news.test/undated.xml", ""),
            ("/all-2025.xml", "2025-12-17"),
            ("/news-2025.xml", "2025-12-17"),
            ("https://news.test/newest.xml.gz", "2025-12-18"),
            ("https://news.test/newest.xml.gz", "2025-12-18"),
            ("file:///etc/passwd", "2025-12-18"),
        ),
    )
    assert answer.leads == ()
    assert answer.more == (
        "https://news.test/newest.xml.gz",
        "https://news.test/news-2025.xml",
        "https://news.test/all-2025.xml",
        "https://news.test/old.xml",
        "https://news.test/undated.xml",
    )
    assert answer.dropped == 1


def test_an_index_is_bounded() -> None:
    """Fifty sitemaps of one index are passed on, not all of ten years."""
    answer = ask(sitemap.parse, index(*((f"https://news.test/{n}.xml", "") for n in range(500))))
    assert len(answer.more) == limits.SITEMAP_FILES_NAMED


def test_gzip_is_known_by_content() -> None:
    """Whatever the name says, also when the file is several one after the other, also in GBK."""
    text = urlset(NEWS)
    whole = ask(sitemap.parse, text).leads
    assert ask(sitemap.parse, gzip.compress(text.encode())).leads == whole
    assert ask(sitemap.parse, gzip.compress(text[:300].encode()) + gzip.compress(text[300:].encode())).leads == whole
    gbk = text.replace("UTF-8", "gb2312").encode("gb18030")
    assert ask(sitemap.parse, gzip.compress(gbk)).leads == whole


def test_a_gzip_bomb_is_refused() -> None:
    """At the limit of a download, however small it came."""
    bomb = gzip.compress(b" " * (limits.ANSWER_BYTES * 4))
    assert len(bomb) < 100_000
    assert "unpacks to more than" in refusal(sitemap.parse, bomb)
    assert "unpacks to more than" in refusal(sitemap.parse, gzip.compress(b" " * limits.ANSWER_BYTES) * 2)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "is empty"),
        ("<html><body>404", "is an HTML page"),
        ('<rss version="2.0"><channel/></rss>', "no sitemap: its root is <rss>"),
        ("https://news.test/1\nhttps://news.test/2", "neither XML nor HTML"),
        ('<!DOCTYPE urlset [<!ENTITY a "b">]><urlset/>', "a DTD of its own"),
        (b"\x1f\x8bxxxxxxxx", "the gzip is broken"),
    ],
)
def test_what_is_no_sitemap_is_refused_with_a_reason(body: bytes | str, reason: str) -> None:
    """SourceError says what came instead."""
    assert reason in refusal(sitemap.parse, body)


pieces = st.sampled_from(
    [
        *("<urlset>", "</urlset>", "<sitemapindex>", "</sitemapindex>", "<url>", "</url>", "<sitemap>", "</sitemap>"),
        *("<loc>", "</loc>", "http://a.test/", "//[", "<lastmod>", "</lastmod>", "2025-12-17", "0000-00-00", "&", "\0"),
        *("<news:news>", "</news:news>", "<news:title>", "</news:title>", "<!--", "-->", "<![CDATA[", "]]>", "标题"),
    ]
)


@given(
    st.binary(max_size=200)
    | st.binary(max_size=100).map(lambda body: b"\x1f\x8b\x08\x00" + body)
    | st.binary(max_size=100).map(gzip.compress)
    | st.lists(pieces, max_size=40).map(lambda parts: "".join(parts).encode())
)
def test_any_bytes_give_leads_or_a_reason(body: bytes) -> None:
    """Never another exception."""
    try:
        answer = ask(sitemap.parse, body)
    except SourceError:
        return
    assert all(url.startswith(("http://", "https://")) for url in (*answer.more, *(lead.url for lead in answer.leads)))


def test_a_namespace_longer_than_any_is_refused() -> None:
    """It would be held once for every element; the namespaces of the standard are short."""
    for name in ("xmlns", "xmlns:" + "a" * 120, "xm&#xD800;lns", "xm&#0;lns"):  # the last two are mended into one
        long = f'<urlset {name}="http://{"a" * 1000}"><url><loc>https://bao.test/1</loc></url></urlset>'
        with pytest.raises(SourceError, match=r"namespace of more than 1,000 characters"):
            ask(sitemap.parse, long)
