"""Relevance: what is on topic, what only looks like it, and that the gate never costs a page."""

from __future__ import annotations

import datetime as dt
import html
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crawler import relevance
from crawler.model import Article, Hit, Relevance, Term, Topic, Verdict
from crawler.text.folding import simplified
from crawler.topic.reader import load, relevance_digest

if TYPE_CHECKING:
    from collections.abc import Callable

XIAOMI = load()
LABELLED = [
    json.loads(line) for line in (Path(__file__).parents[1] / "data/relevance.jsonl").read_text("utf-8").splitlines()
]
"""Invented texts, each built round one trap, in the shapes that real pages have."""

FILLER = "指数高开低走，成交额较上一日略有缩小，多数板块随之回落，分析人士提醒注意短期波动。"


def topic(**rule: Any) -> Topic:
    """Return a topic with this rule and nothing else."""
    made = Relevance(**rule)
    return Topic(
        id="t",
        name="T",
        seed=None,
        contact=None,
        requests_per_day=1,
        keep_offtopic=dt.timedelta(days=1),
        relevance=made,
        sources=(),
        sites=(),
        digest=relevance_digest(made),
    )


def judge(body: str, of: Topic = XIAOMI, **fields: Any) -> Verdict:
    """Return the verdict on an article with this body."""
    return relevance.judge(of, Article(url="https://example.test/", **{"title": "", **fields}, body=body))


def day(text: str | None) -> dt.datetime | None:
    """Return noon of that day."""
    return dt.datetime.fromisoformat(text).replace(hour=12, tzinfo=dt.UTC) if text else None


def test_floor_on_invented_texts() -> None:
    """Precision and recall on the labelled traps stay at least at .97, the target on real pages."""
    seen = [
        (row["relevant"], judge(row["text"], title=row["title"], published_at=day(row.get("published"))).relevant)
        for row in LABELLED
    ]
    assert len(seen) >= 150
    right = sum(wanted and given_ for wanted, given_ in seen)
    assert right / sum(given_ for _, given_ in seen) >= 0.97
    assert right / sum(wanted for wanted, _ in seen) >= 0.97


def test_gate_passes_whatever_the_rule_accepts() -> None:
    """No labelled text that is on topic is lost at the gate, in any charset it can be written in."""
    for row in LABELLED:
        text = f"{row['title']}\n{row['text']}"
        if judge(row["text"], title=row["title"], published_at=day(row.get("published"))).relevant:
            assert relevance.gate(XIAOMI, text.encode())
            assert relevance.gate(XIAOMI, text.encode("gb18030"))


# --- folding


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("罗福莉", "羅福莉"),
        ("羅福莉", "罗福莉"),
        ("罗福莉", "罗(luó)福(fú)莉"),
        ("罗福莉", "羅（luó）福 (fú)莉"),
        ("小米AI眼镜", "小米 AI 眼鏡"),
        ("小米AI眼镜", "小米(mǐ)AI眼镜"),
        ("MiMo-V2-Flash", "MiMo - V2 - Flash"),
        ("MiMo-V2-Flash", "MIMO V2 FLASH"),
        ("MiMo-V2-Flash", "ＭｉＭｏ－Ｖ２－Ｆｌａｓｈ"),
        ("MiMo-V2-Flash", "MiMo‑V2–Flash"),  # a non-breaking hyphen, an en dash
        ("MiMo-V2.5", "MiMo - V2 . 5"),
        ("Luo Fuli", "luo\u00a0fuli"),
        ("Luo Fuli", "Luo\nFuli"),
        ("ＬＵＯ", "luo"),
    ],
)
def test_spellings(term: str, text: str) -> None:
    """A term is found in every spelling of it, and its offsets are those of the text as given."""
    before = "据悉，"
    (hit,) = judge(f"{before}{text}。", topic(strong=(Term(text=term),))).hits
    assert hit == Hit(term=term, role="strong", field="body", start=len(before), end=len(before) + len(text))


@pytest.mark.parametrize("text", ["MimiClaw", "miclaws", "xmiclaw", "miclaw2", "ｘmiclaw"])
def test_latin_terms_are_whole(text: str) -> None:
    """A Latin term inside a longer word is another word."""
    assert not judge(f"the {text} project", topic(strong=(Term(text="miclaw"),))).hits


@pytest.mark.parametrize("text", ["小米AI眼镜", "(AI)", "AI-powered", "用AI写"])
def test_han_may_touch_latin(text: str) -> None:
    """Han characters and signs beside a Latin term do not make it part of a word."""
    assert judge(text, topic(strong=(Term(text="AI"),))).relevant


def test_characters_in_another_order_are_another_word() -> None:
    """大米小麦 holds 米小, never 小米."""
    assert not judge("大米小麦的价格", topic(strong=(Term(text="小米"),))).hits


def test_case_guard() -> None:
    """A guarded term counts only as spelled: MIMO is antennas."""
    guarded = topic(strong=(Term(text="MiMo", case=True),))
    assert judge("用 MiMo 写代码", guarded).relevant
    assert not judge("用 MIMO 天线", guarded).relevant


def test_longest_term_wins() -> None:
    """Of terms that start at one place the longest is the one found, guarded or not."""
    both = topic(
        strong=(Term(text="AI", case=True), Term(text="ai眼镜"), Term(text="MiMo", case=True), Term(text="MiMo-V2"))
    )
    assert [hit.term for hit in judge("AI眼镜 AI MiMo-V2 MiMo", both).hits] == ["ai眼镜", "AI", "MiMo-V2", "MiMo"]


# --- the rule


PAIR = topic(brand=(Term(text="小米"), Term(text="Xiaomi")), weak=(Term(text="大模型"), Term(text="AI", case=True)))


@pytest.mark.parametrize(
    ("text", "relevant"),
    [
        ("小米发布大模型", True),
        ("大模型成了小米的新故事", True),
        ("小米" + "的" * 60 + "大模型", True),
        ("小米" + "的" * 61 + "大模型", False),
        ("小米开店。大模型降价", False),
        ("小米开店\n大模型降价", False),
        ("Xiaomi opened a shop. AI is everywhere", False),
        ("Xiaomi said ver. 2 of its AI is ready", True),
        ("大模型降价", False),
        ("小米开店", False),
    ],
)
def test_weak_terms_need_a_brand_beside_them(text: str, *, relevant: bool) -> None:
    """A weak term counts in one sentence with a brand and within the window of it, on either side."""
    assert judge(text, PAIR).relevant is relevant


def test_inserted_readings_make_no_distance() -> None:
    """A mirror's pinyin between brand and weak term does not push them apart."""
    assert judge("小(xiǎo)米" + "報(bào)" * 25 + "大模型", PAIR).relevant


def test_a_brand_in_a_list_of_companies_is_worth_less() -> None:
    """One passage that names the brand among others is a mention; two are on topic."""
    once = "阿里、小米等公司都在做大模型。"
    assert judge(once, PAIR).rule == "mention"
    assert judge("Oppo, Xiaomi and Vivo add AI to cheap phones", PAIR).rule == "mention"
    assert judge(once + FILLER * 6 + once, PAIR).relevant


def test_excluded_phrases_are_taken_out() -> None:
    """What an excluded phrase holds is not evidence, and what stands beside it still is."""
    rule = topic(brand=(Term(text="小米"),), weak=(Term(text="AI"),), exclude=("汽车及AI等创新业务",))
    assert not judge("小米智能汽车及 AI 等创新业务增长", rule).relevant
    assert not judge("小米智能汽車(chē)及AI等創(chuàng)新業(yè)務(wù)增長", rule).relevant
    assert judge("小米汽车及AI等创新业务增长，AI投入翻番", rule).relevant


def test_unless() -> None:
    """A guarded brand does not count beside a word that says another thing is meant, and counts elsewhere."""
    rule = topic(brand=(Term(text="小米", unless=("谷子", "亩")),), weak=(Term(text="AI"),))
    assert not judge("AI选种，谷子增产，小米更香", rule).relevant
    assert not judge("AI選種，每畝小米多收", rule).relevant
    assert judge("谷子增产。" + FILLER * 3 + "小米发布AI助手", rule).relevant


def test_dated_terms() -> None:
    """A dated term counts from its day on, and where the page has no date."""
    rule = topic(strong=(Term(text="Hunter Alpha", valid_from=dt.date(2026, 3, 11)),))
    text = "Hunter Alpha tops the chart"
    assert not judge(text, rule, published_at=day("2026-03-10")).relevant
    assert judge(text, rule, published_at=day("2026-03-11")).relevant
    assert judge(text, rule).relevant


def test_a_single_mention_in_a_long_round_up_is_no_coverage() -> None:
    """One sentence in 5,000 characters is a mention; the same sentence in a short text is on topic."""
    sentence = "小米的罗福莉发文谈开源。"
    long = FILLER * 60 + sentence + FILLER * 60
    assert len(long) > 4800
    assert judge(sentence).relevant
    verdict = judge(long)
    assert not verdict.relevant
    assert verdict.rule == "mention"
    assert 0 < verdict.score < 1
    assert [hit.term for hit in verdict.hits] == ["小米", "罗福莉"]
    assert judge(sentence.join([FILLER * 60] * 3)).relevant


def test_title_weighs_more_than_body_and_body_more_than_credited_source() -> None:
    """The same words in the title carry a long text, in the body a short one, in the credited source none."""
    words, body = "小米开源大模型", FILLER * 130
    assert judge(body, title=words).relevant
    assert judge(words).relevant
    assert not judge(body, credited_source=words).relevant
    assert judge(FILLER, credited_source=words).rule == "mention"


def test_verdict_shows_what_it_saw() -> None:
    """Hits have their field, their role and the offsets of the words as printed; the digest is the topic's."""
    verdict = judge("羅福莉說，小米的 AI 不靠堆人。AI 行業另說", title="雷軍與小米")
    fields = {"title": "雷軍與小米", "body": "羅福莉說，小米的 AI 不靠堆人。AI 行業另說"}
    shown = [(hit.role, hit.field, fields[hit.field][hit.start : hit.end]) for hit in verdict.hits]
    assert shown == [
        ("brand", "title", "雷軍"),
        ("brand", "title", "小米"),
        ("strong", "body", "羅福莉"),
        ("brand", "body", "小米"),
        ("weak", "body", "AI"),
    ]
    assert verdict.rule == "strong"
    assert verdict.topic_digest == XIAOMI.digest


def test_topics_of_one_digest_are_not_confused() -> None:
    """A rule is compiled for what it says, not for what its digest claims."""
    one, two = topic(strong=(Term(text="甲骨"),)), topic(strong=(Term(text="乙醇"),))
    two = Topic(**{**{name: getattr(two, name) for name in Topic.__slots__}, "digest": one.digest})
    assert judge("甲骨", one).relevant
    assert not judge("甲骨", two).relevant
    assert relevance.gate(one, "甲骨".encode())
    assert not relevance.gate(two, "甲骨".encode())


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.text(max_size=40))
def test_any_text_is_judged_and_offsets_lie_inside_it(body: str, title: str) -> None:
    """No text makes the judge fail, and every hit lies where it says."""
    for hit in judge(body, title=title).hits:
        assert 0 <= hit.start < hit.end <= len(body if hit.field == "body" else title)


# --- the gate


def test_gate_stops_other_pages() -> None:
    """A page with none of the strong terms and brands is stopped, whatever it says of AI."""
    page = "<html><title>AI大模型价格战</title><p>微小的差别，一米之外。Lei and June; mimi; about hyper.</html>"
    assert not relevance.gate(XIAOMI, page.encode())
    assert not relevance.gate(XIAOMI, page.encode("gb18030"))
    assert not relevance.gate(XIAOMI, b"")
    assert relevance.gate(XIAOMI, page.replace("AI", "小米").encode())


def test_gate_reads_utf_16() -> None:
    """A page that begins with a byte order mark is read as UTF-16."""
    assert relevance.gate(XIAOMI, "小米".encode("utf-16"))
    assert not relevance.gate(XIAOMI, "大米".encode("utf-16"))


def traditional(text: str) -> str:
    """Return the text with the first traditional form of each character that has one."""
    back = {new: chr(old) for old, new in reversed(simplified().items())}
    return "".join(back.get(char, char) for char in text)


FULL_WIDTH = {point: point + 0xFEE0 for point in range(0x21, 0x7F)}
SCRIPTS: list[Callable[[str], str]] = [str, traditional, str.upper, str.lower, lambda text: text.translate(FULL_WIDTH)]
WRITTEN: list[Callable[[str], str]] = [
    str,
    html.escape,
    lambda char: f"&#{ord(char)};",
    lambda char: f"&#x{ord(char):x};",
    lambda char: f"&#X{ord(char):X};",
    lambda char: f"\\u{ord(char):04x}",
    lambda char: f"\\u{ord(char):04X}",
]
BETWEEN = [
    "",
    "",
    "",
    "<b>",
    "</em>",
    '<span class="k" data-x="1">',
    "<!-- x -->",
    "</b><i>",
    "\\u003cb\\u003e",
    "&lt;b&gt;",
]
READINGS = ["", "", "(mǐ)", "（xiǎo）", " (lì)", "(ài)"]
CODECS = ["utf-8", "gb18030", "big5"]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_gate_passes_every_spelling(data: st.DataObject) -> None:
    """What the judge accepts passes the gate as bytes: any script, escape, charset, with tags and readings inside."""
    terms = [*XIAOMI.relevance.strong, *XIAOMI.relevance.brand]
    term = data.draw(st.sampled_from(terms)).text
    text = data.draw(st.sampled_from(SCRIPTS))(term)
    written = data.draw(st.sampled_from(WRITTEN))
    mixed = data.draw(st.booleans())
    said, page = "", ""
    for place, char in enumerate(text):
        said += char
        page += (data.draw(st.sampled_from(WRITTEN)) if mixed else written)(char)
        if place + 1 < len(text):
            reading = data.draw(st.sampled_from(READINGS)) if not term[place : place + 1].isascii() else ""
            said += reading
            page += reading + data.draw(st.sampled_from(BETWEEN))
    around = data.draw(
        st.sampled_from(["{}", "<p>前文{}后文</p>", '{{"t":"{}"}}', "<h1>看 {} 了</h1>", "x<td>y</td><td>{}"])
    )
    assume(any(hit.role in {"strong", "brand"} for hit in judge(f" {said} ").hits))
    codec = data.draw(st.sampled_from(CODECS))
    try:
        body = ("<title>中文的正文在此</title>" + around.format(page)).encode(codec)  # enough to tell the charset by
    except UnicodeEncodeError:
        assume(False)
    assert relevance.gate(XIAOMI, body)


PARTS = [
    "小",
    "米",
    "小米",
    "雷",
    "军",
    "罗",
    "福",
    "莉",
    "Xiaomi",
    "Xiao",
    "mi",
    "Luo",
    "Fuli",
    "AI",
    "大模型",
    " ",
    "-",
    "(ǐ)",
    "。",
    "x",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=12), st.sampled_from(CODECS))
def test_gate_passes_what_the_judge_accepts(parts: list[str], codec: str) -> None:
    """Of texts mixed from the pieces of the terms, none that the judge accepts is stopped."""
    text = "".join(parts)
    body = text.encode(codec, "replace")
    if judge(body.decode(codec)).relevant:
        assert relevance.gate(XIAOMI, body)
