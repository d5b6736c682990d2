"""The lines of the body: what stands before and after the article inside its own container, and is not it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.text import bare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.extract.blocks import Block

_PUNCTUATION = re.compile(r'[，。！？；、：,.!?;"“”]')
_TAIL = re.compile(
    r"[\s(（\[【]*(?:责任编辑|责编|编辑|本文来源|文章来源|来源|原标题|声明|免责声明|特别声明|版权|本文来自|更多(?:精彩|内容)"
    r"|点击(?:进入|查看|下载)|扫描|扫一扫|关注|分享到?|返回|上一篇|下一篇|相关(?:新闻|阅读|链接|文章)|延伸阅读|举报|广告|打开APP"
    r"|未经授权|转载请|热门|标签|Related|Read (?:more|also)|READ MORE|Also read|Advertisement|ADVERTISEMENT|Share this"
    r"|Follow us|Sign up|Subscribe|Copyright|©|All rights reserved|Click here|Photo:|Image:|Getty Images|See also)"
)
_HEAD = re.compile(
    r"(?:[\s\d:：/年月日.\-—|,]+|.{0,40}(?:来源|作者|编辑|记者|发布时间|发表于|浏览|阅读|字号|评论|点击)\s*[:：].{0,60}"
    r"|.{0,24}\d{4}[-/年.]\d{1,2}[-/月.]\d{1,2}.{0,40})$"
)


def trimmed(blocks: Sequence[Block], title: str) -> list[Block]:
    """Return the blocks without the title, datelines and tools before the text and the notices after it."""
    start, end = 0, len(blocks)
    wanted = bare(title)
    while start < end and start < 12 and _is_head(blocks[start], wanted):
        start += 1
    while end > start and _is_tail(blocks[end - 1]):
        end -= 1
    kept: list[Block] = []
    seen: set[str] = set()
    for block in blocks[start:end]:
        if block.linked > 0.75 * block.size and block.size < 300:
            continue
        if block.size < 90 and _TAIL.match(block.text) and block.tag != "h2":
            continue
        if block.size > 120:
            if block.text in seen:
                continue
            seen.add(block.text)
        kept.append(block)
    return kept


def _is_head(block: Block, title: str) -> bool:
    said = bare(block.text)
    if not said or block.tag == "h1":
        return True
    if title and (said == title or (len(said) > 5 and said in title and len(said) > 0.6 * len(title))):
        return True
    if len(block.text) < 90 and _HEAD.match(block.text):
        return True
    return (
        block.size < 90 and block.linked > 0.5 * block.size or (block.size < 12 and not _PUNCTUATION.search(block.text))
    )


def _is_tail(block: Block) -> bool:
    if block.size < 300 and (_TAIL.match(block.text) or block.linked > 0.6 * block.size):
        return True
    return block.size < 40 and block.linked > 0.2 * block.size and not _PUNCTUATION.search(block.text)
