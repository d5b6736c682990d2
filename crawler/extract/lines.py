"""The lines of the article: which blocks of its container are its text.

A container also holds what is not the article: datelines, captions, calls to subscribe, other headlines, notices. Each
block is judged by a logistic regression over what can be seen of it: its shape, its tag, its place, what its neighbours
are, and what names and a few openings say (来源, Related). The weights were fitted (WEIGHTS says on what).
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from crawler.text import bare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lxml.html import HtmlElement

    from crawler.extract.blocks import Block

_END = re.compile(r"""[。！？!?.…;；"”’»）)』」]\s*$""")
_STOP = re.compile(r"[。！？!?.…]")
_COMMA = re.compile(r"[，、,;；]")
_DATE = re.compile(r"\d{4}[-/年.]\s?\d{1,2}[-/月.]\s?\d{1,2}|\d{1,2}[./]\s?\d{1,2}[./]\s?\d{2,4}|\d{1,2}[:：]\d{2}|\b\d{1,2}(?:st|nd|rd|th|\.)?,? [A-Z][a-zä]{2,8}\.?,? \d{4}|[A-Z][a-z]{2,8}\.? \d{1,2},? \d{4}|\d+\s?(?:小时|分钟|天|hours?|minutes?|days?|Stunden|Tagen?)\s?(?:前|ago)")
_LABEL = re.compile(r"^[\s【\[（(·•]*[\w\u4e00-\u9fff /]{1,14}\s?[:：|｜丨]")
_NOTICE = re.compile(
    r"[\s(（\[【●■▲*·•>»]*(?:责任编辑|责编|编辑|校对|审核|监制|本文来源|文章来源|来源|來源|原标题|原標題|声明|聲明|免责|特别声明|版权|本文来自|本报讯员"
    r"|更多(?:精彩|内容|新闻)|更多$|点击(?:进入|查看|下载|图片)|扫描|扫一扫|长按|关注|分享到?|返回|上一[篇页]|下一[篇页]|相关(?:新闻|阅读|链接|文章|报道|推荐)"
    r"|延伸閱讀|延伸阅读|推荐阅读|举报|广告|打开\w*APP|未经授权|转载请|热门|标签|欢迎关注|我要评论|网友评论|收藏|打印|字号|阅读原文"
    r"|related|read (?:more|also|next)|also read|advertisement|anzeige|publicité|publicidad|share (?:this|on)|follow (?:us|@)"
    r"|sign up|subscribe|newsletter|copyright|©|\(c\)|all rights reserved|click here|photos?:|image:|getty images|see also|tags?:"
    r"|filed under|more (?:from|on|stories)|mehr (?:zum|zu|aus)|lesen sie (?:auch|mehr)|auch interessant|foto:|quelle:|lire aussi|à lire"
    r"|leia (?:mais|também)|lea también|watch:|download|editor's note|report a typo|loading|comments?\b|leave a)",
    re.IGNORECASE,
)
_FORBIDS = re.compile(
    r"版权|著作权|转载|投稿|举报|客服|免责|本网|本站|all rights reserved|copyright|terms of|newsletter|abonnieren|subscri"
    r"|sign up|cookies?\b|log ?in\b|e-?mail|twitter|facebook|instagram|whatsapp|app\b|微信|公众号|二维码|APP|微博|客户端",
    re.IGNORECASE,
)
_CONTACT = re.compile(r"https?://|www\.|@\w|©|\(c\)", re.IGNORECASE)
_HEADING = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_CAPTION = re.compile(r"caption|image|img|photo|picture|media|figure|bild|legend", re.IGNORECASE)
_NEAR = 3

WEIGHTS: Mapping[str, float] = {
    "bias": 0.15,
    "length": 0.15,
    "length2": 0.21,
    "short": 1.43,
    "tiny": -0.20,
    "link": -2.59,
    "all link": 1.64,
    "prose": 0.68,
    "end": 0.28,
    "comma": -0.12,
    "date": -1.31,
    "datey": -0.18,
    "label": -0.70,
    "notice": -1.53,
    "forbids": -0.26,
    "contact": -0.71,
    "heading": 0.02,
    "h1": -0.94,
    "p": 0.25,
    "li": 0.44,
    "cell": 0.51,
    "quote": 0.67,
    "div": -0.41,
    "caption": -1.24,
    "wide": -0.63,
    "digit": 1.07,
    "weak": -1.93,
    "strong": -4.46,
    "captioned": -0.60,
    "outside": -0.60,
    "outside prose": -0.15,
    "outside heading": 0.37,
    "outside short": -0.44,
    "feed": 0.26,
    "kin": 2.82,
    "head": 0.15,
    "tail": -0.41,
    "outside after": -0.93,
    "after": -0.93,
    "solid": 0.78,
    "near link": -1.76,
    "link run": 1.49,
    "between": -0.16,
    "alone": -0.02,
    "title": 0.28,
    "twice": 0.19,
    "short head": -1.18,
    "short tail": -0.56,
    "short date": -0.24,
    "short label": 0.21,
    "short kin": -1.10,
    "short solid": -2.15,
    "short between": 1.18,
    "short heading": 0.03,
    "head date": -0.65,
    "tail notice": 0.49,
    "tail forbids": -0.16,
    "head link": -0.10,
    "tail link": -0.34,
    "mid notice short": -0.88,
}


def kept(blocks: Sequence[Block], container: HtmlElement, title: str, feed: set[HtmlElement]) -> list[Block]:
    """Return the blocks of the container that are the article's text, in order."""
    rows = features(blocks, container, title, feed)
    return [
        block
        for block, row in zip(blocks, rows, strict=True)
        if sum(WEIGHTS.get(name, 0.0) * value for name, value in row.items()) > 0
    ]


def features(
    blocks: Sequence[Block], container: HtmlElement, title: str, feed: set[HtmlElement]
) -> list[dict[str, float]]:
    """Return what can be seen of each block of a container, by the names of WEIGHTS; absent is 0."""
    from crawler.extract.body import under

    total = sum(block.prose for block in blocks if not block.outside) or 1.0
    around = {container, *container.iterancestors()}
    kin: dict[tuple[str, str], float] = {}
    for block in blocks:
        key = _kin(block)
        kin[key] = kin.get(key, 0.0) + block.prose
    held: dict[str, float] = {}
    clean = sum(block.prose for block in blocks if all(element in around or hint == 1 for element, hint in block.doubts))
    for block in blocks:
        for element, _ in block.doubts:
            if element not in around:
                name = f"{element.tag} {element.get('class') or ''}"
                held[name] = held.get(name, 0.0) + block.prose
    items = feed - around
    memo: dict[HtmlElement, bool] = {}
    wanted = bare(title)
    seen: set[str] = set()
    rows: list[dict[str, float]] = []
    before = 0.0
    solid = [block.prose > 0.5 * block.size and block.size > 60 for block in blocks]
    for number, block in enumerate(blocks):
        row = _shape(block)
        weak = strong = caption = 0.0
        for element, hint in block.doubts:
            if element not in around:
                share = held[f"{element.tag} {element.get('class') or ''}"] / total
                if element.tag in {"figure", "figcaption"} or _CAPTION.search(element.get("class") or ""):
                    caption = max(caption, 1 - share)
                elif hint == 1:
                    weak = max(weak, 1 - share)
                else:
                    strong = max(strong, 1.0 if clean > 150 else 1 - share)
        row["weak"], row["strong"] = weak, strong
        row["captioned"] = caption
        row["outside"] = float(block.outside)
        row["outside prose"] = block.outside * row["prose"]
        row["outside heading"] = block.outside * row["heading"]
        row["outside short"] = block.outside * row["short"]
        row["feed"] = float(bool(items) and under(block.element, items, memo))
        row["kin"] = min(1.0, kin[_kin(block)] / total)
        after = total - before - (0 if block.outside else block.prose)
        head, tail = before < 0.03 * total, after < 0.03 * total
        row["head"], row["tail"] = float(head), float(tail)
        row["outside after"] = float(block.outside and before > 0.5 * total)
        row["after"] = min(1.0, before / total)
        around_solid = sum(solid[max(0, number - _NEAR) : number + _NEAR + 1]) - solid[number]
        row["solid"] = around_solid / (2 * _NEAR)
        near = [one for one in blocks[max(0, number - 2) : number + 3] if one is not block]
        row["near link"] = sum(one.linked for one in near) / (1 + sum(one.size for one in near))
        row["link run"] = row["near link"] * row["link"]
        previous = solid[number - 1] if number else False
        following = solid[number + 1] if number + 1 < len(blocks) else False
        row["between"] = float(previous and following)
        row["alone"] = float(not previous and not following)
        said = bare(block.text) if block.size < 400 else ""
        row["title"] = float(bool(said) and bool(wanted) and (said == wanted or (len(said) > 5 and said in wanted)))
        row["twice"] = float(block.size > 60 and block.text in seen)
        seen.add(block.text)
        short = row["short"]
        for name in ("head", "tail", "date", "label", "kin", "solid", "between", "heading"):
            row[f"short {name}"] = short * row[name]
        row["head date"] = row["head"] * row["date"]
        row["tail notice"] = row["tail"] * row["notice"]
        row["tail forbids"] = row["tail"] * row["forbids"]
        row["head link"] = row["head"] * row["link"]
        row["tail link"] = row["tail"] * row["link"]
        row["mid notice short"] = (1 - row["tail"]) * row["notice"] * short
        rows.append(row)
        if not block.outside:
            before += block.prose
    return rows


def _kin(block: Block) -> tuple[str, str]:
    element = block.element
    parent = element.getparent()
    return f"{element.tag} {element.get('class') or ''}", "" if parent is None else f"{parent.tag} {parent.get('class') or ''}"


def _shape(block: Block) -> dict[str, float]:
    text, size, tag = block.text, block.size, block.tag
    link = block.linked / size
    length = math.log(size)
    wide = size > 1.6 * len(text)
    return {
        "bias": 1.0,
        "length": length - 4.5,
        "length2": (length - 4.5) ** 2,
        "short": float(size < 60),
        "tiny": float(size < 15),
        "link": link,
        "all link": float(link > 0.9),
        "prose": float(block.prose > 0.5 * size),
        "end": float(bool(_END.search(text))),
        "stop": float(bool(_STOP.search(text))),
        "comma": float(bool(_COMMA.search(text))),
        "date": float(size < 200 and bool(_DATE.search(text))),
        "datey": _dated(text) if size < 200 else 0.0,
        "label": float(size < 240 and bool(_LABEL.match(text))),
        "notice": float(bool(_NOTICE.match(text))),
        "forbids": float(bool(_FORBIDS.search(text))),
        "contact": float(bool(_CONTACT.search(text))),
        "heading": float(tag in _HEADING),
        "h1": float(tag == "h1"),
        "p": float(tag == "p"),
        "li": float(tag == "li"),
        "cell": float(tag in {"td", "th", "dd", "dt"}),
        "br": float(tag == "br"),
        "quote": float(tag in {"blockquote", "pre", "q"}),
        "div": float(tag in {"div", "section", "article"}),
        "caption": float(tag == "figcaption" or bool(_CAPTION.search(block.element.get("class") or ""))),
        "wide": float(wide),
        "digit": sum(map(str.isdigit, text)) / len(text) if size < 200 else 0.0,
    }


def _dated(text: str) -> float:
    """Return which share of a short line its dates and times are."""
    return min(1.0, sum(len(found[0]) + 4 for found in _DATE.finditer(text)) / len(text))
