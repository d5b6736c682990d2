from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from html import escape
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model import Lead, Page
from crawler.path import append, prepare
from crawler.sample import newsroom, render
from crawler.text.boilerplate import _rotated, without
from crawler.text.diff import changes

if TYPE_CHECKING:
    from crawler.corpus.store import Corpus
    from crawler.model import Topic
    from crawler.sample.newsroom import Newsroom, SamplePage

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

PROSE = "小米今天开源了一个模型。\n{}它的总参数为3090亿，激活150亿，售价0.1美元。\n公司没有回应。"
ENGLISH = (
    "Xiaomi released a model on Tuesday.\n{}It has 309 billion parameters and costs $0.1.\nThe company was silent."
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("阅读 1234", "阅读 1298"),
        ("阅读量：1.2万", "阅读量：1.3万"),
        ("10万+阅读", "9.8万阅读"),
        ("评论数(12)", "评论数(13)"),
        ("451", "573"),
        ("2026-11-23 18:30", "2026-11-24 07:02"),
        ("今天是2026年11月23日 星期一", "今天是2026年11月24日 星期二"),
        ("2026-11-23 18:30 来源：新声社 阅读 1,234 评论 5", "2026-11-23 18:30 来源：新声社 阅读 2,001 评论 9"),
        ("新声社 3分钟前", "新声社 2小时前"),
        ("刚刚更新", "更新于 11:30"),
        ("分享到：微信 微博 QQ空间 12", "分享到：微信 微博 朋友圈 19"),
        ("1.2K views · 45 comments", "1.4K views · 61 comments"),
        ("By Jane Roe 3 hours ago", "By Jane Roe 5 hours ago"),
        ("Updated Nov 23, 2026 at 6:30 PM EST", "Updated Nov 24, 2026 at 7:01 AM EST"),
        ("Share on Facebook 12", "Share on Twitter 40"),
        ("Advertisement", ""),
    ],
)
@pytest.mark.parametrize("text", [PROSE, ENGLISH])
@pytest.mark.parametrize("place", ["head", "tail"])
def test_what_a_page_shows_around_its_text_is_no_edit(before: str, after: str, text: str, place: str) -> None:
    """Counters, dates of rendering, relative times, share bars and ads, before the text and after it."""
    body = text.format("")
    old, new = (f"标题\n{line}\n{body}" if place == "head" else f"标题\n{body}\n{line}" for line in (before, after))
    assert changes(old, new) == ("", "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("广告\n", "赞助 推荐\n"),
        ("分享 12 收藏 3\n", "分享 19 收藏 4\n"),
        ("", "下载APP 扫码阅读\n"),
        ("Advertisement\n", "Sponsored\n"),
    ],
)
def test_what_says_what_it_is_may_stand_between(before: str, after: str) -> None:
    """A share bar, an ad or a counter between two paragraphs."""
    for text in (PROSE, ENGLISH):
        assert changes(f"标题\n{text.format(before)}", f"标题\n{text.format(after)}") == ("", "")


def test_rotated_headlines_are_no_edit() -> None:
    """Below the text, other headlines than the last time, all of them and as many as there are."""
    below = (
        "雷军回应新车交付时间\n多地明起降温 最大降幅14度",
        "国足0比3不敌对手\n苹果秋季发布会定档\n为什么咖啡越来越贵？",
    )
    old, new = (f"标题\n{PROSE.format('')}\n相关推荐\n{lines}" for lines in below)
    assert changes(old, new) == ("", "")


@pytest.mark.parametrize(
    ("before", "after", "removed", "added"),
    [
        ("阅读量达到1200万次。", "阅读量达到1300万次。", "1200万", "1300万"),  # a number in a sentence
        ("总参数：3090亿", "总参数：309亿", "3090亿", "309亿"),  # a list of facts, without a full stop
        ("价格 0.1美元", "价格 0.3美元", "0.1", "0.3"),
        ("600亿元", "60亿元", "600亿", "60亿"),  # alone in a line, with a unit
        ("90.2%", "92.2%", "90.2%", "92.2%"),
        ("309B", "310B", "309B", "310B"),
        ("$5", "¥5", "$5", "¥5"),
        ("增长-5%", "增长5%", "-5%", "5%"),
        ("将于10月21日停止服务", "将于10月31日停止服务", "21", "31"),  # a date that is said
        ("公司回应称属实", "公司回应称不实", "称属实", "称不实"),  # a line without a full stop
        ("", "公司未予置评。", "", "公司未予置评。"),
        ("", "更新：小米否认此事", "", "更新：小米否认此事"),
        ("Prices start at $1", "Prices start at $3", "1", "3"),
        ("发布首日获得1200万次播放", "发布首日获得1300万次播放", "1200万", "1300万"),
        ("It had 1,200 views on the first day.", "It had 1,900 views on the first day.", "1,200", "1,900"),
    ],
)
@pytest.mark.parametrize("place", ["head", "between", "tail"])
def test_an_edit_is_never_taken_for_furniture(before: str, after: str, removed: str, added: str, place: str) -> None:
    """Numbers with units, numbers and dates in sentences, words that come and go, wherever they stand."""
    body = "小米开源了模型。\n{}罗福莉说了话。"
    shapes = {
        "head": "{line}\n" + body.format(""),
        "between": body.format("{line}\n"),
        "tail": body.format("") + "\n{line}",
    }
    old, new = ("标题\n" + shapes[place].format(line=line) for line in (before, after))
    said = changes(old, new)
    assert any(said)
    assert said[0].endswith(removed)
    assert said[1].endswith(added)


def test_a_table_s_numbers_are_the_article_s() -> None:
    """A number alone in its line is a counter at the edges only: between two paragraphs it is a cell."""
    assert changes("标题\n第一段。\n724\n第二段。", "标题\n第一段。\n838\n第二段。") == ("724", "838")
    assert changes("标题\n第一段。\n第二段。\n724", "标题\n第一段。\n第二段。\n838") == ("", "")


def test_titles_are_never_furniture() -> None:
    """Not even one that reads like a counter."""
    assert changes("阅读 100\n正文在此。", "阅读 200\n正文在此。") == ("100", "200")


def test_the_other_script_is_no_edit() -> None:
    """A site that serves traditional characters once and simplified ones the next time; full width likewise."""
    assert changes("小米發佈模型\n總參數３０９０億。", "小米发布模型\n总参数3090亿。") == ("", "")


@given(
    text=st.text("小米发布。阅读评论12亿 \n3分钟前views", max_size=80), other=st.text("小米。阅读1 \n万", max_size=40)
)
def test_taking_out_adds_nothing(text: str, other: str) -> None:
    """What is left stood in the text, in its order, and the title is whole."""
    for kept, whole in zip(without(text, other), (text, other), strict=True):
        assert kept.split("\n")[0] == whole.split("\n")[0] or not whole.split("\n")[0]
        rest = iter("".join(whole.split()))
        assert all(char in rest for char in "".join(kept.split()))


@pytest.mark.parametrize(
    "piece",
    [
        "1 views ",
        "阅读 ",
        "1",
        "1,",
        "2026-11-23 ",
        "2026-11-23 18:30 ",
        "1 min ",
        "阅读(",
        "updated ",
        "推荐\n",
        "a。\n",
    ],
)
def test_hostile_lines_end(piece: str) -> None:
    """Twenty thousand characters that nearly match at every place: unguarded, the first of them takes for ever."""
    for start in ("", "正文。\n"):
        text = f"标题\n{start}{piece * (20_000 // len(piece))}x"
        assert changes(text, text) == ("", "")
        assert any(changes(text, text + "\n公司未予置评。"))


def test_a_hundred_thousand_new_lines_are_counted_before_they_are_compared() -> None:
    """Each was looked for in a list of the others first: of 20,000 that took nine seconds, of these four minutes."""
    olds, news = ([f"{mark}{number}" for number in range(100_000)] for mark in "旧新")
    assert not _rotated(olds, news)


HEADLINES = (
    *"车企公布上月交付数据 某平台回应裁员传闻 央行开展逆回购操作了 秋季发布会定档下周 球队主帅赛后致歉？".split(),
    "Five things to know today",
    "Why coffee keeps getting dearer",
    "How to watch the cup final",
)
"""Invented: other news, as a page's foot shows it."""


class Rotation:
    """The furniture of one page: its markup stays, what it says differs at every fetch."""

    def __init__(self, layout: random.Random) -> None:
        self._head = layout.choice(
            (
                '<div class="info"><span>{day}</span> <span>阅读 {n}</span> <span>评论 {m}</span></div>',
                '<p class="meta">阅读量：{n}</p>',
                "<div>{m}分钟前 | {n}次浏览</div>",
                '<span class="views">{n} views</span> <span>{m} shares</span>',
                '<div class="share">分享到 微信 微博 {m}</div><div class="ad">广告 {n}</div>',
                "<p>今天是2026年11月{d}日 星期{w}</p>",
            )
        )
        self._tail = layout.choice(
            (
                '<div class="like">点赞 {n} 收藏 {m}</div>',
                '<div class="rel"><h3>相关推荐</h3><ul>{list}</ul></div>',
                "<p>{n}</p>",
                '<div class="x1"><h4>猜你喜欢</h4>{list}</div><p>评论 {m}</p>',
                "<p>{n} comments</p><ul>{list}</ul>",
            )
        )

    def around(self, html: str, page: SamplePage, dice: random.Random) -> str:
        """Return the page as one fetch gives it: something above its text, something below, a script that differs."""
        values = {
            "n": dice.choice(
                (str(dice.randrange(9)), f"{dice.randrange(10, 9999):,}", f"{dice.randrange(10, 99) / 10}万")
            ),
            "m": str(dice.randrange(2, 59)),
            "d": dice.randrange(1, 29),
            "w": dice.choice("一二三四五六"),
            "day": f"2026-11-{dice.randrange(1, 29):02} {dice.randrange(24):02}:{dice.randrange(60):02}",
            "list": "".join(
                f'<li><a href="/{dice.randrange(999)}">{each}</a></li>' for each in dice.sample(HEADLINES, 4)
            ),
        }
        last = escape(page.paragraphs[-1], quote=False)[-6:]
        end = re.compile(r"(?:</span>)?(?:</p>|</div>)?").match(html, html.rindex(last) + len(last))
        assert end
        html = html[: end.end()] + self._tail.format(**values) + html[end.end() :]
        html = html.replace("</h1>", "</h1>" + self._head.format(**values), 1)
        return html.replace("</body>", f"<script>var t={dice.random()}</script></body>", 1)


def fetched(news: Newsroom, page: SamplePage, in_round: int, rotation: Rotation, number: int) -> Page:
    """Return one fetch of a page, its furniture rotated."""
    codec = render.CODECS[news.outlets[page.outlet].charset]
    html = render.page(news, page, in_round).decode(codec)
    return Page(
        url=page.url,
        body=rotation.around(html, page, random.Random(f"{page.url} {number}")).encode(codec, "xmlcharrefreplace"),
        fetched_at=NOON + timedelta(hours=number),
        headers={"content-type": "text/html"},
        lead=Lead(url=page.url, title=page.title),
        lang=page.lang,
        timezone=news.outlets[page.outlet].timezone,
    )


def a_page_of_each_outlet(news: Newsroom) -> list[SamplePage]:
    """Return the first article of every outlet, and the one that is edited in the second round."""
    chosen: dict[str, SamplePage] = {}
    for page in news.articles(1):
        if page.relevant and page.paragraphs:
            chosen.setdefault(page.outlet if not page.edit else "edited", page)
    return list(chosen.values())


def test_twenty_fetches_of_an_unchanged_page_make_no_revision(corpus: Corpus, topic: Topic) -> None:
    """On every layout of the sample web, each with furniture of its own that rotates; then an edit makes one."""
    news = newsroom.load()
    pages = a_page_of_each_outlet(news)
    assert len(pages) > 12
    run_id = corpus.start_run("person", NOON)
    for page in pages:
        rotation = Rotation(random.Random(page.url))
        endings = [
            append(corpus, topic, prepare(topic, fetched(news, page, 1, rotation, number)), run_id).ending
            for number in range(21)
        ]
        assert set(endings[1:]) == {"unchanged"}, page.url
    assert corpus.value("SELECT count(*) FROM revisions") == len(pages)
    assert corpus.value("SELECT count(DISTINCT page_sha256) FROM visits") == 21 * len(pages)
    (page,) = [page for page in pages if page.edit]
    rotation = Rotation(random.Random(page.url))
    append(corpus, topic, prepare(topic, fetched(news, page, 2, rotation, 99)), run_id)
    assert corpus.rows("SELECT removed, added FROM revisions WHERE rev > 1") == [
        {"removed": "30.9 billion", "added": "309 billion"}
    ]
