"""Who wrote it and whom it credits: declared, or in the lines a page shows (作者 记者 文｜ 来源 转载自 责任编辑)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extract.tree import line
from crawler.text.folding import simplify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml.etree import _Element as Element

    from crawler.extract.blocks import Block
    from crawler.extract.declared import Facts

_HAN = r"[\u4e00-\u9fff]"
_NAMES = r"[\u4e00-\u9fffA-Za-z·•.&\s\u3000、,，/]{2,60}"
_LABELLED = re.compile(
    rf"(?:^|[^\u4e00-\u9fff]|文章|本文)(?:作者|撰文|撰稿|采写|执笔人?|文字|文)\s?[:：/|｜丨]\s?({_NAMES})"
)
_REPORTER = re.compile(
    rf"(?:记者|記者|通讯员|通訊員|特约撰稿人)\s?[:：]?[\s\u3000]?({_HAN}{{2,4}}(?:[\s\u3000、,，]+{_HAN}{{2,4}}){{0,5}})"
    rf"(?=[\s\u3000）)】」\]|/]|报道|報導|$)"
)
_POSTED = re.compile(r"本[贴帖]由\s?([^\s于於]{2,12})\s?[于於]")
_BRACKETED = re.compile(rf"[\[【(（]\s?({_HAN}{{2,3}})\s?[\]】)）]")
_EDITOR = re.compile(
    rf"(?:责任编辑|責任編輯|责编|编辑|編輯)\s?[:：]\s?({_HAN}{{2,4}}(?:[\s、]{_HAN}{{2,4}})?)(?!{_HAN})"
)
_LINE = re.compile(rf"{_HAN}{{2,4}}(?:[\s\u3000、]{{1,3}}{_HAN}{{2,4}}){{0,4}}")
_HINT = re.compile("[:：|｜丨]|记者|記者|通[讯訊]员|本[贴帖]由|特约撰稿人|文/")
"""What every line that names somebody has one of."""

_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜"
    "崔钟谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文"
    "牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷曲盛冉"
    "翁蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿"
    "桂全佟应臧闵苟邬边卞姬張劉陳楊黃趙吳孫馬羅鄭謝許韓馮鄧蕭蔣餘葉蘇呂盧鐘譚陸範賈韋鄒邱閻龍賀顧龔萬錢嚴湯溫齊喬"
    "龐顏莊聶魯歐關蘭寧紀畢單塗藍華饒農簡車連蘆麥婁竇黨宮費衛應鄔邊"
)
"""The commonest family names, both scripts: they tell a name alone on its line from a section or a button."""

_ROLES = re.compile(
    r"^(?:实习|本报|本刊|特约|首席)?(?:记者|通讯员|实习生|作者|编辑|摄影|图|文|撰稿)+|(?:报道|摄影|摄|文|图|编辑|著)$"
)
_NOT_NAMES = frozenset(
    """时间 出自 来源 编辑 责任编辑 字号 浏览 阅读 评论 发布 日期 点击 摄影 报道 本报 综合 著 译 发表
    更新 网站 转载 原创 未知 佚名 网络 本站 本网 不详 匿名 返回 首页 正文""".split()
)
_BY_LATIN = re.compile(
    r"(?:^|[\s|·•(])(?:By|Von|Par|Por|Words by|Written by|Text:|Autor(?:in)?:)\s+"
    r"([A-ZÀ-Þ][\w.'’-]+(?:\s(?:[A-ZÀ-Þ][\w.'’-]*|de|del|da|van|von|der|zu|la|le)){1,3}"
    r"(?:(?:,\s|\s(?:and|und|et|y)\s)[A-ZÀ-Þ][\w.'’-]+(?:\s[A-ZÀ-Þ][\w.'’-]+){1,3})*)"
)
_SEPARATOR = re.compile(r"\s*(?:[,;、，；/|｜•]|\band\b|\bund\b|\bet\b|\by\b|&)\s*")
_SPACES = re.compile(r"[\s\u3000、,，/|｜]+")
_BY = re.compile(r"^\s*(?:by|von|par|por|da|作者[:：]?|文[:：])\s+", re.IGNORECASE)
_AFTER_NAME = re.compile(r"\s*[(（\[].*$|\s+(?:기자|記者|记者|am \d|on \d).*$|,?\s+\S[^\s@]*+@\S++$")
_NO_PERSON = re.compile(
    r"^(?:https?:)?//|^@|https?:|www\.|\.(?:com|de|net|org|cn)\b|^\d+$|^(?:admin|root|editor|webmaster|redaktion)$",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r"(?:来源|來源|出处|出處|转自|转载自|轉載自|信息来源|稿源|文章来源|消息来源|稿件来源)\s?[:：]\s?[\[【《“]?\s?"
    r"([^\s|丨｜：:，,。；;()（）\[\]【】《》“”]{2,20})"
)
_ACCORDING = re.compile(
    rf"(?:本文转载?自|据|據)\s?[《“]?({_HAN}{{1,10}}(?:报|报纸|网|社|新闻|周刊|时报|日报|晚报|电视台|通讯社|報|網|電視台))[》”]?"
    r"(?:\d{1,2}[月日][^，。]{0,12})?(?:报道|消息|報導|報道)"
)
_DATELINE = re.compile(
    rf"\d{{4}}\S{{1,8}}\d{{1,2}}日?\s?\d{{1,2}}:\d{{2}}(?::\d{{2}})?\s+({_HAN}{{2,10}}(?:报|网|社|新闻|消息|周刊|杂志|在线|電視|台))$"
)
_NO_SOURCE = frozenset("本站 原创 本站原创 本网 本网站 未知 网络 互联网 整理 综合 转载 作者 编辑 本文 佚名".split())
_LONGEST = 1500
_LONGEST_NAME = 60
_LONGEST_HAN = 4
_HEAD, _NEAR = 12, 4
_MANY = 10


def authors_of(
    facts: Facts, blocks: Sequence[Block], heading: Element | None, *, chinese: bool
) -> tuple[tuple[str, ...], str]:
    """Return the authors, in the page's order, and where they were found.

    On a Chinese page what it shows (作者：) is better than what it declares, which is often the site; an editor
    (责任编辑) is named where nobody else is.
    """
    shown = [block for block in blocks if block.size < _LONGEST and _HINT.search(block.text)] if chinese else []
    for pattern, where in ((_LABELLED, "labelled text"), (_REPORTER, "reporter")):
        names = _shown(shown, pattern)
        if names:
            return names, where
    for where in ("json-ld", "meta", "microdata", "rel"):
        names = _declared([fact.value for fact in facts.all("author", where)], chinese=chinese)
        if names:
            return names, where
    if not chinese:
        return _latin(blocks, heading)
    names = _beside(blocks, heading)
    if names:
        return names, "text near the title"
    for pattern, where in ((_POSTED, "posted by"), (_EDITOR, "editor")):
        names = _shown(shown, pattern)
        if names:
            return names, where
    return (), ""


def split(names: str) -> tuple[str, ...]:
    """Return the single names of a line that lists authors."""
    return _declared([names], chinese=False)


def _shown(blocks: Sequence[Block], pattern: re.Pattern[str]) -> tuple[str, ...]:
    for block in blocks:
        found = pattern.search(block.text)
        if found:
            names = tuple(_persons(found[1]))
            if names:
                return names
    return ()


def _persons(text: str) -> Iterator[str]:
    """Yield the names at the beginning of a text: the first word that is none ends them."""
    for count, word in enumerate(_SPACES.split(text.strip())):
        name = _ROLES.sub("", word).strip("&.·• ")
        if not name or count >= _MANY:
            continue
        if simplify(name) in _NOT_NAMES or (count and len(name) > _LONGEST_HAN):
            return
        if len(name) > 1:
            yield name


def _latin(blocks: Sequence[Block], heading: Element | None) -> tuple[tuple[str, ...], str]:
    """Return who a line near the title says it is by."""
    start = next((number for number, block in enumerate(blocks) if block.element is heading), 0)
    for block in blocks[max(0, start - _NEAR) : start + _HEAD]:
        found = _BY_LATIN.search(block.text) if block.size < _LONGEST / 5 else None
        if found:
            return _declared([found[1]], chinese=False), "text near the title"
    return (), ""


def _beside(blocks: Sequence[Block], heading: Element | None) -> tuple[str, ...]:
    """Return the names that stand alone on a line, or in brackets, right after the title."""
    start = next((number for number, block in enumerate(blocks) if block.element is heading), None)
    if start is None:
        return ()
    for block in blocks[start + 1 : start + 1 + _NEAR]:
        found = _LINE.fullmatch(block.text) or (_BRACKETED.search(block.text) if block.size < _LONGEST / 5 else None)
        if found:
            names = tuple(_SPACES.split(found[found.lastindex or 0]))
            if all(name[0] in _SURNAMES and name not in _NOT_NAMES for name in names):
                return names
    return ()


def _declared(values: list[str], *, chinese: bool) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for value in values:
        if _NO_PERSON.search(value):
            continue
        for part in _SEPARATOR.split(_BY.sub("", line(value))):
            name = _AFTER_NAME.sub("", part).strip(" .·•-–")
            if 1 < len(name) < _LONGEST_NAME and not (chinese and name in _NOT_NAMES):
                names.setdefault(name)
    return tuple(names)


def credited_source(
    facts: Facts, blocks: Sequence[Block], heading: Element | None, *, chinese: bool
) -> tuple[str | None, str]:
    """Return the source an article credits (来源), and where it says so; only Chinese pages show one."""
    if not chinese:
        return _declared_source(facts)
    for block in blocks:
        found = _SOURCE.search(block.text) if block.size < _LONGEST else None
        if found and found[1] not in _NO_SOURCE:
            return found[1], "labelled text"
    start = next((number for number, block in enumerate(blocks) if block.element is heading), 0)
    for block in blocks[start : start + _HEAD]:
        found = _DATELINE.search(block.text) if block.size < _LONGEST / 5 else None
        if found:
            return found[1], "dateline"
    source, where = _declared_source(facts)
    if source:
        return source, where
    for block in blocks[start : start + _HEAD]:
        found = _ACCORDING.match(block.text)
        if found:
            return found[1], "first words"
    return None, ""


def _declared_source(facts: Facts) -> tuple[str | None, str]:
    fact = facts.first("source")
    name = line(fact.value) if fact else ""
    if fact is None or name in _NO_SOURCE or "//" in name or not 1 < len(name) < _LONGEST_NAME:
        return None, ""
    return name, fact.where
