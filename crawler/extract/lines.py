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
from crawler.extract.class_names import Hint
from crawler.extract.weights import WEIGHTS
from crawler.limits import CLASS_NAME_CHARACTERS
from crawler.text.folding import bare

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
    r"|相关(?:新闻|阅读|链接|文章|报道|推荐)|延伸閱讀|延伸阅读|推荐阅读|举报|广告|打开\w*app|未经授权|转载请|热门|标签|欢迎关注|我要评论"
    r"|网友评论|收藏|打印|字号|阅读原文"
    r"|related|read (?:more|also|next)|also read|advertisement|anzeige|publicité|publicidad|share (?:this|on)"
    r"|follow (?:us|@)|sign up|subscribe|newsletter|copyright|©|\(c\)|all rights reserved|click here|photos?:|image:"
    r"|getty images|see also|tags?:|filed under|more (?:from|on|stories)|mehr (?:zum|zu|aus)|lesen sie (?:auch|mehr)"
    r"|auch interessant|foto:|quelle:|lire aussi|à lire|leia (?:mais|também)|lea también|watch:|download|editor's note"
    r"|report a typo|loading|comments?\b|leave a)"
)
"""Asked of lower case, as the two below: half the time of a search that ignores case."""

_OWN = re.compile(
    r"版权|著作权|转载|投稿|举报|客服|免责|本网|本站|all rights reserved|copyright|terms of|newsletter|abonnieren"
    r"|subscri|sign up|cookies?\b|log ?in\b|e-?mail|twitter|facebook|instagram|whatsapp|app\b|微信|公众号|二维码"
    r"|微博|客户端"
)
_BYLINE = re.compile(
    r"\b(?:By|Von|Par|Por|Di|Door) [A-ZÀ-Þ]|作者|记者|記者|来源|來源|编辑|編輯|\bviews\b|阅读|瀏覽|浏览"
)
_CONTACT = re.compile(r"https?://|www\.|@\w|©|\(c\)")
_COUNTED = (
    r"(?:阅读|閱讀|浏览|瀏覽|阅览|点击|點擊|播放|评论|評論|跟[帖贴貼]|回[复覆複]|参与|參與|点赞|點讚|赞|讚|转发|轉發|分享|收藏|喜欢|喜歡"
    r"|views?|reads?|shares?|comments?|likes?|plays?|clicks?|aufrufe|kommentare?|vues?|commentaires?|visitas|comentarios?)"
)
_COUNTERS = re.compile(
    rf"(?:[\s|/·•,，、-]*(?:{_COUNTED}(?:量|数|數|次数|次數)?[\s:：(（]*\d[\d.,]*\s?[万萬亿億km]?\+?[)）]?"
    rf"|\d[\d.,]*\s?[万萬亿億km]?\+?\s?[次人个個条條]?\s?{_COUNTED}))+\s*"
)
"""A line of nothing but counts: they change at every visit, and no text does because of them."""

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


def kept(blocks: Sequence[Block], container: Element, title: str) -> list[Block]:
    """Return the blocks that are the article's text, in order.

    Args:
        blocks: those of the container, and some before and after it (`outside`).
        container: the element that holds the article.
        title: its title.
    """
    rows = signs(blocks, container, title)
    wanted = bare(title)
    return [
        block
        for block, row in zip(blocks, rows, strict=True)
        if _sum(row) > 0
        and not ("title" in row and bare(block.text) == wanted)
        and not ("digit" in row and _COUNTERS.fullmatch(block.text.lower()))
    ]


def _sum(row: Mapping[str, float]) -> float:
    """Return what the signs of one block weigh together."""
    weigh = WEIGHTS.get
    total = 0.0
    for name, value in row.items():
        total += weigh(name, 0.0) * value
    return total


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
        self.around = {container, *container.iterancestors()}
        self.kinds: dict[Element, str] = {}
        self.total = 0.0
        self.kin: list[tuple[str, str]] = []
        self.kin_held: dict[tuple[str, str], float] = {}
        self.held: dict[str, float] = {}
        self.solid = [0]
        self.sizes, self.links = [0], [0]
        for block in blocks:
            parent = block.element.getparent()
            key = (self.kind(block.element), "" if parent is None else self.kind(parent))
            self.kin.append(key)
            if not block.outside:
                self.total += block.prose
                self.kin_held[key] = self.kin_held.get(key, 0.0) + block.prose
            for element, _ in block.doubts:
                if element not in self.around:
                    name = self.kind(element)
                    self.held[name] = self.held.get(name, 0.0) + block.prose
            self.solid.append(self.solid[-1] + (block.prose > _HALF * block.size and block.size > _SHORT))
            self.sizes.append(self.sizes[-1] + block.size)
            self.links.append(self.links[-1] + block.linked)
        self.total = self.total or 1.0

    def kind(self, element: Element) -> str:
        """Return tag and class of an element, made once."""
        name = self.kinds.get(element)
        if name is None:
            name = self.kinds[element] = kind(element)
        return name

    def is_solid(self, number: int) -> bool:
        """Return whether a block is mostly prose, and more than a few words."""
        return self.solid[number + 1] > self.solid[number]


def _shape(block: Block) -> dict[str, float]:
    """Return the signs of the text and tag alone."""
    text, size, tag = block.text, block.size, block.tag
    length = math.log(size) - 4.5
    row = {"bias": 1.0, "length": length, "length2": length * length}
    if block.linked:
        row["link"] = block.linked / size
        if block.linked > _ALL * size:
            row["all link"] = 1.0
    if size > _WIDE * len(text):
        row["wide"] = 1.0
    if block.prose > _HALF * size:
        row["prose"] = 1.0
    if text[-1] in _END:
        row["end"] = 1.0
    if tag in _TAGS:
        row[_TAGS[tag]] = 1.0
    if tag == "h1":
        row["h1"] = 1.0
    _words(row, text, size)
    if size < _LINE:
        _line(row, text, size)
    return row


def _words(row: dict[str, float], text: str, size: int) -> None:
    """Add what the words and marks of a text say."""
    if _STOP.search(text):
        row["stop"] = 1.0
    if _COMMA.search(text):
        row["comma"] = 1.0
    low = text[:_PARAGRAPH].lower()
    if _NOTICE.match(low):
        row["notice"] = 1.0
    if size < _PARAGRAPH:
        if _OWN.search(low):
            row["own"] = 1.0
        if _CONTACT.search(low):
            row["contact"] = 1.0


def _line(row: dict[str, float], text: str, size: int) -> None:
    """Add what can be seen of a text that is no more than a line."""
    if size < _SHORT:
        row["short"] = 1.0
        if size < _TINY:
            row["tiny"] = 1.0
    if _BYLINE.search(text):
        row["byline"] = 1.0
    if _LABEL.match(text):
        row["label"] = 1.0
    _numbers(row, text)


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
        if _is_caption(scene.kind(element)[:CLASS_NAME_CHARACTERS]):
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
    solid, last = scene.solid, len(blocks) - 1
    row["kin"] = min(1.0, scene.kin_held.get(scene.kin[number], 0.0) / scene.total)
    itself = scene.is_solid(number)
    near = solid[min(last, number + _NEAR) + 1] - solid[max(0, number - _NEAR)] - itself
    if near:
        row["solid"] = near / (2 * _NEAR)
    if 0 < number < last and scene.is_solid(number - 1) and scene.is_solid(number + 1):
        row["between"] = 1.0
    start, end = max(0, number - 2), min(last, number + 2) + 1
    linked = scene.links[end] - scene.links[start] - blocks[number].linked
    if linked:
        row["near link"] = (linked + 1) / (scene.sizes[end] - scene.sizes[start] - blocks[number].size + 1)


_PAIRS: Mapping[str, Sequence[str]] = {
    "short": ("head", "tail", "date", "label", "kin", "solid", "between", "heading", "notice"),
    "head": ("date", "link", "byline"),
    "tail": ("notice", "own", "link", "short", "weak", "label", "contact", "prose", "li", "all link"),
    "outside": ("prose", "heading", "short"),
    "link": ("near link",),
    "wide": ("short", "notice", "label", "date", "length", "head", "tail", "own"),
}


def _together(row: dict[str, float]) -> None:
    """Add the signs that mean something together."""
    for one, others in _PAIRS.items():
        if one in row:
            value = row[one]
            for other in others:
                if other in row:
                    row[f"{one} {other}"] = value * row[other]
