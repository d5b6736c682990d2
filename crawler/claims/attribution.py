"""Who is quoted, how sure a sentence is, and whether it denies its number: words of the two languages, of no topic.

Everything is matched against a sentence in simplified characters, so that offsets are those of the sentence.
"""

from __future__ import annotations

import re

from crawler.text import HAN

_SAY_HAN = "表示|宣布|透露|指出|强调|介绍|认为|坦言|直言|写道|回应|披露|提到|称(?!为|作|之|得|号)|说(?!法|明|服)|曾说|谈到|发文|公布|预告|承诺|解释"
_LEAD_HAN = re.compile(
    rf"(?:据|根据|按照|按)(?P<source>[{HAN}A-Za-z0-9·《》“”\s]{{1,16}}?)"
    "(?:的?(?:报道|消息|介绍|透露|统计|数据|披露|说法|爆料|称|分析|公告|财报|测算|预测|显示|口径|参数)|(?=[，,]))"
)
_SAID_HAN = re.compile(
    rf"(?:^|[，,。；;：:、“”「」『』\s（）()])(?P<name>[{HAN}A-Za-z·\s]{{1,24}}?)"
    r"(?:还|也|曾|则|又|就|仅|再次|首次|此前|随后|明确|公开|进一步|同时|今日|今天|昨日|昨天|当天|日前|近日|会上|在[^，,。]{1,16}?)*"
    rf"(?:{_SAY_HAN})"
)
_TITLE_HAN = re.compile(
    "^(?:其中|同时|此外|另外|而|但|对此|小米(?:集团)?|公司|集团|创始人|董事长|总裁|合伙人|首席执行官|CEO|负责人|"
    "模型|大模型|团队|创办人|兼|、|的|MiMo|Xiaomi|AI|\\s)+"
)
_NAME_HAN = re.compile(rf"[{HAN}]{{2,4}}$|[A-Za-z][A-Za-z .]+$")
_NOBODY = frozenset(
    "这 那 它 他 她 其 可以 也就是 就是 换句话 有人 不得不 或者 据 我 我们 听 他们 大家 所 被 简单来 来".split()
)

_NAME = r"(?:[A-Z][\w.’'-]+)(?:\s(?:[A-Z][\w.’'-]+|of|the|&)){0,4}"
_SAY = r"(?:says?|said|told|tells|announced|claims?|claimed|stated|revealed|disclosed|added|wrote|noted|explained|quotes?|estimates?|estimated|pledged|confirmed|declared)"
_SAID = re.compile(
    rf"(?:[Aa]ccording to|[Aa]s reported by|[Cc]iting|quoting)\s(?:the\s)?(?P<source>{_NAME})"
    rf"|(?P<name>{_NAME})(?:,[^,.]{{1,60}},)?\s(?:also\s|has\s|had\s)?{_SAY}\b"
    rf"|\b{_SAY}\s(?P<after>{_NAME})(?=[,.;]|$)"
)
_NOT_NAMES = frozenset("The It He She They We You I This That And But In On At As If When While".split())

_HEDGE = re.compile(
    "网传|盛传|流传|传闻|传言|据传|被传|坊间|据悉|据说|据了解|据称|疑似|或许|也许|或将|或达|可能|预计|有望|号称|未经证实|未获证实|未证实|"
    "消息人士|知情人士|爆料|估计|估算|不排除|似乎|大概率|外界|曝"
    r"|\b(?:reported(?:ly)?|allegedly|rumou?red|rumou?rs?|said to|believed to|expected to|expects? to|may|might|could|"
    r"estimated|estimates|likely|unconfirmed|purported(?:ly)?|supposedly|apparently|claims? to|has not confirmed|"
    r"have not confirmed|speculat\w+|sources say)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"(?:不是|并非|而非|并不是|绝非|不等于|没有(?=达到|到)|并未达到|未达到|非)(?:所谓的|传闻的|此前所说的|外界所说的|网传的|有|什么)?[约“\"「]?\s?$"
    r"|\b(?:not|isn[’']t|wasn[’']t|aren[’']t|never|rather than|instead of|nor)\s(?:the\s|a\s|an\s|at\s|really\s|actually\s|in fact\s)?$",
    re.IGNORECASE,
)


def quoted(sentence: str) -> str | None:
    """Return who is quoted: 罗福莉 of 罗福莉表示, 财联社 of 据财联社报道, Lu Weibing of `said Lu Weibing`."""
    for match in _LEAD_HAN.finditer(sentence):
        source = match["source"].strip(" 《》“”")
        if (
            source
            and source not in {"悉", "说", "传", "了解", "此", "称", "介绍"}
            and not source.startswith(("悉", "了解"))
        ):
            return source
    for match in _SAID_HAN.finditer(sentence):
        name = _TITLE_HAN.sub("", match["name"].strip()) or match["name"].strip()
        found = _NAME_HAN.search(name)
        if found and name not in _NOBODY and found.group() not in _NOBODY:
            return found.group()
    for match in _SAID.finditer(sentence):
        name = match["source"] or match["name"] or match["after"]
        if name.split()[0] not in _NOT_NAMES:
            return name
    return None


def hedge(sentence: str) -> str | None:
    """Return the first word by which a sentence says that it is not sure: 网传, reportedly."""
    match = _HEDGE.search(sentence)
    return match.group() if match else None


def negated(sentence: str, start: int) -> bool:
    """Say whether the number that starts there is denied: 不是309B, `not 309B`; 不到 and 不止 are bounds, not denials."""
    return _DENIED.search(sentence, max(0, start - 24), start) is not None
