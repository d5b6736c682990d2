"""The lines of the article: which blocks in and around its container are its text.

A container also holds what is not the article: datelines, captions, calls to subscribe, other headlines, notices; and
the article's first lines may stand before it. Each block is judged by a logistic regression over what can be seen of
it: shape, tag, place, neighbours, what the names around it and a few openings say. That did better on other hosts than
lists of openings tuned by hand, and its judgements can be read off WEIGHTS.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.extract.blocks import kind
from crawler.extract.names import Hint
from crawler.text import bare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lxml.etree import _Element as Element

    from crawler.extract.blocks import Block

_END = frozenset('。！？!?.…;；"”’»）)』」')
_DIGIT = re.compile(r"\d")
_STOP = re.compile(r"[。！？!?.…]")
_COMMA = re.compile(r"[，、,;；]")
_DATE = re.compile(
    r"\d{4}[-/年.]\s?\d{1,2}[-/月.]\s?\d{1,2}|\d{1,2}[./]\s?\d{1,2}[./]\s?\d{2,4}|\d{1,2}[:：]\d{2}"
    r"|\b\d{1,2}(?:st|nd|rd|th|\.)?,? [A-Z][a-zä]{2,8}\.?,? \d{4}|[A-Z][a-z]{2,8}\.? \d{1,2},? \d{4}"
    r"|\d+\s?(?:小时|分钟|天|hours?|minutes?|days?|Stunden|Tagen?)\s?(?:前|ago)"
)
_LABEL = re.compile(r"[\s【\[（(·•]*[\w /]{1,14}\s?[:：|｜丨]")
_NOTICE = re.compile(
    r"[\s(（\[【●■▲*·•>»]*(?:责任编辑|责编|编辑|校对|审核|监制|本文来源|文章来源|来源|來源|原标题|原標題|声明|聲明|免责"
    r"|特别声明|版权|本文来自"
    r"|更多(?:精彩|内容|新闻)|更多$|点击(?:进入|查看|下载|图片)|扫描|扫一扫|长按|关注|分享到?|返回|上一[篇页]|下一[篇页]"
    r"|相关(?:新闻|阅读|链接|文章|报道|推荐)|延伸閱讀|延伸阅读|推荐阅读|举报|广告|打开\w*APP|未经授权|转载请|热门|标签|欢迎关注|我要评论"
    r"|网友评论|收藏|打印|字号|阅读原文"
    r"|related|read (?:more|also|next)|also read|advertisement|anzeige|publicité|publicidad|share (?:this|on)"
    r"|follow (?:us|@)|sign up|subscribe|newsletter|copyright|©|\(c\)|all rights reserved|click here|photos?:|image:"
    r"|getty images|see also|tags?:|filed under|more (?:from|on|stories)|mehr (?:zum|zu|aus)|lesen sie (?:auch|mehr)"
    r"|auch interessant|foto:|quelle:|lire aussi|à lire|leia (?:mais|também)|lea también|watch:|download|editor's note"
    r"|report a typo|loading|comments?\b|leave a)",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"版权|著作权|转载|投稿|举报|客服|免责|本网|本站|all rights reserved|copyright|terms of|newsletter|abonnieren"
    r"|subscri|sign up|cookies?\b|log ?in\b|e-?mail|twitter|facebook|instagram|whatsapp|app\b|微信|公众号|二维码"
    r"|微博|客户端",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"\b(?:By|Von|Par|Por|Di|Door) [A-ZÀ-Þ]|作者|记者|記者|来源|來源|编辑|編輯|\bviews\b|阅读|瀏覽|浏览"
)
_CONTACT = re.compile(r"https?://|www\.|@\w|©|\(c\)", re.IGNORECASE)
_CAPTION = re.compile(r"caption|image|img|photo|picture|media|figure|bild|legend", re.IGNORECASE)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_TAGS = {
    **dict.fromkeys(_HEADINGS, "heading"),
    **dict.fromkeys(("td", "th", "dd", "dt"), "cell"),
    **dict.fromkeys(("blockquote", "pre"), "quote"),
    **dict.fromkeys(("div", "section", "article"), "div"),
    "p": "p",
    "li": "li",
    "figcaption": "caption",
}
_SHORT, _LINE, _TINY, _PARAGRAPH = 60, 200, 15, 600
"""Bytes below which a block is: too short for a sentence; one line; a mark; a short paragraph."""

_PART = 5
"""Letters or digits above which a piece of the title, alone on a line, is taken for it."""

_NEAR = 3
_HALF = 0.5
_ALL = 0.9
_WIDE = 1.6
"""Bytes a character above which a text is mostly not in Latin letters."""

_EDGE = 0.03
"""Share of the prose that counts as the edge of the article."""

WEIGHTS: Mapping[str, float] = {
    "bias": 0.23,
    "length": 0.05,
    "length2": 0.19,
    "link": -2.85,
    "all link": 1.21,
    "short": 1.10,
    "tiny": -0.20,
    "prose": 0.65,
    "wide": -0.39,
    "digit": 0.87,
    "date": -1.24,
    "datey": -0.33,
    "label": -0.69,
    "byline": -0.62,
    "end": 0.26,
    "stop": 0.05,
    "comma": -0.10,
    "own": -0.70,
    "contact": -0.67,
    "notice": -1.46,
    "heading": 0.23,
    "cell": 0.87,
    "quote": 0.65,
    "div": -0.72,
    "p": 0.13,
    "li": 0.45,
    "caption": -0.85,
    "h1": -0.60,
    "captioned": -1.25,
    "weak": -2.55,
    "after": -0.96,
    "head": 0.08,
    "tail": -0.90,
    "outside": -0.21,
    "outside after": -0.81,
    "kin": 2.83,
    "solid": 0.98,
    "between": -0.06,
    "near link": -1.39,
    "title": -0.83,
    "twice": 0.19,
    "short head": -0.99,
    "short tail": -0.33,
    "short date": -0.58,
    "short label": 0.07,
    "short kin": -1.01,
    "short solid": -1.99,
    "short between": 0.99,
    "short notice": -0.72,
    "head date": -0.36,
    "head link": 0.19,
    "head byline": -0.46,
    "tail notice": 0.54,
    "tail own": 0.14,
    "tail link": 0.79,
    "outside prose": -0.34,
    "outside heading": 0.37,
    "outside short": -0.82,
    "link near link": 0.83,
}
"""What each sign weighs; the sum above 0 keeps the block. Fitted by weighted logistic regression (ridge 0.1) on the
blocks of 845 labelled pages of 690 hosts; a block weighs as its share of the article. Refitted on three quarters of the
hosts and judged on the fourth, in turn: body F1 .968 Chinese, .959 English."""


def kept(blocks: Sequence[Block], container: Element, title: str) -> list[Block]:
    """Return the blocks that are the article's text, in order.

    Args:
        blocks: those of the container, and some before and after it (`outside`).
        container: the element that holds the article.
        title: its title.
    """
    rows = signs(blocks, container, title)
    return [
        block
        for block, row in zip(blocks, rows, strict=True)
        if sum(WEIGHTS.get(name, 0.0) * value for name, value in row.items()) > 0
    ]


def signs(blocks: Sequence[Block], container: Element, title: str) -> list[dict[str, float]]:
    """Return what can be seen of each block, by the names of WEIGHTS; what is absent is 0."""
    scene = _Scene(blocks, container)
    wanted = bare(title)
    rows = []
    seen: set[str] = set()
    before = 0.0
    for number, block in enumerate(blocks):
        row = _shape(block)
        _doubts(row, block, scene)
        _place(row, block, before / scene.total)
        _neighbours(row, blocks, number, scene)
        if wanted and block.size < _LINE * 2 and "head" in row:
            said = bare(block.text)
            if said == wanted or (len(said) > _PART and said in wanted):
                row["title"] = 1.0
        if block.size > _SHORT:
            if block.text in seen:
                row["twice"] = 1.0
            seen.add(block.text)
        _together(row)
        rows.append(row)
        if not block.outside:
            before += block.prose
    return rows


class _Scene:
    """What the signs of one page share: sums over its blocks."""

    def __init__(self, blocks: Sequence[Block], container: Element) -> None:
        self.total = sum(block.prose for block in blocks if not block.outside) or 1.0
        self.around = {container, *container.iterancestors()}
        self.solid = [block.prose > 0.5 * block.size and block.size > _SHORT for block in blocks]
        self.kin: dict[tuple[str, str], float] = {}
        self.held: dict[str, float] = {}
        self.kinds: dict[Element, str] = {}
        for block in blocks:
            key = self.kin_of(block)
            self.kin[key] = self.kin.get(key, 0.0) + block.prose
            for element, _ in block.doubts:
                if element not in self.around:
                    name = self.kind(element)
                    self.held[name] = self.held.get(name, 0.0) + block.prose

    def kind(self, element: Element) -> str:
        """Return tag and class of an element, made once."""
        name = self.kinds.get(element)
        if name is None:
            name = self.kinds[element] = kind(element)
        return name

    def kin_of(self, block: Block) -> tuple[str, str]:
        """Return the kinds of a block's element and of its parent: paragraphs of one article share both."""
        parent = block.element.getparent()
        return self.kind(block.element), "" if parent is None else self.kind(parent)


def _shape(block: Block) -> dict[str, float]:
    """Return the signs of the text and tag alone."""
    text, size, tag = block.text, block.size, block.tag
    length = math.log(size) - 4.5
    row = {"bias": 1.0, "length": length, "length2": length * length, "link": block.linked / size}
    holds = {
        "all link": block.linked > _ALL * size,
        "short": size < _SHORT,
        "tiny": size < _TINY,
        "prose": block.prose > _HALF * size,
        "wide": size > _WIDE * len(text),
        "end": text[-1] in _END,
        "stop": _STOP.search(text) is not None,
        "comma": _COMMA.search(text) is not None,
        "notice": _NOTICE.match(text) is not None,
        "own": size < _PARAGRAPH and _OWN.search(text) is not None,
        "contact": size < _PARAGRAPH and _CONTACT.search(text) is not None,
        "byline": size < _LINE and _BYLINE.search(text) is not None,
        "label": size < _LINE and _LABEL.match(text) is not None,
        "h1": tag == "h1",
    }
    row.update((name, 1.0) for name, held in holds.items() if held)
    if tag in _TAGS:
        row[_TAGS[tag]] = 1.0
    if size < _LINE:
        _numbers(row, text)
    return row


def _numbers(row: dict[str, float], text: str) -> None:
    """Add how much of a line is digits, and how much is dates."""
    digits = len(_DIGIT.findall(text))
    if digits:
        row["digit"] = digits / len(text)
        dates = sum(len(found[0]) + 4 for found in _DATE.finditer(text)) if digits > 1 else 0
        if dates:
            row["date"] = 1.0
            row["datey"] = min(1.0, dates / len(text))


def _doubts(row: dict[str, float], block: Block, scene: _Scene) -> None:
    """Add what the names around the block, inside the container, say; less so where most prose is under them."""
    for element, hint in block.doubts:
        if element in scene.around:
            continue
        doubt = 1 - scene.held[scene.kind(element)] / scene.total
        if _is_caption(scene.kind(element)):
            sign = "captioned"
        elif hint is Hint.WEAK:
            sign = "weak"
        else:
            sign = "strong"
        row[sign] = max(row.get(sign, 0.0), doubt)


@lru_cache(maxsize=20_000)
def _is_caption(kind_of_element: str) -> bool:
    return bool(_CAPTION.search(kind_of_element))


def _place(row: dict[str, float], block: Block, before: float) -> None:
    """Add where the block stands; `before` is the share of the article's prose above it."""
    row["after"] = min(1.0, before)
    if before < _EDGE:
        row["head"] = 1.0
    if before > 1 - _EDGE:
        row["tail"] = 1.0
    if block.outside:
        row["outside"] = 1.0
        if before > _HALF:
            row["outside after"] = 1.0


def _neighbours(row: dict[str, float], blocks: Sequence[Block], number: int, scene: _Scene) -> None:
    """Add what stands around the block."""
    solid = scene.solid
    row["kin"] = min(1.0, scene.kin[scene.kin_of(blocks[number])] / scene.total)
    row["solid"] = (sum(solid[max(0, number - _NEAR) : number + _NEAR + 1]) - solid[number]) / (2 * _NEAR)
    if 0 < number < len(blocks) - 1 and solid[number - 1] and solid[number + 1]:
        row["between"] = 1.0
    linked = size = 1
    for near in range(max(0, number - 2), min(len(blocks), number + 3)):
        if near != number:
            linked += blocks[near].linked
            size += blocks[near].size
    if linked > 1:
        row["near link"] = linked / size


_PAIRS: Mapping[str, Sequence[str]] = {
    "short": ("head", "tail", "date", "label", "kin", "solid", "between", "heading", "notice"),
    "head": ("date", "link", "byline"),
    "tail": ("notice", "own", "link"),
    "outside": ("prose", "heading", "short"),
    "link": ("near link",),
}


def _together(row: dict[str, float]) -> None:
    """Add the signs that mean something together."""
    for one, others in _PAIRS.items():
        if one in row:
            value = row[one]
            for other in others:
                if other in row:
                    row[f"{one} {other}"] = value * row[other]
