"""Who is quoted, how sure a sentence is, and whether it denies its number: words of the two languages, of no topic.

Everything is matched against a sentence in simplified characters, so that offsets are those of the sentence.
"""

from __future__ import annotations

import re

from crawler.text.folding import HAN

_SOURCE_HAN = re.compile(
    rf"(?:据|根据|按照|援引|引述)(?!悉|说|传|了解|此|称)(?P<source>[{HAN}A-Za-z0-9·《》\s]{{2,16}}?)(?:的)?"
    "(?:报道|消息|介绍|透露|统计|数据|披露|说法|爆料|称|分析|公告|财报|测算|预测|显示)"
)
_WHEN_HAN = "还|也|曾|则|又|就|再次|首次|此前|随后|明确|公开|直接|进一步|同时|今日|今天|昨日|昨天|当天|日前|近日|会上"
_SAYS_HAN = re.compile(  # one 在, for 在在在在 can be cut in two ways at every place, and trying all takes for ever
    rf"(?:^|[，,。；;：:、“”「」『』\s（）()])(?P<name>[{HAN}A-Za-z·\s]{{2,24}}?)"
    rf"(?:{_WHEN_HAN}){{0,4}}+(?:在[^，,。]{{1,16}}?(?:{_WHEN_HAN}){{0,4}}+)?"
    "(?:表示|宣布|透露|指出|强调|介绍|认为|坦言|直言|写道|回应|披露|提到|称(?![为作之得号])|说(?![法明服])|谈到|发文|预告|承诺|解释)"
)
_TITLE_HAN = re.compile(
    "^(?:其中|同时|此外|另外|而|但|对此|随后|小米(?:集团)?(?=.)|公司(?=.)|集团(?=.)|创始人|创办人|董事长|总裁|合伙人|首席执行官|CEO|"
    r"负责人|大模型|模型|团队(?=.)|兼|、|的|MiMo|Xiaomi|AI|\s)+"
)
_NAME_HAN = re.compile(
    rf"[{HAN}]{{2,4}}|[{HAN}A-Za-z]{{2,10}}(?:社|报|网|集团|公司|证券|研究院|机构|财经|新闻|官方)|[A-Z][A-Za-z.]*(?:\s[A-Z][A-Za-z.]*)*"
)
_NO_NAME = re.compile(
    "[的了是在把被从到将已很都也又就还没不曾刚先前后因此使让对与和及或其它这那他她我你们去来会要能可并且为给出以更最再则所有]|简单|显示"
)
"""What a name of two to four characters does not hold: without it the end of any clause is one."""

_NAME = r"(?:[A-Z][\w.’'-]+)(?:\s(?:[A-Z][\w.’'-]+|of|the|&)){0,4}"
_WHOLE_NAME = _NAME.replace("]+", "]++")
_BEFORE_NAME = r"(?<![\w.’'-])(?:(?![A-Z])[\w.’'-])*+"
"""From the beginning of a word to its first capital: looked for at each capital, AAAA… is read anew as often."""
_SAY = (
    "(?:says?|said|told|tells|announced|claims?|claimed|stated|revealed|disclosed|added|wrote|noted|explained|quotes?|"
    "estimates?|estimated|pledged|confirmed|declared)"
)
_SAID = re.compile(
    rf"(?:[Aa]ccording to|[Aa]s reported by|[Cc]iting|quoting)\s(?:the\s)?(?P<source>{_NAME})"
    rf"|{_BEFORE_NAME}(?P<name>{_WHOLE_NAME})(?:,[^,.]{{1,60}},)?\s(?:also\s|has\s|had\s)?{_SAY}\b"
    rf"|\b{_SAY}\s(?P<after>{_NAME})(?=[,.;]|$)"
)
_NO_NAMES = frozenset("The It He She They We You I This That And But In On At As If When While".split())

_HEDGE = re.compile(
    "网传|盛传|流传|传闻|传言|据传|被传|坊间|据悉|据说|据了解|据称|疑似|或许|也许|或将|或达|可能|预计|有望|号称|未经证实|未获证实|"
    "未证实|消息人士|知情人士|爆料|估计|估算|不排除|似乎|大概率|外界"
    r"|\b(?:reported(?:ly)?|allegedly|rumou?red|rumou?rs?|said to|believed to|expected to|expects? to|(?-i:may)|might|"
    r"could|estimated|estimates|likely|unconfirmed|purported(?:ly)?|supposedly|apparently|claims? to|has not confirmed|"
    r"have not confirmed|speculat\w+|sources say)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    "(?:不是|并非|而非|绝非|不等于|没有(?=达到|到)|未达到|非)(?:所谓的|传闻的|此前所说的|外界所说的|网传的|有|什么)?"
    r"[约“\"「]?\s?$"
    r"|\b(?:not|isn[’']t|wasn[’']t|aren[’']t|never|rather than|instead of|nor)\s"
    r"(?:the\s|a\s|an\s|at\s|really\s|actually\s|in fact\s)?$",
    re.IGNORECASE,
)


def quoted(sentence: str) -> str | None:
    """Return who is quoted: 罗福莉 of 罗福莉表示, 财联社 of 据财联社报道, Lu Weibing of `said Lu Weibing`."""
    if source := _SOURCE_HAN.search(sentence):
        return source["source"].strip(" 《》")
    for match in _SAYS_HAN.finditer(sentence):
        name = _TITLE_HAN.sub("", match["name"].strip()).strip()
        if _NAME_HAN.fullmatch(name) and not _NO_NAME.search(name):
            return name
    for match in _SAID.finditer(sentence):
        said: str = match["source"] or match["name"] or match["after"]
        if said.partition(" ")[0] not in _NO_NAMES:
            return said.rstrip(".")
    return None


def hedge(sentence: str) -> str | None:
    """Return the first word by which a sentence says that it is not sure: 网传, reportedly."""
    match = _HEDGE.search(sentence)
    return match.group() if match else None


def negated(sentence: str, start: int) -> bool:
    """Say whether the number that starts there is denied: 不是309B, `not 309B`; 不到 is a bound, no denial."""
    return _DENIED.search(sentence, max(0, start - 24), start) is not None
