"""What an article is made of, where each field was found, and what gaps its lead fills. All pages are invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import Unreadable
from crawler.extract import extract, join, next_page
from crawler.extract.links import site
from crawler.extract.tree import parse, text_of
from crawler.model import Article, Lead, Page, SiteRule

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
ZH = "星桥科技周二在临海市发布第三代港口调度模型，称试运行中周转时间平均缩短了百分之二十一，能耗也有所下降。"
EN = "A fleet of nine pruning robots finished a forty-acre orchard in a single night last week, the company said."


def page(body: str, *, head: str = "", url: str = "https://tech.example.cn/a/1.html", lead: Lead | None = None) -> Page:
    """Return a page around some HTML."""
    html = f"<html><head>{head}</head><body>{body}</body></html>"
    return Page(url=url, body=html.encode(), fetched_at=NOW, lead=lead)


def article(paragraphs: int = 4, text: str = ZH, above: str = "", below: str = "") -> str:
    """Return an article with so many paragraphs, all different."""
    said = "".join(f"<p>{number}、{text}</p>" for number in range(1, paragraphs + 1))
    return f"<h1>星桥科技发布港口调度模型</h1>{above}<div>{said}</div>{below}"


def test_lists_tables_and_subheadings_stay_in_order() -> None:
    """What stands between paragraphs is read where it stands."""
    parts = (
        f"<p>甲{ZH}</p><h2>试运行的结果</h2><p>乙{ZH}</p><ul><li>第一，{ZH}</li><li>第二，{ZH}</li></ul><p>丙{ZH}</p>"
    )
    table = f"<table><tr><td>丁{ZH}</td></tr></table><p>戊{ZH}</p>"
    body = extract(page(f"<h1>星桥科技发布港口调度模型</h1><div>{parts}{table}</div>")).body
    places = [body.index(mark) for mark in ("甲", "试运行的结果", "乙", "第一", "第二", "丙", "丁", "戊")]
    assert places == sorted(places)


def test_inline_elements_do_not_break_words() -> None:
    """Links and emphasis inside a sentence leave it whole, and a line break makes two lines."""
    said = extract(
        page(article(below=f"<div><p>他说，<b>模型</b>的<a href='/x'>接口</a>将开放。{ZH}<br>第二行{ZH}</p></div>"))
    ).body
    assert "他说，模型的接口将开放。" in said
    assert "\n第二行" in said


def test_zone_of_a_chinese_page_is_assumed_and_said_so() -> None:
    """Without a zone in the text, the evidence says that it was assumed."""
    found = extract(page(article(above="<div>2025-05-20 08:30 来源：临海日报</div>")))
    assert found.published_at == datetime(2025, 5, 20, 0, 30, tzinfo=UTC)
    assert (found.published_tz, found.evidence["published_tz"]) == ("Asia/Shanghai", "assumed")
    assert found.published_raw == "2025-05-20 08:30"
    assert found.credited_source == "临海日报"


def test_a_source_s_zone_is_used_where_the_page_says_none() -> None:
    """The source's default, not the top-level domain."""
    given_zone = Page(
        url="https://a.example.de/1", body=page(article(above="<p>2025-05-20 08:30</p>")).body, fetched_at=NOW,
        timezone="America/New_York",
    )  # fmt: skip
    assert extract(given_zone).published_at == datetime(2025, 5, 20, 12, 30, tzinfo=UTC)


def test_a_declared_zone_is_kept_as_written() -> None:
    """An offset in JSON-LD is what the page said."""
    head = (
        '<script type="application/ld+json">{"@type":"NewsArticle","headline":"星桥科技发布港口调度模型",'
        '"datePublished":"2025-05-20T08:30:00+09:00","dateModified":"2025-05-21T01:00:00Z"}</script>'
    )
    found = extract(page(article(), head=head))
    assert found.published_at == datetime(2025, 5, 19, 23, 30, tzinfo=UTC)
    assert (found.published_tz, found.evidence["published_tz"]) == ("+09:00", "said")
    assert found.modified_at == datetime(2025, 5, 21, 1, tzinfo=UTC)


def test_a_declared_day_gains_the_minute_shown_for_it() -> None:
    """A date without a time is completed by the page, never by another day's time."""
    head = '<meta name="publishdate" content="2025-05-20">'
    found = extract(page(article(above="<p>2025-05-19 23:59</p><p>2025-05-20 18:07</p>"), head=head))
    assert found.published_at == datetime(2025, 5, 20, 10, 7, tzinfo=UTC)


def test_january_never_becomes_november() -> None:
    """2024年1月1日 is the first of January."""
    found = extract(page(article(above="<p>2024年1月1日 09:00</p>")))
    assert found.published_at == datetime(2024, 1, 1, 1, tzinfo=UTC)


DECLARED = '<meta property="article:published_time" content="{}">'


def test_a_line_beside_the_title_says_the_day_before_an_upload_does() -> None:
    """What readers see is right more often than one meta tag; two that agree win against it."""
    shown = article(above="<p>2025-05-20</p>")
    one = extract(page(shown, head=DECLARED.format("2025-05-12T08:00:00+08:00")))
    assert one.published_at == datetime(2025, 5, 19, 16, tzinfo=UTC)
    linked = '{"@type": "NewsArticle", "headline": "h", "datePublished": "2025-05-12T08:00:00+08:00"}'
    head = DECLARED.format("2025-05-12T08:00:00+08:00") + f'<script type="application/ld+json">{linked}</script>'
    assert extract(page(shown, head=head)).published_at == datetime(2025, 5, 12, tzinfo=UTC)


def test_the_day_of_the_last_change_is_not_that_of_publication() -> None:
    """A shown day that the page declares as its change counts next to nothing."""
    head = DECLARED.format("2025-05-12T08:00:00+08:00")
    head += '<meta property="article:modified_time" content="2025-05-20T08:00:00+08:00">'
    assert extract(page(article(above="<p>2025-05-20</p>"), head=head)).published_at == datetime(
        2025, 5, 12, tzinfo=UTC
    )


def test_a_declared_instant_takes_the_zone_the_page_shows_it_in() -> None:
    """21:25 beside 02:25 UTC of the next day is one instant, five hours west."""
    shown = article(above="<p>February 24, 2025 9:25 pm</p>", text=EN)
    found = extract(page(shown, head=DECLARED.format("2025-02-25T02:25:54Z"), url="https://news.example.com/1"))
    assert found.published_at == datetime(2025, 2, 25, 2, 25, 54, tzinfo=UTC)
    assert found.published_tz == "-05:00"


def test_the_day_of_a_printed_issue_leaves_the_instant() -> None:
    """A day without a time, next to a declared instant, is no other date."""
    shown = article(above="<p>2025-05-21</p>")
    found = extract(page(shown, head=DECLARED.format("2025-05-20T19:30:00+08:00")))
    assert found.published_at == datetime(2025, 5, 20, 11, 30, tzinfo=UTC)


def test_todays_date_in_the_head_of_a_page_is_not_its_own() -> None:
    """A page shows the day of the visit, and when it was drawn: neither says when the article was written."""
    assert extract(page("<p>2025年6月1日 星期日</p>" + article())).published_at is None
    assert extract(page(article(below="<p>2025-06-01 20:03:10</p>", paragraphs=60))).published_at is None
    assert extract(page(article(above="<p>2025年6月1日</p>"))).published_at == datetime(2025, 5, 31, 16, tzinfo=UTC)


def test_days_come_first_where_the_pages_readers_write_them_first() -> None:
    """03/04/2025 is in April on a Spanish page, and nothing on one of nowhere."""
    spanish, nowhere = (
        page(
            f"<h1>Sobre los robots que podan</h1><p>03/04/2025</p><p>{EN}</p><p>{EN}</p>",
            head=f"<meta http-equiv=content-language content={lang}>",
            url="https://noticias.example.com/1",
        )
        for lang in ("es", "en")
    )
    assert extract(spanish).published_at == datetime(2025, 4, 3, tzinfo=UTC)
    assert extract(nowhere).published_at is None


def test_a_page_that_shows_no_date_may_carry_one_in_its_state() -> None:
    """A key that means publication, in a script; not the address of another page inside this one's."""
    state = '<script>window.x = {"id": 7, "createdAt": "2025-05-20T15:58:43+08:00"}</script>'
    assert extract(page(article() + state)).published_at == datetime(2025, 5, 20, 7, 58, 43, tzinfo=UTC)
    kept = "https://archive.example.cn/get/https://a.example/2025/05/20/1.html"
    assert extract(page(article(), url=kept)).published_at is None


def test_what_changes_at_every_visit_is_not_in_the_body() -> None:
    """Views and replies are counted between the paragraphs, too: two visits give one text."""
    first, second = (
        extract(
            page(
                f"<h1>星桥科技发布港口调度模型</h1><div><p>甲{ZH}</p><div>阅读 {views} · 评论({views // 9})</div>"
                f"<p>乙{ZH}</p><p>丙{ZH}</p><span>{views} views</span></div>"
            )
        ).body
        for views in (1234, 98_765)
    )
    assert first == second == f"甲{ZH}\n乙{ZH}\n丙{ZH}"


def test_an_article_goes_on_in_cousins_of_its_container() -> None:
    """Paragraphs in wrappers of one kind, each in a wrapper of its own, with another list between them."""
    parts = "".join(
        f'<div><div class="frag">{"".join(f"<p>{n}{m}{EN}</p>" for m in "ab")}</div></div>' for n in range(5)
    )
    body = extract(page(f"<main><h1>Robots prune an orchard</h1>{parts}</main>")).body
    assert [line[:2] for line in body.split("\n")] == [f"{n}{m}" for n in range(5) for m in "ab"]


def test_a_date_in_the_future_is_none() -> None:
    """Beyond two days from the fetch a date is a mistake; the address may still say one."""
    assert extract(page(article(above="<p>2031-01-01 09:00</p>"))).published_at is None
    found = extract(page(article(), url="https://tech.example.cn/2025/05/20/1.html"))
    assert found.evidence["published_at"] == "url"


def test_relative_dates_count_from_the_fetch_and_only_beside_the_title() -> None:
    """3小时前 in a comment says nothing of the article."""
    near = extract(page(article(above="<p>3小时前</p>")))
    assert near.published_at == datetime(2025, 6, 1, 9, tzinfo=UTC)
    far = extract(page(article(paragraphs=30, below="<div><p>3小时前</p></div>")))
    assert far.published_at is None


@pytest.mark.parametrize(
    ("above", "authors"),
    [
        ("<p>作者：顾明川 来源：临海日报</p>", ("顾明川",)),
        ("<p>文｜顾明川 编辑｜白露</p>", ("顾明川",)),
        ("<p>本报记者 顾明川 林知远</p>", ("顾明川", "林知远")),
        ("<p>（责任编辑：白露）</p>", ("白露",)),
        ("<p>顾明川</p>", ("顾明川",)),
        ("<p>首页</p>", ()),
    ],
)
def test_authors_in_the_lines_of_a_chinese_page(above: str, authors: tuple[str, ...]) -> None:
    """Labels, reporters, a name alone on its line, an editor where nobody else is named."""
    assert extract(page(article(above=above))).authors == authors


@pytest.mark.parametrize(
    ("above", "source"),
    [
        ("<p>2025-05-20 来源：临海日报</p>", "临海日报"),
        ("<p>转载自：松原时报</p>", "松原时报"),
        ("<p>2025年05月20日 18:57 松原时报</p>", "松原时报"),
        ("<p>据临海日报5月20日报道，港口已经恢复。</p>", "临海日报"),
        ("<p>来源：本站原创</p>", None),
    ],
)
def test_credited_sources(above: str, source: str | None) -> None:
    """来源, 转载自, the name after the time, 据X报道; the site itself is nobody's source."""
    assert extract(page(article(above=above))).credited_source == source


def test_canonical_urls_are_the_site_s_own_and_not_its_home_page() -> None:
    """Another site's, or the home page, is a template's mistake."""
    declared = '<link rel="canonical" href="{}">'
    url = "https://tech.example.cn/a/1.html?from=wechat"
    for said, right in (
        ("/a/1.html", "https://tech.example.cn/a/1.html"),
        ("https://www.example.cn/a/1.html", "https://www.example.cn/a/1.html"),
        ("https://tech.example.cn/", url),
        ("https://elsewhere.example.org/a/1.html", url),
        ("http://[", url),
    ):
        assert extract(page(article(), head=declared.format(said), url=url)).url == right


@pytest.mark.parametrize(
    ("host", "owner"),
    [
        ("tech.sina.com.cn", "sina.com.cn"),
        ("news.bbc.co.uk", "bbc.co.uk"),
        ("example.org", "example.org"),
        ("a.b.example.org", "example.org"),
        ("127.0.0.1", "127.0.0.1"),
        ("", ""),
    ],
)
def test_sites_of_hosts(host: str, owner: str) -> None:
    """com.cn is nobody's."""
    assert site(host) == owner


def test_a_lead_fills_gaps_and_overrules_nothing() -> None:
    """Title, date and outlet of the page win; what it lacks comes from the lead, and the evidence says so."""
    lead = Lead(
        url="https://tech.example.cn/rss/1",
        title="列表上的标题",
        published_at=NOW,
        published_raw="raw",
        outlet="远见新闻",
    )
    full = extract(page(article(above="<p>2025-05-20 08:30</p>"), lead=lead))
    assert full.title == "星桥科技发布港口调度模型"
    assert full.published_at == datetime(2025, 5, 20, 0, 30, tzinfo=UTC)
    assert (full.outlet, full.evidence["outlet"]) == ("远见新闻", "lead of tech.example.cn")
    bare = extract(page("".join(f"<p>{n}{ZH}</p>" for n in range(4)), lead=lead))
    assert (bare.title, bare.evidence["title"]) == ("列表上的标题", "lead of tech.example.cn")
    assert (bare.published_at, bare.published_raw, bare.evidence["published_at"]) == (
        NOW,
        "raw",
        "lead of tech.example.cn",
    )


def test_another_site_s_lead_fills_nothing() -> None:
    """What a feed of another site says of a page is not the page's, unless the topic file pairs them."""
    said = Lead(
        url="https://tech.example.cn/a/1.html",
        title="别家的标题",
        published_at=NOW,
        outlet="别家",
        body=f"<p>{ZH}</p>",
        speaker="https://feed.example.com/rss",
    )
    bare = "".join(f"<p>{n}{ZH}</p>" for n in range(4))
    found = extract(page(bare, lead=said))
    assert (found.title, found.published_at, found.outlet) == ("", None, None)
    with pytest.raises(Unreadable):
        extract(page("", lead=said))
    paired = extract(page(bare, lead=replace(said, pairings=("example.cn",))))
    assert (paired.title, paired.published_at, paired.outlet) == ("别家的标题", NOW, "别家")
    assert paired.evidence["published_at"] == "lead of feed.example.com"
    moved = replace(said, url="https://feed.example.com/to/1", speaker=None)  # its own link, which redirects
    assert extract(page(bare, lead=moved)).published_at is None


def test_a_lead_s_own_text_is_the_article_where_the_page_has_none() -> None:
    """A feed that carries its articles whole makes up for a page that cannot be had."""
    lead = Lead(url="https://a.example/1", title="星桥科技", body=f"<p>{ZH}</p><p>第二段。{ZH}</p>")
    for empty in ("", "<div id=app></div>"):
        found = extract(Page(url="https://a.example/1", body=empty.encode(), fetched_at=NOW, lead=lead))
        assert found.body == f"{ZH}\n第二段。{ZH}"
        assert (found.title, found.evidence["body"]) == ("星桥科技", "lead of a.example")


@pytest.mark.parametrize("body", [b"", b"   ", b"<html><body></body></html>", b"\x00\xff\xfe\x01"])
def test_a_page_without_an_article_says_so(body: bytes) -> None:
    """Nothing is made up."""
    with pytest.raises(Unreadable, match=r"^extract: "):
        extract(Page(url="https://a.example/1", body=body, fetched_at=NOW))


def test_site_rules_win_until_their_day() -> None:
    """Selectors of the host, or of the domain above it, replace what the generic way finds."""
    rule = SiteRule(host="example.cn", body=".mine", title=".t", author=".who", date=".when", drop=".ad")
    byline = "<b class=t>规则的标题</b><i class=who>江望</i><u class=when>2025-05-01 10:00</u>"
    html = article(above=f"{byline}<p class=mine>只有这段。<span class=ad>{ZH}</span></p>")
    found = extract(page(html), [rule])
    assert (found.title, found.body, found.authors) == ("规则的标题", "只有这段。", ("江望",))
    assert found.published_at == datetime(2025, 5, 1, 2, tzinfo=UTC)
    assert found.evidence["body"] == "site rule"
    old = SiteRule(host="example.cn", title=".t", until=date(2025, 5, 31))
    other = SiteRule(host="ample.cn", title=".t")
    assert extract(page(html), [old, other]).title == "星桥科技发布港口调度模型"


def test_paywalls_are_seen() -> None:
    """Declared, named in the markup, or asked for beside a short text; an advertisement beside a long one is none."""
    declared = '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script>'
    assert extract(page(article(), head=declared)).paywalled
    assert extract(page(article(below='<div class="paywall">Subscribe to read the rest.</div>'))).paywalled
    assert extract(page(article(below="<p>开通会员，阅读剩余70%的内容</p>"))).paywalled
    assert not extract(page(article())).paywalled
    assert not extract(page(article(paragraphs=40, below="<p>付费会员可以收听音频版。</p>"))).paywalled


@pytest.mark.parametrize(
    ("url", "link", "found"),
    [
        ("/a/1.html", '<a href="/a/1_2.html">下一页</a>', "/a/1_2.html"),
        ("/a/1_2.html", '<a href="1_3.html">下一页 &gt;</a>', "/a/1_3.html"),
        ("/a?id=7", '<a href="?id=7&page=2">Next</a>', "/a?id=7&page=2"),
        ("/a/x", '<link rel="next" href="/a/x/2">', "/a/x/2"),
        ("/a/1.html", '<a href="/a/2.html">下一篇</a>', None),
        ("/a/story.html", '<a href="/b/other_2.html">下一页</a>', None),
        ("/a/1_2.html", '<a href="/a/1_2.html">下一页</a>', None),
        ("/a/1.html", '<a href="https://other.example/a/1_2.html">下一页</a>', None),
        ("/a/1.html", "<a>下一页</a>", None),
    ],
)
def test_next_pages_are_plain_or_none(url: str, link: str, found: str | None) -> None:
    """Only this address with the next number in it is the next page."""
    base = "https://tech.example.cn"
    assert next_page(page(article() + link, url=base + url)) == (base + found if found else None)


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "big5", "cp1252", "utf-16"])
@pytest.mark.parametrize(
    "link",
    [
        *(
            f'<a href="/a/1_2.html">{said}</a>'
            for said in ("下一頁", "[下页]", "余下全文", "Next&nbsp;", "NEXT PAGE >")
        ),
        *(
            f'<a href="/a/1_2.html">{said}</a>'
            for said in ("\u3000next", "Nächste Seite", "NÄCHSTE SEITE", "Page suivante")
        ),
        *(f'<link {rel} href="/a/1_2.html">' for rel in ("rel=next", 'REL="Next"', "rel='next'")),
    ],
)
def test_a_next_page_is_seen_in_the_bytes(link: str, codec: str) -> None:
    """Before anything is decoded or parsed, in every charset that can write the words."""
    try:
        body = f"<html><meta charset={codec}><body>{link}</body></html>".encode(codec)
    except UnicodeEncodeError:
        pytest.skip(f"{codec} has no letters for it")
    headers = {"content-type": f"text/html; charset={codec}"}
    here = Page(url="https://tech.example.cn/a/1.html", body=body, fetched_at=NOW, headers=headers)
    assert next_page(here) == "https://tech.example.cn/a/1_2.html"


def test_joined_pages_repeat_nothing() -> None:
    """A headline or notice that stands on both pages is kept once; everything else of the first page stays."""
    first = Article(url="https://a.example/1", title="题", body="一\n二\n声明")
    rest = Article(url="https://a.example/1_2", title="题（2）", body="三\n声明\n四")
    both = join(join(first, rest), Article(url="https://a.example/1_3", title="题（3）", body="五"))
    assert (both.url, both.title, both.body) == ("https://a.example/1", "题", "一\n二\n声明\n三\n四\n五")
    assert both.evidence["pages"] == "3"


@pytest.mark.parametrize("depth", [300, 1900, 3000, 20000])
def test_nesting_loses_nothing(depth: int) -> None:
    """libxml2 drops what is deeper than 2,048 elements; such a page is read without its wrappers."""
    nested = "<div>" * depth + "".join(f"<p>{n}、{ZH}</p>" for n in range(5)) + "</div>" * depth
    assert extract(page(f"<h1>星桥科技发布港口调度模型</h1>{nested}")).body.count("星桥科技") == 5


def test_hostile_json_is_only_unread() -> None:
    """Arrays as deep as the page is long, scripts that never end, and dates out of this world."""
    deep = f'<script type="application/ld+json">{"[" * 50_000}</script>'
    said = '{"@type":"NewsArticle","headline":["x"],"datePublished":1e999,"author":{"name":[1,{}]}}'
    odd = f'<script type="application/ld+json">{said}</script>'
    assert extract(page(article(), head=deep + odd)).body.count("星桥科技") == 4


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["", "text/html; charset=gbk", "text/html; charset=nonsense"]))
def test_no_bytes_do_more_than_be_unreadable(body: bytes, header: str) -> None:
    """Whatever comes is an article or Unreadable."""
    try:
        found = extract(Page(url="https://a.example/1", body=body, fetched_at=NOW, headers={"content-type": header}))
    except Unreadable:
        return
    assert found.body


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<div>",
                "</div>",
                "<p>",
                "<table><tr>",
                "<td>",
                "<ul><li>",
                ZH,
                "<!--",
                "<a href=x>",
                "</a>",
                "<h1>",
                "<script>",
                "\x00",
            ]
        ),
        max_size=40,
    )
)
def test_tag_soup_is_read_or_unreadable(parts: list[str]) -> None:
    """No order of tags breaks the walk."""
    try:
        extract(page("".join(parts)))
    except Unreadable:
        return


def test_english_pages_are_read_alike() -> None:
    """Byline and date of an English page."""
    above = "<div>By Maud Ellery and Rowan Pike | May 20, 2025 at 9:40 am EST</div>"
    text = "".join(f"<p>{number}. {EN}</p>" for number in range(6))
    found = extract(
        page(f"<h1>Robots prune an orchard overnight</h1>{above}<div>{text}</div>", url="https://a.example/1")
    )
    assert found.authors == ("Maud Ellery", "Rowan Pike")
    assert found.published_at == datetime(2025, 5, 20, 14, 40, tzinfo=UTC)
    assert found.published_tz == "EST"


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("小米", "小米"),
        ("a<b>b</b> c<i>d<u>e</u></i>f", "ab cdef"),
        ("a<script>b</script>c<style>d</style> <span>e<script>f</script></span>g", "ac eg"),
    ],
)
def test_a_text_is_read_in_order_without_its_scripts(inner: str, text: str) -> None:
    """Tails and children where they stand; what a browser runs is no text."""
    assert text_of(parse(f"<body><h1>{inner}</h1>tail</body>").first("h1")) == text
