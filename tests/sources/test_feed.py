"""Feeds: every format and encoding gives the same leads, a bad entry costs only itself, nothing else escapes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler import limits
from crawler.errors import SourceError
from crawler.limits import URL_CHARACTERS
from crawler.sources import answers, feed, feed_xml
from tests.support.answers import HALF_PAST_SIX, NOW, SOURCE, ask, refusal

if TYPE_CHECKING:
    from crawler.model import Lead

BODY = "<p>罗福莉介绍了虚构模型，3090亿参数。</p>"


def rss(*items: str, head: str = "", encoding: str = "utf-8") -> str:
    """Return an RSS 2.0 feed; the modules everybody uses are declared."""
    return (
        f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
        ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">'
        '<channel><title>虚构</title><link>https://news.test/</link><atom:link rel="self" href="https://news.test/feed"/>'
        f"{head}{''.join(items)}</channel></rss>"
    )


def item(link: str = "https://news.test/1", title: str = "标题", more: str = "") -> str:
    """Return one RSS item."""
    return f"<item><title>{title}</title><link>{link}</link>{more}</item>"


RSS2 = rss(
    item(more=f"<pubDate>Wed, 17 Dec 2025 10:30:00 GMT</pubDate><content:encoded><![CDATA[{BODY}]]></content:encoded>")
)
RSS1 = f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
 <channel rdf:about="https://news.test/"><title>虚构</title><link>https://news.test/</link></channel>
 <item rdf:about="https://news.test/1"><title>标题</title><link>https://news.test/1</link>
 <dc:date>2025-12-17T18:30:00+08:00</dc:date><content:encoded><![CDATA[{BODY}]]></content:encoded></item></rdf:RDF>"""
RSS091 = f"""<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"
 "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>虚构</title>
 <link>https://news.test/</link><item><title>标题</title><link>/1</link><pubDate>2025-12-17 18:30:00</pubDate>
 <content:encoded xmlns:content="x"><![CDATA[{BODY}]]></content:encoded></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://news.test/"><title>虚构</title>
 <link rel="self" href="https://news.test/feed"/><entry><title type="html">&lt;b&gt;标题&lt;/b&gt;</title>
 <link rel="enclosure" href="https://cdn.test/a.mp3"/><link rel="alternate" href="1"/><id>urn:1</id>
 <updated>2025-12-18T00:00:00Z</updated><published>2025-12-17T10:30:00Z</published>
 <content type="xhtml"><p>罗福莉介绍了虚构模型，3090亿参数。</p></content></entry></feed>"""
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "虚构",
        "items": [
            {
                "id": "1",
                "url": "/1",
                "title": "标题",
                "date_published": "2025-12-17T18:30:00+08:00",
                "content_html": BODY,
            }
        ],
    }
)


@pytest.mark.parametrize("text", [RSS2, RSS1, RSS091, ATOM, JSON_FEED], ids=["2.0", "1.0", "0.91", "Atom", "JSON"])
def test_every_format_gives_the_same_lead(text: str) -> None:
    """Link, title without markup, date in UTC, the body that the entry carries."""
    (lead,) = ask(feed.parse, text).leads
    assert (lead.url, lead.title, lead.published_at) == ("https://news.test/1", "标题", HALF_PAST_SIX)
    assert lead.body is not None
    assert "罗福莉介绍了虚构模型，3090亿参数。" in lead.body


LONG = rss(*(item(f"https://news.test/{n}", f"小米虚构模型第{n}篇：镕喆嚞") for n in range(150)))
TITLES = [lead.title for lead in ask(feed.parse, LONG).leads]


@pytest.mark.parametrize(
    ("body", "headers", "charset"),
    [
        (LONG.replace("utf-8", "gb2312").encode("gb18030"), {}, "gb18030"),
        (LONG.replace("utf-8", "GBK").encode("gb18030"), {"content-type": "text/xml; charset=utf-8"}, "gb18030"),
        (LONG.encode("gb18030"), {"content-type": "text/xml; charset=gb2312"}, "gb18030"),
        (LONG.replace("utf-8", "gb2312").encode(), {"content-type": "text/xml; charset=gb2312"}, "utf-8"),
        ("\ufeff\n  ".encode() + LONG.encode(), {}, "utf-8"),
        (b"\n\n \t" + LONG.encode(), {}, "utf-8"),
        (LONG.replace("utf-8", "utf-16").encode("utf-16"), {}, "utf-16-le"),
    ],
)
def test_a_charset_never_costs_a_title(body: bytes, headers: dict[str, str], charset: str) -> None:
    """gb2312 means GB18030, UTF-8 is UTF-8 whatever it claims; marks and blanks before the XML are let pass."""
    answer = ask(feed.parse, body, headers=headers)
    assert [lead.title for lead in answer.leads] == TITLES
    assert len(TITLES) == 150
    assert answer.charset == charset


def test_a_bad_entry_costs_only_itself() -> None:
    """Links that run code, read files or are none at all are dropped and counted; their neighbours stay."""
    bad = [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://a.test/x",
        "http://[::1",
        "http://a:99999/",
        "",
    ]
    items = [item(), *(item(link) for link in bad), "<item/>", item("https://news.test/2")]
    answer = ask(feed.parse, rss(*items))
    assert [lead.url for lead in answer.leads] == ["https://news.test/1", "https://news.test/2"]
    assert answer.dropped == len(bad) + 1


def test_links() -> None:
    """Relative ones count from the feed's link; a redirector's original, a guid or an Atom link stands in."""
    answer = ask(
        feed.parse,
        rss(
            item(" /a\n"),
            item("https://r.test/x", more="<feedburner:origLink>https://news.test/b?x=1&amp;y=2</feedburner:origLink>"),
            "<item><title>c</title><guid>https://news.test/c</guid></item>",
            '<item><title>d</title><guid isPermaLink="false">d</guid><atom:link href="/d"/></item>',
            "<item><title>e</title><link>//news.test/e f</link></item>",
        ),
    )
    assert [lead.url for lead in answer.leads] == [
        "https://news.test/a",
        "https://news.test/b?x=1&y=2",
        "https://news.test/c",
        "https://news.test/d",
        "https://news.test/e%20f",
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("  小米\n 新模型  ", "小米 新模型"),
        ("<![CDATA[<em>小米</em>AI &amp; 眼镜]]>", "小米AI & 眼镜"),
        ("AT&amp;amp;T &amp;quot;x&amp;quot;", 'AT&T "x"'),
        ("&lt;script&gt;alert(1)&lt;/script&gt;标题", "标题"),
        ("&amp;lt;b&amp;gt;粗&amp;lt;/b&amp;gt;", "粗"),
        ("5 &lt; 6 &amp;&amp; 7 &gt; 3", "5 < 6 && 7 > 3"),
        ("小米\u0000\u0007&#xD800;AI", "小米AI"),
        ("x" * 600, "x" * 500),
        ("", None),
    ],
)
def test_titles_are_text(written: str, read: str | None) -> None:
    """No tags, no entities, no line breaks, nothing that a database cannot hold, no novel."""
    (lead,) = ask(feed.parse, rss(item(title=written))).leads
    assert lead.title == read


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2025-12-17 18:30:00", HALF_PAST_SIX),
        ("Wed, 17 Dec 2025 18:30:00", HALF_PAST_SIX),
        ("2025年12月17日 18:30", HALF_PAST_SIX),
        ("17 Dec 25 05:30 EST", HALF_PAST_SIX),
        ("2024年1月1日", datetime(2023, 12, 31, 16, tzinfo=UTC)),
        ("9999-12-31T00:00:00-12:00", None),
        ("0000-00-00", None),
        ("soon", None),
    ],
)
def test_dates_are_read_by_our_own_parser(written: str, at: datetime | None) -> None:
    """Without a zone, the source's own; what is no date is kept as it stands."""
    (lead,) = ask(feed.parse, rss(item(more=f"<pubDate> {written} </pubDate>"))).leads
    assert (lead.published_at, lead.published_raw) == (at, written)


def test_a_description_is_a_body_only_when_it_is_long() -> None:
    """A teaser is not kept; an article in the description is, as several Chinese feeds carry it."""
    teaser, whole = ask(
        feed.parse, rss(*(item(f"/{size}", more=f"<description>{'字' * size}</description>") for size in (200, 2000)))
    ).leads
    assert teaser.body is None
    assert whole.body == "字" * 2000


def test_the_outlet_an_aggregator_names_is_kept() -> None:
    """RSS source, and the title of Atom's."""
    (lead,) = ask(feed.parse, rss(item(more='<source url="https://a.test">样例 &amp; 报</source>'))).leads
    assert lead.outlet == "样例 & 报"
    (lead,) = ask(feed.parse, ATOM.replace("<id>urn:1", "<source><title>样例报</title></source><id>urn:1")).leads
    assert lead.outlet == "样例报"


def test_signals() -> None:
    """Ttl, skipHours, skipDays and sy:updatePeriod of the feed, beside max-age and Retry-After of HTTP."""
    head = (
        "<ttl>90</ttl>"
        "<skipHours><hour>0</hour><hour> 23 </hour><hour>24</hour><hour>25</hour><hour>x</hour></skipHours>"
        "<skipDays><day>Saturday</day><day>sunday</day><day>Caturday</day></skipDays>"
        "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>"
    )
    signals = ask(feed.parse, rss(item(), head=head), headers={"cache-control": "public, max-age=300"}).signals
    assert signals.ttl == timedelta(minutes=90)
    assert signals.update_period == timedelta(hours=6)
    assert signals.skip_hours == {0, 23}
    assert signals.skip_days == {5, 6}
    assert signals.max_age == timedelta(minutes=5)


@pytest.mark.parametrize("ttl", ["", "0", "-5", "x", "9" * 30, "１０"])
def test_a_senseless_ttl_says_nothing(ttl: str) -> None:
    """Only a positive number of sane length counts."""
    assert ask(feed.parse, rss(head=f"<ttl>{ttl}</ttl>")).signals.ttl is None


def test_an_empty_feed_is_an_answer() -> None:
    """No entries is for health to judge, not an error."""
    assert ask(feed.parse, rss()).leads == ()


def test_at_most_a_thousand_leads() -> None:
    """The rest is counted as dropped."""
    answer = ask(feed.parse, rss(*(item(f"/{n}") for n in range(1200))))
    assert (len(answer.leads), answer.dropped) == (1000, 200)


BOMB = (
    '<?xml version="1.0"?><!-- x --><!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    + rss(item(title="&b;"))[38:]
)
XXE = '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + rss(item(title="&x;"))[38:]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "is empty"),
        (" \n\x00 ", "is empty"),
        ("<!DOCTYPE html><html><body>登录</body></html>", "is an HTML page"),
        ("<!-- cached --><html><head>", "is an HTML page"),
        ("Too many requests", "neither XML nor HTML: 'Too many requests'"),
        (
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url/></urlset>',
            "no feed: its root is <urlset>",
        ),
        ('<opml><body><outline text="x"/></body></opml>', "its root is <opml>"),
        ('{"code": 403}', "no JSON Feed"),
        ('{"items": ', "is no JSON"),
        ('{"items": ' + "[" * 200_000, "is no JSON"),
        ('{"items": [' + "9" * 6000 + "]}", "is no JSON"),
        (BOMB, "a DTD of its own"),
        (XXE, "a DTD of its own"),
        (b"<rss>" + b" " * limits.ANSWER_BYTES, "more than"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_feed_is_refused_with_a_reason(body: bytes | str, reason: str) -> None:
    """An HTML page, other XML, words, bombs: SourceError says which."""
    assert reason in refusal(feed.parse, body)


def test_broken_xml_is_mended() -> None:
    """A stray `&`, an entity of HTML, an undeclared prefix and a cut end cost no character of what is there."""
    broken = (
        '<rss version="2.0"><channel><item><title>A & B&nbsp;C &copy;</title><link>https://news.test/?a=1&b=2</link>'
        "<content:encoded><![CDATA[<p>x & y &amp; z</p>]]></content:encoded></item><item><title>Next"
    )
    one = ask(feed.parse, broken).leads[0]
    assert (one.title, one.url, one.body) == ("A & B C ©", "https://news.test/?a=1&b=2", "<p>x & y &amp; z</p>")


def test_feedparser_reads_what_lxml_loses() -> None:
    """Where fewer entries come out than tags went in, the other library's answer counts, and the note says so."""
    feed_in_text = "Here is our feed:\n" + rss(item(), item("https://news.test/2")).replace("<?xml", "<?xml", 1)
    assert len(ask(feed.parse, feed_in_text).leads) == 2
    lost = "<rss><channel><item><title>a</title><link>https://news.test/1</link></item></channel></rss><item><title>b</title><link>https://news.test/2</link></item>"
    answer = ask(feed.parse, lost)
    assert [lead.url for lead in answer.leads] == ["https://news.test/1", "https://news.test/2"]
    assert answer.notes == ("not well-formed: read by feedparser",)


def test_json_entries_of_any_shape() -> None:
    """An item that is no object, or whose fields are no text, is dropped alone."""
    items: list[object] = [
        None,
        3,
        [],
        {"url": 5},
        {"url": "/ok", "title": ["x"], "date_published": 7},
        {"external_url": "/x", "title": "<b> tag"},
    ]
    answer = ask(feed.parse, json.dumps({"items": items}))
    assert [(lead.url, lead.title) for lead in answer.leads] == [
        ("https://news.test/ok", None),
        ("https://news.test/x", "tag"),
    ]
    assert answer.dropped == 4


def test_a_base_longer_than_any_address_is_none() -> None:
    """Relative links count from the address of the feed instead, and none is joined with half a megabyte."""
    items = item("https://news.test/1") + "".join(item(f"{number}", "") for number in range(1, 1000))
    answer = ask(feed.parse, f"<rss><channel><link>https://a.test/{'a/' * 200_000}</link>{items}</channel></rss>")
    assert (len(answer.leads), answer.leads[0].url) == (1000, "https://news.test/1")
    assert answer.leads[999].url == "https://news.test/999"
    assert answers.web_url("1", "https://a.test/" + "a/" * 200_000) is None
    assert answers.web_url("https://a.test/1", "https://a.test/" + "a/" * 200_000) == "https://a.test/1"


def test_bases_are_applied_once_an_element_and_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed's and an entry's `xml:base` count; a hundred inside each other cost four joins, however many entries."""
    joins: list[str] = []
    join = feed_xml.urljoin_or

    def counted(base: str, href: str) -> str:
        joins.append(href)
        return join(base, href)

    monkeypatch.setattr(feed_xml, "urljoin_or", counted)
    nested = '<a xml:base="x/">' * 100 + item("1") * 50 + "</a>" * 100
    answer = ask(feed.parse, f"<rss><channel><link>https://news.test/</link>{nested}</channel></rss>")
    assert {lead.url for lead in answer.leads} == {"https://news.test/x/x/x/x/1"}
    assert joins == ["https://news.test/", *["x/"] * limits.NESTED_BASES]


@pytest.mark.parametrize("field", ["description", "pubDate", "title"])
def test_entries_inside_each_other_do_not_say_one_text_again_and_again(field: str) -> None:
    """A hundred of them hold the document and two megabytes more; what came first is kept."""
    nested = f"<item><link>https://news.test/1</link><{field}>" * 60 + "字" * 400_000
    read = feed_xml.document(f"<rss><channel>{nested}</channel></rss>", SOURCE.url, SOURCE)
    assert read.total == 60
    assert 0 < sum(each.size for each in read.entries) < 2 * feed_xml.MORE_TEXT


def test_namespaces_are_not_repeated_without_end() -> None:
    """Markup of an entry that names long namespaces in each of its elements is read as far as a lead may hold."""
    spaces = "".join(f' xmlns:n{number}="{"u" * 900}{number}"' for number in range(40))
    content = f'<entry><link href="https://news.test/1"/><content type="xhtml">{"<p/>" * 5000}</content></entry>'
    text = f'<feed xmlns="http://www.w3.org/2005/Atom"{spaces}>{content * 9}</feed>'
    read = feed_xml.document(text, SOURCE.url, SOURCE)
    assert 0 < sum(each.size for each in read.entries) < 2 * feed_xml.MORE_TEXT
    assert ask(feed.parse, text).leads[0].body is None


def storable(lead: Lead) -> bool:
    """Return whether a database can hold a lead, and a crawl visit it."""
    texts = [text for text in (lead.url, lead.title, lead.outlet, lead.published_raw, lead.body) if text is not None]
    for text in texts:
        text.encode()
    return (
        lead.url.startswith(("http://", "https://"))
        and not any("\0" in text for text in texts)
        and len(lead.url) <= URL_CHARACTERS
        and len(lead.title or "") <= answers.LONGEST_TITLE
        and (lead.published_at is None or lead.published_at <= NOW + timedelta(days=2))
    )


pieces = st.sampled_from(
    [
        *(
            "<rss>",
            "<channel>",
            "</channel>",
            "</rss>",
            "<item>",
            "</item>",
            "<entry>",
            "</entry>",
            "<feed>",
            "</feed>",
        ),
        *(
            "<title>",
            "</title>",
            "<link>",
            "</link>",
            "<link href='",
            "'/>",
            "http://a.test/",
            "javascript:x",
            "//[",
            "&",
        ),
        *(
            "<pubDate>",
            "</pubDate>",
            "2025-12-17",
            "9999-12-31T",
            "<![CDATA[",
            "]]>",
            "<!--",
            "-->",
            "&#xD800;",
            "&#0;",
        ),
        *(
            "<ttl>",
            "</ttl>",
            "-1",
            "\ud800",
            "\0",
            "标题",
            "<!DOCTYPE x [",
            "<!ENTITY a 'b'>",
            "]>",
            "&a;",
            "{",
            '"items":',
            "[",
        ),
        *(
            "<guid isPermaLink='true'>",
            "xml:base='http://b/'",
            "<?xml version='1.0' encoding='",
            "utf-16",
            "rot13",
            "'?>",
        ),
    ]
)


@given(
    st.binary(max_size=300)
    | st.lists(pieces, max_size=40).map(lambda parts: "".join(parts).encode("utf-8", "surrogatepass"))
)
@example(b"<")
@example(b"<rss><item><link>http://a:b/</link></item></rss>")
def test_any_bytes_give_leads_or_a_reason(body: bytes) -> None:
    """Never another exception, and every lead is fit to be stored and visited."""
    try:
        answer = ask(feed.parse, body)
    except SourceError:
        return
    assert all(storable(lead) for lead in answer.leads)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["\ud800", "/\0"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["items", "url", "title", "id", "content_html", "date_published"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(json_values)
def test_any_json_gives_leads_or_a_reason(value: object) -> None:
    """The same for what is JSON."""
    try:
        answer = ask(feed.parse, json.dumps({"items": value}), source=SOURCE)
    except SourceError:
        return
    assert all(storable(lead) for lead in answer.leads)
