"""List pages: rules pick the entries, dates count from the fetch, a layout that changed is an error."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import limits
from crawler.errors import SourceError
from crawler.sources import listing
from tests.support.answers import HALF_PAST_SIX, NOW, SOURCE, ask, refusal

RULES = {"item": "#list > li", "link": "a.title", "title": "a.title", "date": ".time"}
LIST = replace(SOURCE, kind="listing", url="https://news.test/list/", rules=RULES)


def page(*rows: str, head: str = "") -> str:
    """Return a list page."""
    body = f'<nav><a href="/x">首页</a></nav><ul id="list">{"".join(rows)}</ul>'
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}"


def row(href: str = "1.html", title: str = "标题", time: str = "", attributes: str = "") -> str:
    """Return an entry of the list."""
    return f'<li><a class="title" href="{href}" {attributes}>{title}</a><span class="time">{time}</span></li>'


def test_rules_pick_link_title_and_date() -> None:
    """Links outside the items are no leads; relative ones count from the page."""
    answer = ask(
        listing.parse,
        page(row("1.html", " 小米 <em>AI</em>\n 眼镜 ", "昨天 18:30"), row("//cdn.test/2", "二", "2025-12-17 18:30")),
        source=LIST,
    )
    assert [(lead.url, lead.title) for lead in answer.leads] == [
        ("https://news.test/list/1.html", "小米 AI 眼镜"),
        ("https://cdn.test/2", "二"),
    ]
    assert {lead.published_at for lead in answer.leads} == {HALF_PAST_SIX}


@pytest.mark.parametrize(
    ("cell", "at"),
    [
        ("3分钟前", datetime(2025, 12, 18, 3, 57, tzinfo=UTC)),
        ("刚刚", NOW),
        ("12-17 18:30", HALF_PAST_SIX),
        ('<time datetime="2025-12-17T18:30:00+08:00">昨天</time>', HALF_PAST_SIX),
        ("很久以前", None),
        ("", None),
    ],
)
def test_dates_count_from_the_fetch(cell: str, at: datetime | None) -> None:
    """In the zone of the source; an attribute is more exact than its text."""
    (lead,) = ask(listing.parse, page(row(time=cell)), source=LIST).leads
    assert lead.published_at == at


def test_a_date_that_is_none_is_kept_as_written() -> None:
    """Its text goes into `published_raw`, cut to the length of a date."""
    (lead,) = ask(listing.parse, page(row(time="很久以前" * 50)), source=LIST).leads
    assert lead.published_raw == ("很久以前" * 50)[:80]


def test_a_bad_link_costs_only_its_item() -> None:
    """Also an item without a link."""
    answer = ask(listing.parse, page(row("javascript:void(0)"), "<li>广告</li>", row()), source=LIST)
    assert (len(answer.leads), answer.dropped) == (1, 2)


def test_rules_have_defaults() -> None:
    """The item itself or its first link; the link's text; no date."""
    (lead,) = ask(listing.parse, page(row(title="题")), source=replace(LIST, rules={"item": "#list a"})).leads
    assert (lead.url, lead.title, lead.published_at) == ("https://news.test/list/1.html", "题", None)


def test_a_title_cut_off_is_read_from_its_attribute() -> None:
    """Only where the attribute begins like the text; an image's link has no text at all."""
    cut, other, image = ask(
        listing.parse,
        page(
            row(title="小米发布虚…", attributes='title="小米发布虚构模型"'),
            row("2", title="小米", attributes='title="点击阅读"'),
            row("3", title='<img src="x">', attributes='title="图"'),
        ),
        source=LIST,
    ).leads
    assert (cut.title, other.title, image.title) == ("小米发布虚构模型", "小米", "图")


@pytest.mark.parametrize("charset", ["gb2312", "GBK", "gb18030"])
def test_gb_means_gb18030(charset: str) -> None:
    """Declared in the page or in the header."""
    text = page(
        row(title="镕喆嚞小米"), head=f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">'
    )
    assert ask(listing.parse, text.encode("gb18030"), source=LIST).leads[0].title == "镕喆嚞小米"
    bare = page(row(title="镕喆嚞小米")).encode("gb18030")
    answer = ask(listing.parse, bare, headers={"content-type": f"text/html; charset={charset}"}, source=LIST)
    assert answer.leads[0].title == "镕喆嚞小米"
    assert answer.charset == "gb18030"


def test_base_moves_relative_links() -> None:
    """As browsers do; a base that leads nowhere does not count."""
    (lead,) = ask(listing.parse, page(row(), head='<base href="https://m.news.test/z/">'), source=LIST).leads
    assert lead.url == "https://m.news.test/z/1.html"
    (lead,) = ask(listing.parse, page(row(), head='<base href="javascript:x">'), source=LIST).leads
    assert lead.url == "https://news.test/list/1.html"


def test_xhtml_with_a_declaration_is_read() -> None:
    """An XML declaration before the page does not make it XML."""
    text = '<?xml version="1.0" encoding="utf-8"?>\n' + page(row())
    assert len(ask(listing.parse, text, source=LIST).leads) == 1


@pytest.mark.parametrize("markup", ["<div><a href=x>t</a>", "<li><a href=x>"])
def test_markup_left_open_does_not_nest_for_ever(markup: str) -> None:
    """Items inside each other, each holding all that follow, are no items; the last few are."""
    answer = ask(listing.parse, markup * 900, source=replace(LIST, rules={"item": "div, li"}))
    assert 0 < len(answer.leads) < limits.LISTING_ITEM_NODES
    assert answer.dropped > 300


def test_items_hold_only_so_many_nodes_together() -> None:
    """Items inside each other just below `MOST_NODES` are read until the bound; a long list of flat ones is, whole."""
    chain = "<div>" * 240 + "<a href=x>t</a>" + "<b></b>" * 240 + "</div>" * 240
    answer = ask(listing.parse, chain * 4, source=replace(LIST, rules={"item": "div"}))
    assert 200 < len(answer.leads) < 400
    assert answer.dropped == 960 - len(answer.leads)
    rows = (row(f"{number}", "题<i></i>" * 40) for number in range(1000))
    assert len(ask(listing.parse, page(*rows), source=LIST).leads) == 1000


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "is empty"),
        ("Forbidden", "no HTML page"),
        ('{"code": 403}', "no HTML page"),
        ("<html><body>请登录</body></html>", "no element matches the rule item = '#list > li': the layout has changed"),
    ],
)
def test_what_is_no_list_is_refused_with_a_reason(body: str, reason: str) -> None:
    """SourceError says what came, or which rule found nothing."""
    assert reason in refusal(listing.parse, body, source=LIST)


@pytest.mark.parametrize("key", ["item", "link", "title", "date"])
def test_a_rule_that_is_no_selector_is_named(key: str) -> None:
    """Not a traceback of the CSS library."""
    assert "no CSS selector" in refusal(listing.parse, page(row()), source=replace(LIST, rules={**RULES, key: "a[["}))


pieces = st.sampled_from(
    [
        *(
            "<ul id=list>",
            "</ul>",
            "<li>",
            "</li>",
            "<a class=title href='",
            "'>",
            "</a>",
            "<span class=time>",
            "</span>",
        ),
        *(
            "1.html",
            "javascript:x",
            "//[",
            "3分钟前",
            "标题",
            "&",
            "&#0;",
            "<!--",
            "-->",
            "<![CDATA[",
            "<?xml?>",
            "\0",
            "<base href='",
        ),
    ]
)


@given(st.binary(max_size=200) | st.lists(pieces, max_size=40).map(lambda parts: "".join(parts).encode()))
def test_any_bytes_give_leads_or_a_reason(body: bytes) -> None:
    """Never another exception, nor a warning."""
    try:
        answer = ask(listing.parse, body, source=LIST)
    except SourceError:
        return
    assert all(lead.url.startswith(("http://", "https://")) for lead in answer.leads)
