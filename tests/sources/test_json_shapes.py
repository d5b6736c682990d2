"""Services that are data: each reads an invented answer of its real shape."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model import ADAPTERS
from crawler.sources import search_adapters
from crawler.sources.json_shapes import SHAPES, Shape
from crawler.topic.reader import PACKAGED, load
from tests.sources.test_search_adapters import FIXTURES, source
from tests.support.answers import HALF_PAST_SIX, NOW, SOURCE, ask, refusal

FACTS = Path(__file__).parents[2] / "../shared/facts/sources.json"

ZH = "虚构公司开源模型"
HK01 = "https://www.hk01.com/%E8%99%9B%E6%A7%8B/60000001/%E9%95%B7%E6%A8%99%E9%A1%8C"
PDF = "https://www1.hkexnews.hk/listedco/listconews/sehk/2025/1205/2025120500001_c.pdf"
RELEASE = "https://github.com/InventedOrg/Code/releases/tag/v1.2.0"
POST = "https://www.reddit.com/r/InventedSub/comments/"

ANSWERS: dict[str, list[tuple[str, str] | None]] = {
    "arxiv.xml": [("http://arxiv.org/abs/2512.99999v2", "Invented-V2-Flash: A Technical Report Nobody Wrote")],
    "cnyes.json": [("https://news.cnyes.com/news/id/9000001", "虛構公司發表開源模型 參數公開"), None],
    "github-events.json": [(RELEASE, "v1.2.0"), None],
    "hk01.json": [(HK01, "虛構手機商開源模型"), None],
    "hnrss.xml": [("https://blog.sample.test/model", "An invented open model")],
    "hugging-face.json": [
        ("https://huggingface.co/InventedOrg/Invented-V2-Flash", "InventedOrg/Invented-V2-Flash"),
        None,
    ],
    "ifeng.html": [("https://tech.sample.test/c/9aaa", ZH), None],
    "jin10.js": [("https://flash.jin10.com/detail/20251217183000000100", "【虚构公司开源模型】参数公开。"), None],
    "openrouter.json": [
        ("https://openrouter.ai/othervendor/model-1", "Other: Model 1"),
        ("https://openrouter.ai/invented/model-v2", "Invented: Model V2"),
    ],
    "github-releases.xml": [(RELEASE, "v1.2.0: invented")],
    "sina-roll.json": [("https://finance.sample.test/tech/doc-xinvented001.shtml", ZH), None],
    "thepaper.json": [("https://www.thepaper.cn/newsDetail_forward_39000001", ZH), None],
    "wallstreetcn.json": [("https://wallstreetcn.com/articles/3700001", ZH), None],
    "wallstreetcn-live.json": [("https://wallstreetcn.com/livenews/2900001", f"{ZH}。"), None],
}
"""Fixture -> (url, title) of its hits, None for one that leads nowhere; all are of half past six, in Shanghai 18:30."""

UNDATED: dict[str, list[tuple[str, str] | None]] = {
    "juejin.json": [("https://juejin.cn/post/7900000000000000001", "我在树莓派上跑了虚构模型"), None],
    "tencent.json": [("https://new.sample.test/rain/a/20251217A0000100", ZH), None],
    "toutiao.json": [("https://www.toutiao.com/trending/7900000000000000001/", ZH), None],
    "zhihu.json": [("https://www.zhihu.com/question/900000001", "如何看待虚构公司开源模型？"), None],
}
NAMES = {"hnrss.xml": "feed", "github-releases.xml": "feed"}


@pytest.mark.parametrize("name", [*ANSWERS, *UNDATED])
def test_a_service_gives_its_leads(name: str) -> None:
    """Address, title and instant of every hit; one without an address is counted, and costs no other."""
    asked = replace(source(NAMES.get(name, name.partition(".")[0])), timezone="Asia/Shanghai")
    expected = (ANSWERS | UNDATED)[name]
    answer = ask(search_adapters.parse, (FIXTURES / name).read_bytes(), source=asked)
    assert [(lead.url, lead.title) for lead in answer.leads] == [hit for hit in expected if hit]
    assert answer.dropped == expected.count(None)
    assert {lead.published_at for lead in answer.leads} == {None if name in UNDATED else HALF_PAST_SIX}
    assert all(lead.visitable for lead in answer.leads)


def test_every_service_has_a_fixture() -> None:
    """What can be named in a topic file is shown by an invented answer; `page` reads any."""
    shown = {path.stem for path in FIXTURES.iterdir()}
    assert set(ADAPTERS) - {"feed", "page"} <= shown


def test_hkexnews_is_json_inside_json() -> None:
    """Its days come before its months, its files are no pages."""
    answer = ask(search_adapters.parse, (FIXTURES / "hkexnews.json").read_bytes(), source=source("hkexnews"))
    (lead,) = answer.leads
    assert (lead.url, lead.title, lead.visitable) == (PDF, "虛構公告/二零二五年第三季度", False)
    assert (lead.published_at, lead.published_raw) == (datetime(2025, 12, 5, 10, 30, tzinfo=UTC), "05/12/2025 18:30")
    assert answer.dropped == 1


def test_a_text_in_the_list_is_kept() -> None:
    """Cnyes escapes it; where its pages cannot be had, it is the article."""
    (lead,) = ask(search_adapters.parse, (FIXTURES / "cnyes.json").read_bytes(), source=source("cnyes")).leads
    assert lead.body == "<p>虛構的第一段。</p><p>第二段。</p>"
    assert lead.published_raw == "1765967400"


def test_only_what_the_source_asks_for() -> None:
    """OpenRouter lists everybody's models."""
    body = (FIXTURES / "openrouter.json").read_bytes()
    (lead,) = ask(search_adapters.parse, body, source=replace(source("openrouter"), only="invented/")).leads
    assert lead.title == "Invented: Model V2"


def test_reddit_leads_to_what_a_post_is_about() -> None:
    """A link elsewhere is the lead; a post of words or a picture is its own page, its words kept."""
    link, words, picture = ask(
        search_adapters.parse, (FIXTURES / "reddit.xml").read_bytes(), source=source("reddit")
    ).leads
    assert (link.url, link.body) == ("https://blog.sample.test/model?a=1&b=2", None)
    assert words.url == f"{POST}1bbbbb/has_anyone/"
    assert "Has anyone run it?" in (words.body or "")
    assert picture.url == f"{POST}1ccccc/a_picture/"


def test_an_arxiv_error_is_no_paper() -> None:
    """It comes as an entry, with status 200."""
    body = (FIXTURES / "arxiv-error.xml").read_bytes()
    assert "incorrect id format for 12" in refusal(search_adapters.parse, body, source=source("arxiv"))


def test_a_repository_without_releases_is_no_fault() -> None:
    """A search may find nothing."""
    assert (
        ask(search_adapters.parse, (FIXTURES / "github-no-releases.xml").read_bytes(), source=source("feed")).leads
        == ()
    )


def test_a_page_is_its_own_lead() -> None:
    """Whatever it holds: it differs, or nobody would have asked."""
    (lead,) = ask(search_adapters.parse, "# Changelog\n\n- anything", source=source("page")).leads
    assert (lead.url, lead.again) == ("https://search.test/?q=x", True)


@pytest.mark.parametrize(
    ("adapter", "body", "reason"),
    [
        ("cnyes", '{"message": "category not found", "statusCode": 404}', "no list 'data': 'category not found'"),
        ("hkexnews", '{"result": "null", "recordCnt": 0}', "no list 'result'"),
        ("hkexnews", '{"result": "[broken"}', "no list 'result'"),
        ("hugging-face", '{"error": "Invalid username or password."}', "no list '[]': 'Invalid username"),
        ("github-events", '{"message": "API rate limit exceeded"}', "no list '[]': 'API rate limit exceeded'"),
        ("ifeng", "<html>no script</html>", "is no JSON"),
        ("jin10", "var newest = [", "is no JSON"),
        ("wallstreetcn", '{"code": 70201, "message": "sign error", "data": {}}', "no list 'items': 'sign error'"),
        ("reddit", "<html>whoa there, pardner!</html>", "is an HTML page"),
    ],
)
def test_errors_with_status_200_are_told_from_answers(adapter: str, body: str, reason: str) -> None:
    """In the service's own words, where it has some."""
    assert reason in refusal(search_adapters.parse, body, source=source(adapter))


def test_a_new_service_is_a_few_words() -> None:
    """Paths go into lists by number, take the first that is there, and read JSON inside JSON on their way."""
    shape = Shape(hits="a.1.b", link="{none}|https://x.test/{id}", title="none|name", date="at", written="%d.%m.%y")
    inner = json.dumps({"b": [{"id": 7, "name": "A <b>", "at": "17.12.25"}, {"id": None}, {"id": True}, "x"]})
    (lead, *others) = shape(json.dumps({"a": [0, inner]}), SOURCE.url, replace(SOURCE, timezone="UTC"), NOW)
    assert lead is not None
    assert (lead.url, lead.title) == ("https://x.test/7", "A <b>")
    assert lead.published_at == datetime(2025, 12, 17, tzinfo=UTC)
    assert others == [None, None, None]


def nested(paths: str, value: object) -> object:
    """Return what holds the value at the first of these paths."""
    for step in reversed(paths.split("|", maxsplit=1)[0].split(".") if paths else []):
        value = [value] if step.isdigit() else {step: value}
    return value


leaves = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.sampled_from([[], {}, [[]]])),
    st.sampled_from(["http://a.test/1", "javascript:1", "<b>x", "[1", '{"a": 1}', "1765967400", "17/12/2025"]),
)


@given(st.sampled_from(sorted(SHAPES)), st.lists(st.lists(leaves, min_size=5, max_size=5), max_size=3))
def test_whatever_lies_at_its_paths_a_shape_gives_leads_or_a_reason(name: str, hits: list[list[object]]) -> None:
    """Never another exception, and never a link that is none."""
    shape = SHAPES[name]
    places = [*re.findall(r"\{([^{}]+)\}", shape.link), shape.title, shape.date, shape.body]
    made: list[dict[str, object]] = []
    for values in hits:
        made.append({})
        for path, value in zip(filter(None, places), values, strict=False):
            under = nested(path, value)
            made[-1] |= under if isinstance(under, dict) else {}
        if shape.only[0]:
            made[-1] |= {shape.only[0]: shape.only[1]}
    told = json.dumps(nested(shape.hits, made))
    opened = {"eastmoney": "cb(%s);", "ifeng": "<script>var allData = %s;</script>", "jin10": "var newest = %s;"}
    answer = ask(search_adapters.parse, opened.get(name, "%s").replace("%s", told), source=source(name))
    assert all(lead.url.startswith(("http://", "https://")) for lead in answer.leads)
    assert len(answer.leads) + answer.dropped == len(hits)


def test_today_is_filled_in_where_the_source_is() -> None:
    """At four in UTC it is noon in Hong Kong; at 18:00 it is already tomorrow."""
    asked = replace(source("hkexnews"), timezone="Asia/Hong_Kong")
    url = "https://x.test/?to=$today&title="
    assert search_adapters.asked(url, asked, NOW) == "https://x.test/?to=20251218&title="
    assert search_adapters.asked(url, asked, NOW.replace(hour=18)) == "https://x.test/?to=20251219&title="
    assert search_adapters.asked("https://x.test/?q=$100", asked, NOW) == "https://x.test/?q=$100"


# --- the packaged topic against what is known of sources


def left_out() -> dict[str, str]:
    """Return what the packaged topic leaves out, by the id the facts give it, and why."""
    _, _, told = PACKAGED.read_text(encoding="utf-8").partition("# --- Left out, and why ---")
    lines = [line.removeprefix("# ").partition(": ") for line in told.splitlines()]
    return {name: why for name, _, why in lines if why and " " not in name}


def test_what_is_left_out_is_not_in() -> None:
    """Each with a reason, once."""
    names = left_out()
    assert len(names) >= 15
    assert not names.keys() & {each.id for each in load().sources}
    assert all(tomllib.loads(f'why = "{why}"')["why"].strip() for why in names.values())


@pytest.mark.skipif(not FACTS.exists(), reason="needs ../shared/facts")
def test_every_source_that_a_program_can_poll_is_followed() -> None:
    """Those seen alive or listed publicly: by address or by name they are in the packaged topic, or left out."""
    followed = {(parts.hostname, parts.path) for each in load().sources if (parts := urlsplit(each.url))}
    named = left_out().keys() | {each.id for each in load().sources}
    missing = []
    for fact in json.loads(FACTS.read_text(encoding="utf-8")):
        parts = urlsplit(fact["url"].split(" ")[0].rstrip(",;"))
        known = (parts.hostname, parts.path) in followed or fact["id"] in named
        if fact["evidence_level"] in {"A", "B"} and not known:
            missing.append((fact["id"], fact["url"]))
    assert missing == []


def test_shapes_are_what_a_topic_may_name() -> None:
    """No shape is out of reach."""
    assert set(SHAPES) <= set(ADAPTERS)
