"""Searches: each adapter reads its service's shape, and its service's errors."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import SourceError
from crawler.model import ADAPTERS, Source
from crawler.sources import search_adapters
from tests.support.answers import HALF_PAST_SIX, SOURCE, ask, refusal

FIXTURES = Path(__file__).parents[1] / "fixtures"
NINE = datetime(2025, 12, 17, 9, 0, tzinfo=UTC)


def source(adapter: str) -> Source:
    """Return a search source."""
    return replace(SOURCE, kind="search", url="https://search.test/?q=x", adapter=adapter, timezone="UTC")


def fixture(name: str) -> bytes:
    """Return an invented answer in a service's real shape."""
    return (FIXTURES / name).read_bytes()


def test_every_adapter_a_topic_may_name_is_there() -> None:
    """And no other."""
    assert set(search_adapters.ADAPTERS) == set(ADAPTERS)


def test_google_news_keeps_title_outlet_and_date_of_links_not_to_visit() -> None:
    """The outlet comes off the title, from its element or after the last dash."""
    one, two = ask(search_adapters.parse, fixture("google-news.xml"), source=source("google-news")).leads
    assert (one.title, one.outlet, one.published_at) == ("小米发布虚构模型 - 参数公开", "样例日报", HALF_PAST_SIX)
    assert (two.title, two.outlet, two.published_at) == ("An invented headline", "Sample Wire", NINE)
    assert not one.visitable
    assert not two.visitable
    assert one.body is None


def test_bing_news_is_unwrapped() -> None:
    """The article's own address, whatever else changes in the link; what is not http(s) inside is dropped."""
    answer = ask(search_adapters.parse, fixture("bing-news.xml"), source=source("bing-news"))
    one, plain = answer.leads
    assert one.url == "https://www.sample.test/a?id=1&p=2"
    assert (one.title, one.outlet, one.published_at) == ("小米的虚构眼镜上市", "样例网", HALF_PAST_SIX)
    assert plain.url == "https://plain.test/story"
    assert answer.dropped == 1


def test_gdelt_titles_are_closed_up() -> None:
    """Without the spaces it puts round punctuation; `seendate` fills the date."""
    answer = ask(search_adapters.parse, fixture("gdelt-doc.json"), source=source("gdelt-doc"))
    one, two = answer.leads
    assert one.title == "Xiaomi's invented model, explained: what (little) we know"
    assert (one.outlet, one.published_at) == ("sample.test", HALF_PAST_SIX)
    assert two.title == "小米 虚构 模型：参数 公开，全文"
    assert answer.dropped == 1


def test_gdelt_without_hits_is_an_answer() -> None:
    """An empty object is no error."""
    assert ask(search_adapters.parse, "{}", source=source("gdelt-doc")).leads == ()


def test_hacker_news_posts_without_a_link_are_their_own_page() -> None:
    """Their text is kept; a title is text, not HTML."""
    answer = ask(search_adapters.parse, fixture("hn-algolia.json"), source=source("hn-algolia"))
    one, ask_hn = answer.leads
    assert (one.url, one.title, one.published_at) == (
        "https://blog.sample.test/model",
        "An invented open model <309B>",
        HALF_PAST_SIX,
    )
    assert ask_hn.url == "https://news.ycombinator.com/item?id=900002"
    assert ask_hn.body == "<p>I am asking."
    assert answer.dropped == 1


def test_eastmoney_is_unwrapped_and_in_chinese_time() -> None:
    """Whatever the zone of the source; its highlighting is taken out."""
    answer = ask(search_adapters.parse, fixture("eastmoney.jsonp"), source=source("eastmoney"))
    (lead,) = answer.leads
    assert lead.url == "http://finance.sample.test/a/202512170000000001.html"
    assert (lead.title, lead.outlet) == ('小米虚构模型获"关注"', "样例证券报")
    assert (lead.published_at, lead.published_raw) == (HALF_PAST_SIX, "2025-12-17 18:30:00")
    assert answer.dropped == 1


@pytest.mark.parametrize(
    ("adapter", "body", "reason"),
    [
        ("gdelt-doc", "Your query was too short or too long.\n", "in words: 'Your query was too short or too long.'"),
        ("gdelt-doc", "<html><body>Timeout</body></html>", "GDELT answers in words"),
        ("gdelt-doc", '{"articles": 5}', "no list 'articles'"),
        ("hn-algolia", '{"message": "invalid parameter", "status": 400}', "no list 'hits': 'invalid parameter'"),
        ("hn-algolia", "[1, 2]", "no list 'hits'"),
        ("eastmoney", "<html>blocked</html>", "is no JSON"),
        ("eastmoney", "jQuery(alert(1))", "is no JSON"),
        ("eastmoney", 'jQuery({"code": 1, "msg": "bad", "result": null})', "no list 'cmsArticleWebOld'"),
        ("google-news", "<html><body>unusual traffic</body></html>", "is an HTML page"),
        ("bing-news", "", "is empty"),
        ("altavista", "{}", "no adapter 'altavista'"),
    ],
)
def test_what_is_no_answer_is_refused_with_a_reason(adapter: str, body: str, reason: str) -> None:
    """Errors with status 200 are told from answers."""
    assert reason in refusal(search_adapters.parse, body, source=source(adapter))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.just("http://a.test/"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["articles", "hits", "result", "cmsArticleWebOld", "url", "title", "date", "objectID"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@given(st.sampled_from(ADAPTERS), st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_give_leads_or_a_reason(adapter: str, body: bytes) -> None:
    """Never another exception."""
    try:
        answer = ask(search_adapters.parse, body, source=source(adapter))
    except SourceError:
        return
    assert all(lead.url.startswith(("http://", "https://")) for lead in answer.leads)


@given(st.sampled_from(ADAPTERS), values)
def test_any_hits_give_leads_or_a_reason(adapter: str, hits: object) -> None:
    """The same where the shape around the hits is right."""
    body = json.dumps({"articles": hits, "hits": hits, "result": {"cmsArticleWebOld": hits}})
    try:
        ask(search_adapters.parse, f"cb({body});" if adapter == "eastmoney" else body, source=source(adapter))
    except SourceError:
        return
