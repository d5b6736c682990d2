"""What stands in a stored text and is none of its words: counters, dates of rendering, share bars, rotated headlines.

Extraction lets some of a page's furniture through, and it differs at every fetch. Here it is taken out of two texts
before they are compared, by what a line is made of and where it stands:

* A *prose* line ends a sentence or is long. It is never furniture, nor is a number in it. Between the first and the
  last of them a line is furniture only if it says what it is (阅读 1234, Share, 3分钟前) and nothing else.
* At the edges, before the first and after the last, a line of numbers, dates and such words alone is furniture, and a
  counter or an instant that stands by itself is taken out of any other.
* After the last prose line, headlines that were all replaced by unlike ones belong to other pages.

A number with a unit (亿, B, %) is no counter, and one line of words that came or went is an edit: what is doubtful
counts as the article's own. Pure.
"""

from __future__ import annotations

import re
from itertools import pairwise

from crawler.limits import BOILERPLATE_LINE_CHARACTERS, HEADLINE_LINES
from crawler.text.grams import WIDE, fold

LONG = 40
"""Words (a Chinese character is one) from which a line is prose without a full stop: 18 of 26,885 pieces of furniture
on 224 real pages are as long."""

REACH = 80
"""Characters at either end of a body where an instant may run into prose."""

HEADLINE = 5
"""Words, numbers aside, that a line has at least to be taken for a headline."""

UNLIKE = 0.4
"""Share of character pairs below which two lines are different headlines: above it one is an edit of the other."""

_COUNTED = (
    r"(?:总|累计|共|本文|全文)?(?:阅读|浏览|閲読|点击|播放|围观|评论|跟贴|跟帖|回复|点赞|转发|收藏|分享|打赏|人气|热度|字数"
    r"|参与|关注|粉丝|喜欢|赞|views?|reads?|hits?|clicks?|comments?|likes?|shares?|replies|reactions?|claps?|followers?"
    r"|retweets?|reposts?|votes?|upvotes?)(?:数|量|次数|人数)?"
)
_COUNT = r"(?<![\d.,])\d[\d,.]*+(?:\s?(?:万|w|k|m))?+\+?+(?:\s?(?:次|人|条|个|位))?+(?![百千万亿兆%‰a-z元美倍])"
_AGO = (
    r"(?:(?<!\d)\d++|半|几|an?|one|few)\s?(?:秒钟?|分钟|小时|天|周|个?月|年|sec(?:ond)?s?|min(?:ute)?s?|hours?|hrs?|days?|weeks?"
    r"|months?)\s?(?:之?前|ago)"
)
_CLOCK = r"\d{1,2}[:：]\d{2}(?:[:：]\d{2})?(?:\s?[ap]\.?m\.?)?"
_DATE = r"\d{4}\s?[-/年.]\s?\d{1,2}\s?[-/月.]\s?\d{1,2}\s?日?"

_COUNTS, _DATES = re.compile(_COUNT, re.IGNORECASE), re.compile(rf"{_DATE}|{_CLOCK}", re.IGNORECASE)
_INSTANT = re.compile(rf"{_DATE}\s*{_CLOCK}", re.IGNORECASE)
_SPANS = (
    rf"(?>{_COUNTED}\s*+[:：(（\[]?+\s*+{_COUNT}(?:\s?[)）\]])?+|(?<![\w.,]){_COUNT}\s*+(?:{_COUNTED})|{_AGO}"
    rf"|{_DATE}\s*+{_CLOCK})"
)
_SPAN = re.compile(rf"(?<!\w){_SPANS}(?!\w)", re.IGNORECASE)
"""A counter or an instant that stands by itself, beside whatever else."""

# Possessive throughout: 1 views 1 views 1 … can be cut in two ways at every place, and trying all takes for ever.
_LEADING = re.compile(rf"(?:\s*+{_SPANS}(?!\w)[\s|·,，]*+)++", re.IGNORECASE)
_TRAILING = re.compile(rf"(?:[\s|·,，]*+(?<!\w){_SPANS})++\s*+$", re.IGNORECASE)

_TELLING = re.compile(
    rf"赞助|广告|推广|{_AGO}|{_COUNTED}|刚刚|微信|微博|朋友圈|qq|空间|抖音|扫一扫|扫码|二维码|长按|推荐|热门|热榜|排行|更多|猜你"
    r"|展开|收起|返回|首页|顶部|上一篇|下一篇|复制|链接|登录|注册|订阅|海报|打印|举报|投诉|纠错|下载|客户端|打开|app|字号|保存"
    r"|听新闻|朗读|\b(?:advertisement|advert|sponsored|promoted|ads?|print|e-?mail|save|copy link|facebook|twitter"
    r"|whatsapp|linkedin|reddit|telegram|wechat|weibo|instagram|youtube|more|related|recommended|trending|popular"
    r"|most read|read next|subscribe|sign (?:up|in)|log in|newsletter|listen|follow|image|photo|loading|back to top)\b",
    re.IGNORECASE,
)
"""What furniture is made of."""

_NEUTRAL = re.compile(
    r"发布|发表|更新|刷新|编辑于|时间|日期|当前|现在|今天|今日|昨天|前天|农历|星期[一二三四五六日天]|周[一二三四五六日]|上午|下午|早上"
    r"|晚上|凌晨|北京|小时|分钟|相关|文章|新闻|内容|信息|精彩|喜欢|[年月日时分秒大中小到至于在是我要您的了人次条个篇与和或为你已被正]"
    r"|\b(?:last |first )?(?:updated?|published|posted|modified|edited)\b"
    r"|\b(?:today|yesterday|just now|now|am|pm|utc|gmt|e[sd]?t|p[sd]?t|cst|bst"
    r"|mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b"
    r"|\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}\b"
    r"|\b(?:on|at|of|in|to|the|this|that|us|for|you|your|and|or|with|via|from|like|min|minutes?|hours?|days?|story"
    r"|article|read|time|here|our|by)\b",
    re.IGNORECASE,
)
"""What furniture shares with sentences."""

_FULL_STOP = re.compile(rf"。|[{WIDE}][；;！？][^\s”’」』\"']|[^\W\d_{WIDE}]{{2}}(?:\.[”’\"')]*(?:\s|$)|[!?]\s+\w)")
_WORD = re.compile(rf"[{WIDE}]|[^\W{WIDE}]+")
_SIGNS = frozenset("$€£¥￥%‰")


def without(before: str, after: str) -> tuple[str, str]:
    """Return two versions of a text, the first line of each its title, without the furniture of their bodies.

    Lines stay in order; where something is taken out of one, it is parted there. Titles are returned as they are.
    """
    olds, news = _Body(before), _Body(after)
    if _rotated(olds.tail(), news.tail()):
        del olds.lines[olds.last + 1 :], news.lines[news.last + 1 :]
    return olds.bare(), news.bare()


class _Body:
    """A body's lines, and where its prose begins and ends (`first`, `last`; without prose all of it is an edge)."""

    def __init__(self, text: str) -> None:
        self.title, _, body = text.partition("\n")
        self.lines = [line for line in body.split("\n") if line.strip()]
        prose = [number for number, line in enumerate(self.lines) if _is_prose(line)]
        self.first, self.last = (prose[0], prose[-1]) if prose else (len(self.lines), -1)

    def tail(self) -> list[str]:
        """Return the lines after the prose that are not furniture by themselves."""
        return [kept for line in self.lines[self.last + 1 :] if self.last >= 0 and (kept := _edge(line))]

    def bare(self) -> str:
        """Return the title, and the body without furniture."""
        kept = [self.title]
        for number, line in enumerate(self.lines):
            if number < self.first or number > self.last:
                kept.append(_edge(line))
            elif number in {self.first, self.last}:
                kept.append(_ends(line, head=number == 0, tail=number == len(self.lines) - 1))
            elif _is_prose(line) or not (_nothing_else(line) and _TELLING.search(fold(line))):
                kept.append(line)
        return "\n".join(filter(None, kept))


def _is_prose(line: str) -> bool:
    return len(_WORD.findall(line)) >= LONG or _FULL_STOP.search(line) is not None


def _nothing_else(line: str) -> bool:
    """Say whether a line holds no word but those of furniture, and no number with a unit."""
    if len(line) > BOILERPLATE_LINE_CHARACTERS:
        return False
    rest = _SPAN.sub(" ", fold(line))
    for pattern in (_INSTANT, _DATES, _TELLING, _NEUTRAL, _COUNTS):
        rest = pattern.sub(" ", rest)
    return not any(char.isalnum() or char in _SIGNS for char in rest)


def _edge(line: str) -> str:
    """Return what a line at the edge says besides furniture."""
    return "" if _nothing_else(line) else _SPAN.sub("\n", line)


def _ends(line: str, *, head: bool, tail: bool) -> str:
    """Return prose without the counters and instants that run into it from the top or the foot of the page."""
    if head:
        led = _LEADING.match(line, 0, REACH)
        line = line[led.end() :] if led else line
        line = _INSTANT.sub("\n", line[:REACH]) + line[REACH:]
    if tail:
        line = line[:-REACH] + _INSTANT.sub("\n", _TRAILING.sub("", line[-REACH:]))
    return line


def _rotated(olds: list[str], news: list[str]) -> bool:
    """Say whether headlines were replaced, all of them, by others that are no versions of them."""
    stayed = set(olds) & set(news)
    gone, come = ([line for line in lines if line not in stayed] for lines in (olds, news))
    if max(len(gone), len(come)) > HEADLINE_LINES:
        return False
    gone, come = [*map(_letters, gone)], [*map(_letters, come)]
    headlines = all(len(_WORD.findall(line)) >= HEADLINE for line in (*gone, *come))
    lefts, rights = ([set(pairwise(line)) for line in lines] for lines in (gone, come))
    return bool(gone and come) and headlines and all(_likeness(old, new) < UNLIKE for old in lefts for new in rights)


def _letters(line: str) -> str:
    return re.sub(r"\d+", " ", fold(line))


def _likeness(left: set[tuple[str, str]], right: set[tuple[str, str]]) -> float:
    return len(left & right) / max(len(left), len(right), 1)
