"""Numbers with units, in Chinese and English, as one value: 3090亿 = 3,090 億 = 309B = 309 billion = 3.09e11.

A figure counts only with what makes it a quantity: a scale (亿, billion, B), a unit (元, %, 倍, hours), or the thing
counted (10台, eight papers). A bare figure is more often a name, a date or a code, and is never taken; nor are dates,
times of day, quarters, model names (V2.5, GPT-4, 小米15), stock codes or phone numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from crawler.text import simplify

Comparator = Literal["=", "~", ">", ">=", "<", "<="]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A quantity found in a text; `text[start:end] == raw`.

    `value` is in `unit`: a currency (CNY USD HKD TWD EUR GBP JPY KRW), "ratio" (5% and 1/20 are both .05), "pp"
    (percentage points), "x" (3倍, 3x, triple), "rank" (第二, top 2), a duration (s min h day week month year), "token",
    "token/s", or None for a count of anything else. `high` is the upper end of a range, else None. `comparator` says
    how the text bounds it: 约 "~", 超过 ">", 至少 ">=", 不到 "<", 最多 "<=".
    """

    value: float
    unit: str | None
    start: int
    end: int
    raw: str
    comparator: Comparator = "="
    high: float | None = None


_COMMA = 0xFF0C  # the full-width comma is punctuation, unless it groups full-width digits
_WIDE = {point: point - 0xFEE0 for point in range(0xFF01, 0xFF5F) if point != _COMMA} | {0x3000: 0x20, 0xFFE5: 0xA5}
_WIDE_GROUPS = re.compile("(?<=[０-９])，(?=[０-９]{3})")

_DIGITS = dict(zip("零〇一二三四五六七八九两壹贰叁肆伍陆柒捌玖", [0, *range(10), 2, *range(1, 10)], strict=True))
_TENS = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}
_SCALES = {
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12, "mn": 10**6, "mln": 10**6, "bn": 10**9, "bln": 10**9, "tn": 10**12,
}  # fmt: skip
_WORDS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_PARTS = {
    "half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "twentieth": 20, "fiftieth": 50, "hundredth": 100, "thousandth": 1000,
}  # fmt: skip
_MULTIPLES = {"twice": 2, "twofold": 2, "double": 2, "threefold": 3, "triple": 3, "quadruple": 4, "tenfold": 10}

_HAN_DIGIT = "".join(_DIGITS)
_HAN = f"[{_HAN_DIGIT}十百千万亿拾佰仟]+(?:点[{_HAN_DIGIT}]+[万亿]*)?"
_ARABIC = r"(?:\d{1,3}(?:,\d{3})+|(?!0\d)\d+)(?:\.\d+)?(?!\d|[.:]\d|,\d{3})"
_WORD = "|".join(sorted(_WORDS.keys() - {"a", "an"}, key=len, reverse=True))
_MONTH = (
    "(?-i:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|"
    r"Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_END = "(?![A-Za-z0-9])"  # a Latin token ends here; \b would not, between Latin and Han

_NEVER_WORDS = (
    rf"{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s?(?:19|20)\d\d)?|{_MONTH},?\s(?:19|20)\d\d\b",
    r"(?:first|second|third|fourth)[ -]quarter\b",
    # names: V2.5, SU7, MiMo-V2-Flash, GPT-4
    r"(?!(?:RMB|CNY|USD|HKD|EUR|top)\d)[A-Z]++(?:[-_][A-Z]*+)*+\d[A-Z0-9.]*(?:[-_][A-Z0-9.]+)*",
    r"https?://[!-~]+",
)
_NEVER_FIGURES = (
    # dates, in Chinese and English
    r"(?<![\d.])\d{2,4}\s?年\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?[日号])?|(?<![\d.])(?:19|20)\d\d\s?年",
    r"(?<![\d.])\d{1,2}\s?月(?:\s?\d{1,2}\s?[日号]?)?|(?<![\d.])\d{1,2}\s?日(?![元均])",
    "[零〇一二三四五六七八九]{4}年|[一二三四五六七八九十]{1,3}月(?:[一二三四五六七八九十]{1,3}[日号])?",
    r"(?<!\d)\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)|(?<!\d)\d{1,2}[/.]\d{1,2}[/.](?:19|20)\d\d",
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}(?![a-z])(?:,?\s?(?:19|20)\d\d)?",
    # times of day, quarters, the generations of people
    rf"(?<!\d)\d{{1,2}}:\d\d(?::\d\d)?|\b\d{{1,2}}\s?[ap]\.?m{_END}",
    r"(?<![\d.])\d{1,2}\s?[点时](?![间代之])(?:\s?\d{1,2}\s?分)?",
    r"第?[一二三四1-4]个?(?:财季|季度)|前[一二三]个?季度?",
    r"(?<!\d)\d[05]后|[五六七八九零][零五]后",
    # stock codes and phone numbers
    rf"(?<!\d)\d{{4,6}}\.(?:HK|SH|SZ|SS|O|N){_END}|(?<![\d.,])0\d{{2,}}(?:-\d+)*",
    r"(?<!\d)\d{2,4}[- ]\d{3,4}[- ]\d{3,4}(?!\d)|\+\d[\d -]{6,}|(?<!\d)1[3-9]\d{9}(?!\d)",
    # 309B-A15B; 5G; 4K
    rf"(?<![A-Z0-9])\d+(?:\.\d+)?[A-Z]+-[A-Z]*\d\w*|(?<![\d.])[2-6]G{_END}|(?<![\d.$¥])[248]K{_END}",
)
_NEVER = re.compile(  # the guards spare most characters of a text all of the alternatives
    f"(?<![A-Z0-9])(?=[A-Z])(?:{'|'.join(_NEVER_WORDS)})|(?=[0-9零〇一二三四五六七八九十第前+])(?:{'|'.join(_NEVER_FIGURES)})",
    re.IGNORECASE,
)

_START = re.compile(
    r"(?P<rank>第\s?(?:\d{1,3}|[一二三四五六七八九十]{1,3})(?![\d季天周年个月])"
    rf"|(?<![A-Za-z])(?:top|no\.)[ -]?(?:\d{{1,3}}|{_WORD}){_END})"
    rf"|(?P<han_part>(?:{_ARABIC}|{_HAN})分之(?:{_ARABIC}|{_HAN}))"
    r"|(?<![\d/.])(?P<part>1/\d{1,4})(?![\d/.])"
    rf"|\b(?P<word_part>(?:one|two|three|an?)[ -](?:{'|'.join(_PARTS)})s?)\b(?=\s(?:of|the|as)\b)"
    rf"|\b(?P<multiple>{'|'.join(_MULTIPLES)})[sd]?\b(?=\s(?:the|that|as|its|of|what|from)\b)"
    rf"|(?:(?<=RMB|CNY|USD|HKD|EUR)|(?<![A-Za-z0-9_.]))(?<![A-Za-z0-9]-)(?<!\d[/:,])(?P<arabic>{_ARABIC})"
    rf"|(?P<han>{_HAN})"
    rf"|\b(?P<word>(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-)?(?:{_WORD})"
    r"|an?(?=\s(?:hundred|thousand|million|billion|trillion)\b))\b",
    re.IGNORECASE,
)

_HAN_SCALE = re.compile(r"\s?[多余]?([十百千]?(?:万亿|万|亿)|[百千](?![瓦米克]))(?:(\d{1,4})万)?")
_LATIN_SCALE = re.compile(
    rf"([kmbt]|[bmt]n|mln|bln){_END}|\s(?:bn|mn|tn){_END}"
    r"|[\s-](hundred|thousand|million|billion|trillion)\b(?:[\s-](thousand|million|billion|trillion)\b)?",
    re.IGNORECASE,
)
_HALF = re.compile(r"个半(?=小时|钟头|月|星期)|[ -]and[ -]a[ -]half\b", re.IGNORECASE)
_TO = re.compile(
    rf"(?:%(?=\s?(?:[-–—~至到]|to\b)\s?[\d.]+\s?%))?\s?(?:[-–—~至到]|to\b)\s?[$¥€]?({_ARABIC}|[{_HAN_DIGIT}十百]+)",
    re.IGNORECASE,
)

_CURRENCIES = tuple(
    (re.compile(rf"(?:{sign})\s?$", re.IGNORECASE), unit)
    for sign, unit in (
        ("RMB|CNY|人民币|¥", "CNY"),
        (r"HK\$|HKD", "HKD"),
        (r"NT\$", "TWD"),
        (r"US\$|USD|\$", "USD"),
        ("€|EUR", "EUR"),
        ("£", "GBP"),
    )
)
_UNITS = tuple(
    (re.compile(pattern, re.IGNORECASE), unit)
    for pattern, unit in (
        (r"\s?%(?!\d)|[\s-]per\s?cent\b|\s?pct\b", "%"),
        (r"\s?(?:美元|美金)|[\s-](?:US |U\.S\. )?dollars?\b|\s?USD\b", "USD"),
        (r"\s?(?:元|块钱|人民币)|[\s-](?:Chinese )?yuan\b|[\s-]renminbi\b|\s?(?:RMB|CNY)\b", "CNY"),
        (r"\s?倍|\s?[x×](?![A-Za-z0-9])|[\s-]times\b|-?fold\b", "x"),
        (r"\s?个百分点|[\s-]percentage[\s-]points?\b", "pp"),
        (r"\s?成(?![为立本功果员长都就熟交年绩品分了效])", "tenth"),
        (r"[\s-]?tokens?\s?(?:/\s?s|/\s?秒|per second|每秒)|\s?tok/s", "token/s"),
        (rf"[\s-]?tokens?{_END}|\s?个token", "token"),
        (rf"\s?秒钟?|[\s-]?sec(?:ond)?s?{_END}|\ss\b", "s"),
        (rf"\s?分钟|[\s-]?min(?:ute)?s?{_END}", "min"),
        (rf"\s?个?(?:小时|钟头)|[\s-]?hours?{_END}", "h"),
        (r"\s?天(?!猫)|[\s-]days?\b", "day"),
        (r"\s?个?(?:周(?![年末岁])|星期)|[\s-]weeks?\b", "week"),
        (r"\s?个多?月|[\s-]months?\b", "month"),
        (r"\s?[多余]?年(?![代级初底末中月前薪])|[\s-]years?\b(?![\s-]old)", "year"),
        (r"\s?(?:港元|港币)|[\s-](?:HK|Hong Kong)[\s-]dollars?\b|\s?HKD\b", "HKD"),
        (r"\s?新?台币", "TWD"),
        (r"\s?欧元|[\s-]euros?\b|\s?EUR\b", "EUR"),
        (r"\s?日元|[\s-]yen\b", "JPY"),
        (r"\s?英镑", "GBP"),
        (r"\s?韩元", "KRW"),
    )
)
_PARTS_OF_ONE = {"%": 100, "tenth": 10}
_PASSING = frozenset({None, "day", "week", "month", "year"})  # 一个, 一天, one day: no quantity

_COUNTED = re.compile(
    r"\s?(?:[台款篇名项家次辆颗座部件位种份条套门所届轮枚张块架艘场字级步股吨]|个(?!百分|月|小时|星期)|人(?![工机])|"
    r"参数|用户|设备|员工|年薪|粉丝|岗位|工程师|开发者|公里|千米|平方米|公斤|千克)"
    r"|[\s-](?-i:[A-Za-z][a-zA-Z-]+\s){0,2}?(?!(?:is|was|has|as|its|this|plus|versus|does|says|us|yes|across|thus|perhaps)\b)"
    r"(?-i:[a-z]{2,}s)\b|[\s-](?:parameter|people|staff)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?<![A-Za-z])(?!(?:The|These|Those|Its|His|Her|Their|Our|About|Over|Some|Nearly|Almost|Around|More|With|At|And|For|"
    r"From|To|Of|By|Only|All|Roughly|Under)\s)[A-Z][\w.-]*\s$"
)

_BEFORE = re.compile(
    r"(?:(?P<about>约|近|接近|约为|大概|[≈~]|\b(?:about|around|roughly|nearly|almost|approximately|some|close to))"
    r"|(?P<floor>至少|不低于|不少于|≥|>=|\b(?:at least|no less than))"
    r"|(?P<cap>至多|最多|不超过|不高于|≤|<=|\b(?:at most|up to|no more than))"
    r"|(?P<under>不到|不足|低于|少于|<|\b(?:under|less than|fewer than|below))"
    r"|(?P<over>超过|超|逾|高于|多于|突破|>|\b(?:over|more than|above|exceed(?:s|ed|ing)?)))\s?$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"(?P<about>左右|上下|\sor so\b)|(?P<floor>及?以上|\+|\sor more\b)|(?P<cap>以内|以下|\sor less\b)"
    r"|(?P<over>[多余](?!模))",
    re.IGNORECASE,
)
_SYMBOLS: dict[str, Comparator] = {"about": "~", "floor": ">=", "over": ">", "cap": "<=", "under": "<"}
_NEARBY = 16
"""Characters before a number in which its currency and its comparator are looked for."""


def find(text: str) -> tuple[Number, ...]:
    """Return the numbers of a text in order; they do not overlap.

    Args:
        text: any text; full-width and traditional characters are read, offsets are into the text as given.
    """
    folded = simplify(_WIDE_GROUPS.sub(",", text).translate(_WIDE))
    folded = _NEVER.sub(lambda never: "\x00" * len(never.group()), folded)
    found: list[Number] = []
    position = 0
    while start := _START.search(folded, position):
        number = _fraction(text, folded, start) or _quantity(text, folded, start)
        if number is not None:
            found.append(number)
        position = number.end if number else start.end()
    return tuple(found)


def _fraction(text: str, folded: str, start: re.Match[str]) -> Number | None:
    """Read the forms that carry their own unit: a rank, a part, a multiple."""
    said = start.group().lower()
    unit = "ratio"
    match start.lastgroup:
        case "rank":
            unit, value = "rank", _plain(re.sub(r"^(?:第|top|no\.)[\s-]?", "", said))
        case "han_part":
            whole, part = said.split("分之")
            value = _plain(part) / max(_plain(whole), Fraction(1))
        case "part":
            value = Fraction(1, max(int(said[2:]), 1))
        case "word_part":
            count, part = re.split("[ -]", said)
            value = Fraction(_WORDS[count], _PARTS[part if part in _PARTS else part.removesuffix("s")])
        case "multiple":
            unit, value = "x", Fraction(_MULTIPLES[said if said in _MULTIPLES else said[:-1]])
        case _:
            return None
    return _number(text, folded, start.start(), start.end(), value, None, unit)


def _quantity(text: str, folded: str, start: re.Match[str]) -> Number | None:
    """Read a figure with its scale, range, currency and unit; None if nothing makes it a quantity."""
    begin, currency = _currency(folded, start.start())
    figure, kind = start.group(), start.lastgroup
    value, high = _plain(figure), None
    factor, extra, end = _scale(folded, start.end(), figure, spelled=currency is not None)
    if half := _HALF.match(folded, end):
        extra, end = extra + Fraction(factor, 2), half.end()
    to = _TO.match(folded, end)
    if to:
        top_factor, _, top_end = _scale(folded, to.end(), to[1], spelled=currency is not None)
        top = _plain(to[1]) * top_factor
        factor = factor if factor > 1 else top_factor
        if top > value * factor:
            high, end = top, top_end
    scaled = factor > 1 or (kind == "han" and figure[-1] in "万亿" and figure[0] not in "百千万亿")
    value = value * factor + extra
    unit, after = _unit(folded, end)
    if unit == "token" and folded[:begin].endswith(("每秒", "每秒约")):
        unit = "token/s"
    if currency and unit not in _PARTS_OF_ONE:
        unit, after = currency, after if unit in {currency, "USD"} else end
    single = kind != "arabic" and value <= 1
    year = not scaled and kind == "arabic" and high is None and 1900 <= value <= 2099 and "," not in figure  # noqa: PLR2004
    if unit is None and not scaled:
        named = _NAMED.search(folded[max(0, begin - _NEARBY) : begin])
        if year or named or _COUNTED.match(folded, end) is None:
            return None
    if (single and unit in _PASSING) or (year and unit == "year") or (kind == "han" and figure in _MYRIADS):
        return None
    return _number(text, folded, begin, after if unit else end, value, high, unit)


def _number(
    text: str, folded: str, begin: int, end: int, value: Fraction, high: Fraction | None, unit: str | None
) -> Number:
    parts = _PARTS_OF_ONE.get(unit or "", 1)
    before = _BEFORE.search(folded[max(0, begin - _NEARBY) : begin])
    after = _AFTER.match(folded, end)
    inner = re.search("[多余](?=[百千万亿年])", folded[begin:end])
    comparator: Comparator = "="
    if before is not None:
        comparator = _SYMBOLS[str(before.lastgroup)]
    elif after is not None:
        comparator = _SYMBOLS[str(after.lastgroup)]
    elif inner is not None:
        comparator = ">"
    return Number(
        value=float(value / parts),
        unit="ratio" if parts > 1 else unit,
        start=begin,
        end=end,
        raw=text[begin:end],
        comparator=comparator,
        high=None if high is None else float(high / parts),
    )


def _plain(figure: str) -> Fraction:
    """Return the value of a figure in digits, Chinese numerals or English words, without what stands behind it."""
    if figure[0].isascii():
        words = re.split("-", figure.lower()) if figure[0].isalpha() else []
        return Fraction(sum(_WORDS[word] for word in words)) if words else Fraction(figure.replace(",", ""))
    whole, _, rest = figure.partition("点")
    if not rest:
        return Fraction(_han(whole))
    digits = rest.rstrip("万亿")
    scale = 1
    for character in rest[len(digits) :]:
        scale *= _MYRIADS[character]
    return (_han(whole) + Fraction(int("".join(str(_DIGITS[each]) for each in digits)), 10 ** len(digits))) * scale


def _han(numeral: str) -> int:
    """Return the value of a Chinese numeral: 三千零九十亿, 两千万, 二〇二五. A bare 十, 百 or 千 is one of them."""
    if len(numeral) > 1 and all(character in _DIGITS for character in numeral):
        return int("".join(str(_DIGITS[character]) for character in numeral))
    total = section = digit = 0
    for character in numeral:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _TENS:
            section += (digit or 1) * _TENS[character]
            digit = 0
        else:
            section += digit
            total = (
                (total + section or 1) * _MYRIADS[character] if character == "亿" else total + (section or 1) * 10**4
            )
            section = digit = 0
    return total + section + digit


def _scale(folded: str, at: int, figure: str, *, spelled: bool) -> tuple[int, Fraction, int]:
    """Return what multiplies a figure, what is added then (1亿2000万), and where that ends.

    Args:
        folded: the text.
        at: the end of the figure.
        figure: the figure.
        spelled: it has a currency sign, so that a small letter behind it can only be a scale ($8b, €31m).
    """
    if han := _HAN_SCALE.match(folded, at):
        factor = 1
        for character in han[1]:
            factor *= _TENS.get(character) or _MYRIADS[character]
        return factor, Fraction(int(han[2] or 0) * 10**4), han.end()
    latin = _LATIN_SCALE.match(folded, at) if figure[0].isascii() else None
    if latin is None:
        return 1, Fraction(0), at
    said = latin.group().strip(" -\u00a0")
    small = said in {"k", "m", "b", "t"}
    if small and not spelled and said != "k" and not re.compile(r"[\s-][a-z]+").match(folded, latin.end()):
        return 1, Fraction(0), at
    factor = 1
    for word in re.split(r"[\s-]", said.lower()):
        factor *= _SCALES[word]
    return factor, Fraction(0), latin.end()


def _currency(folded: str, begin: int) -> tuple[int, str | None]:
    """Return the currency written before a figure, and where the number begins with it."""
    before = folded[max(0, begin - _NEARBY) : begin]
    for pattern, unit in _CURRENCIES:
        if sign := pattern.search(before):
            return begin - len(before) + sign.start(), unit
    return begin, None


def _unit(folded: str, at: int) -> tuple[str | None, int]:
    for pattern, unit in _UNITS:
        if match := pattern.match(folded, at):
            return unit, match.end()
    return None, at
