"""What numbers are written with: digits, scales, units, and what only looks like a number.

Patterns are matched against a text whose wide characters are narrow and whose characters are simplified, letter case
aside.
"""

from __future__ import annotations

import re
from typing import Literal

Comparator = Literal["=", "~", ">", ">=", "<", "<="]

COMMA = 0xFF0C  # the full-width comma is punctuation, unless it groups full-width digits
LOOKALIKES = str.maketrans("ıİſ\u212a", "iIsK")
"""Letters that `re` takes for others, letter case aside."""
WIDE = {point: point - 0xFEE0 for point in range(0xFF01, 0xFF5F) if point != COMMA} | {
    0x3000: 0x20,
    0xFFE5: 0xA5,
    **LOOKALIKES,
}

WIDE_GROUPS = re.compile("(?<=[０-９])，(?=[０-９]{3})")

DIGITS = dict(zip("零〇一二三四五六七八九两壹贰叁肆伍陆柒捌玖", [0, *range(10), 2, *range(1, 10)], strict=True))
TENS = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
MYRIADS = {"万": 10**4, "亿": 10**8, "兆": 10**12}
SCALES = {
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12, "mn": 10**6, "mln": 10**6, "bn": 10**9, "bln": 10**9, "tn": 10**12,
}  # fmt: skip
WORDS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
PARTS = {
    "half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "twentieth": 20, "fiftieth": 50, "hundredth": 100, "thousandth": 1000,
}  # fmt: skip
MULTIPLES = {"twice": 2, "twofold": 2, "double": 2, "threefold": 3, "triple": 3, "quadruple": 4, "tenfold": 10}

ORDINALS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "1st": 1,
    "2nd": 2,
    "3rd": 3,
    "4th": 4,
    "5th": 5,
}

HAN_DIGIT = "".join(DIGITS)
HAN = f"[{HAN_DIGIT}十百千万亿拾佰仟]+(?:点[{HAN_DIGIT}]+[万亿]*)?"
ARABIC = r"(?:\d{1,3}(?:,\d{3})+|(?!0\d)\d+)(?:\.\d+)?(?!\d|[.:]\d|,\d{3})"
WORD = "|".join(sorted(WORDS.keys() - {"a", "an"}, key=len, reverse=True))
MONTH = (
    "(?-i:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|"
    r"Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
ENDLESS = re.compile(rf"\d[\d,.]{{39,}}|[{HAN_DIGIT}十百千万亿拾佰仟点]{{40,}}")
"""No quantity, and too large for a float or, at 4,300 digits, for int()."""

ORDINAL = "|".join(ORDINALS)
END = "(?![A-Za-z0-9])"  # a Latin token ends here; \b would not, between Latin and Han

NEVER_WORDS = (
    rf"{MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s?(?:19|20)\d\d)?|{MONTH},?\s(?:19|20)\d\d\b",
    r"(?:first|second|third|fourth)[ -]quarter\b",
    # names: V2.5, SU7, MiMo-V2-Flash, GPT-4
    r"(?!(?:RMB|CNY|USD|HKD|EUR|top)\d)[A-Z]++(?:[-_][A-Z]*+){0,8}+\d[A-Z0-9.]*(?:[-_][A-Z0-9.]+)*",
    r"https?://[!-~]+",
)
NEVER_FIGURES = (
    # dates, in Chinese and English
    r"(?<![\d.])\d{2,4}\s?年\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?[日号])?|(?<![\d.])(?:19|20)\d\d\s?年",
    r"(?<![\d.])\d{1,2}\s?月(?:\s?\d{1,2}\s?[日号]?)?|(?<![\d.])\d{1,2}\s?日(?![元均])",
    "[零〇一二三四五六七八九]{4}年|[一二三四五六七八九十]{1,3}月(?:[一二三四五六七八九十]{1,3}[日号])?",
    r"(?<!\d)\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)|(?<!\d)\d{1,2}[/.]\d{1,2}[/.](?:19|20)\d\d",
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{MONTH}(?![a-z])(?:,?\s?(?:19|20)\d\d)?",
    # times of day, quarters, the generations of people
    rf"(?<!\d)\d{{1,2}}:\d\d(?::\d\d)?|\b\d{{1,2}}\s?[ap]\.?m{END}",
    r"(?<![\d.])\d{1,2}\s?[点时](?![间代之])(?:\s?\d{1,2}\s?分)?",
    r"第?[一二三四1-4]个?(?:财季|季度)|前[一二三]个?季度?",
    r"(?<!\d)\d[05]后|[五六七八九零][零五]后",
    # stock codes and phone numbers
    rf"(?<!\d)\d{{4,6}}\.(?:HK|SH|SZ|SS|O|N){END}|(?<![\d.,])0\d{{2,}}(?:-\d+)*",
    r"(?<!\d)\d{2,4}[- ]\d{3,4}[- ]\d{3,4}(?!\d)|\+\d[\d -]{6,}|(?<!\d)1[3-9]\d{9}(?!\d)",
    # 309B-A15B; 5G; 4K
    rf"(?<![A-Z0-9])\d+(?:\.\d+)?[A-Z]+-[A-Z]*\d\w*|(?<![\d.])[2-6]G{END}|(?<![\d.$¥])[248]K{END}",
)
NEVER = re.compile(  # the guards spare most characters of a text all of the alternatives
    f"(?<![A-Z0-9])(?=[A-Z])(?:{'|'.join(NEVER_WORDS)})|(?=[0-9零〇一二三四五六七八九十第前+])(?:{'|'.join(NEVER_FIGURES)})",
    re.IGNORECASE,
)

_FIRST = "".join(sorted({word[0] for word in ("top", "no.", *WORDS, *ORDINALS, *MULTIPLES) if word[0].isalpha()}))

START = re.compile(  # the guard spares most characters of a text all of the alternatives
    rf"(?=[0-9#第前{HAN_DIGIT}十百千万亿拾佰仟]|(?<![A-Za-z])[{_FIRST}])(?:"
    r"(?P<tier>第\s?(?:\d|[一二三四五])\s?梯[队次]|\b(?:first|second|third|fourth)[ -](?:tier|echelon)\b)"
    r"|(?P<rank>第\s?(?:\d{1,3}|[一二三四五六七八九十]{1,3})(?![\d季天周年个月])"
    r"|前\s?(?:\d{1,3}|[一二两三四五六七八九十]{1,2})(?:[名位强甲]|(?![\d季天周年个月大后代所者日晚夜次]))"
    rf"|(?<![A-Za-z])(?:top|no\.)[ -]?(?:\d{{1,3}}|{WORD}){END}|#\d{{1,2}}(?!\d)"
    rf"|\b(?:{ORDINAL})(?=[ -](?:place\b|best\b|overall\b|globally\b|worldwide\b|among\b|in the\b|only to\b)))"
    rf"|(?P<han_part>(?:(?<!\d){ARABIC}|{HAN})分之(?:{ARABIC}|{HAN}))"
    r"|(?<![\d/.])(?P<part>1/\d{1,4})(?![\d/.])"
    rf"|\b(?P<word_part>(?:one|two|three|an?)[ -](?:{'|'.join(PARTS)})s?)\b(?=\s(?:of|the|as)\b)"
    rf"|\b(?P<multiple>{'|'.join(MULTIPLES)})[sd]?\b(?=\s(?:the|that|as|its|of|what|from)\b)"
    r"|\b(?P<times>doubles|triples|tripled|quadruples|quadrupled)(?=\s[a-z])"
    r"|(?<![\w.,:/-])(?<!\d\s)(?P<spaced>\d(?: \d){1,3})(?= (?:million|billion|trillion)\b)"  # 1 5 billion
    rf"|(?:(?<=RMB|CNY|USD|HKD|EUR)|(?<![A-Za-z0-9_.]))(?<![A-Za-z0-9]-)(?<!\d[/:,])(?P<arabic>{ARABIC})"
    rf"|(?P<han>{HAN})"
    rf"|\b(?P<word>(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-)?(?:{WORD})"
    r"|an?(?=\s(?:hundred|thousand|million|billion|trillion)\b))\b)",
    re.IGNORECASE,
)

HAN_SCALE = re.compile(r"\s?[多余]?([十百千]?(?:万亿|万|亿)|兆(?![瓦赫字比欧帕])|[百千](?![瓦米克]))(?:(\d{1,4})万)?")
LATIN_SCALE = re.compile(
    rf"\+?(?:([kmbt]|[bmt]n|mln|bln){END}|\s(?:bn|mn|tn|(?-i:[BT])){END}"
    r"|[\s-](hundred|thousand|million|billion|trillion)\b(?:[\s-](thousand|million|billion|trillion)\b)?)",
    re.IGNORECASE,
)
HALF = re.compile(r"个半(?=小时|钟头|月|星期)|[ -]and[ -]a[ -]half\b", re.IGNORECASE)
TO = re.compile(
    rf"(?:%(?=\s?(?:[-–—~至到]|to\b)\s?[\d.]+\s?%))?\s?(?:[-–—~至到]|to\b)\s?[$¥€]?({ARABIC}|[{HAN_DIGIT}十百]+)",
    re.IGNORECASE,
)

CURRENCIES = tuple(
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
SIGNS = frozenset("¥$€£币BbYyDdRr")  # what a currency before a figure ends with
_UNITS = (
    (r"\s?%(?!\d)|[\s-]per\s?cent\b|\s?pct\b", "%"),
    (r"\s?(?:美元|美金)|[\s-](?:US |U\.S\. )?dollars?\b|\s?USD\b", "USD"),
    (r"\s?(?:元|块钱|人民币)|[\s-](?:Chinese )?yuan\b|[\s-]renminbi\b|\s?(?:RMB|CNY)\b", "CNY"),
    (r"\s?倍|\s?[x×](?![A-Za-z0-9])|[\s-]times\b|(?:\s?-\s?)?fold\b", "x"),
    (r"\s?个百分点|[\s-]percentage[\s-]points?\b", "pp"),
    (r"\s?成(?![为立本功果员长都就熟交年绩品分了效])", "tenth"),
    (
        (
            rf"[\s-]?(?:output )?tokens?\s?(?:/\s?s(?:ec(?:ond)?)?{END}|/\s?秒|(?:per|a|every) second|每秒)"
            rf"|\s?(?:tok|t)/s{END}|\s?TPS{END}"
        ),
        "token/s",
    ),
    (rf"[\s-]?tokens?{END}|\s?个\s?(?:tokens?{END}|词元|令牌)|\s?词元", "token"),
    (rf"\s?秒钟?|[\s-]?sec(?:ond)?s?{END}|\ss\b", "s"),
    (rf"\s?分钟|[\s-]?min(?:ute)?s?{END}", "min"),
    (rf"\s?个?(?:小时|钟头)|[\s-]?hours?{END}", "h"),
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
UNIT = re.compile("|".join(f"({pattern})" for pattern, _ in _UNITS), re.IGNORECASE)
UNITS = tuple(unit for _, unit in _UNITS)
"""What each group of `UNIT` stands for: one look instead of twenty."""
EACH_SECOND = re.compile("每秒[^，。,.;；]{0,8}$")  # 每秒生成约 150 tokens
PARTS_OF_ONE = {"%": 100, "tenth": 10}
PASSING = frozenset({None, "day", "week", "month", "year"})  # 一个, 一天, one day: no quantity

COUNTED = re.compile(
    r"\s?(?:[台款篇名项家次辆颗座部件位种份条套门所届轮枚张块架艘场字级步股吨]|个(?!百分|月|小时|星期)|人(?![工机])|"
    r"参数|用户|设备|员工|年薪|粉丝|岗位|工程师|开发者|公里|千米|平方米|公斤|千克)"
    r"|[\s-](?-i:[A-Za-z][a-zA-Z-]+\s){0,2}?(?!(?:is|was|has|as|its|this|plus|versus|does|says|us|yes|across|thus|perhaps)\b)"
    r"(?-i:[a-z]{2,}s)\b|[\s-](?:parameter|people|staff)\b",
    re.IGNORECASE,
)
PRICED = re.compile("(?:年薪|月薪|薪酬|身价|身家|市值|耗资|斥资|豪掷|奖金)(?:高达|约|近|超过|超|达|为|是)?$")
"""What a bare 千万 or 百万 behind it is an amount of; 千万别 is none."""
NAMED = re.compile(
    r"(?<![A-Za-z])(?!(?:The|These|Those|Its|His|Her|Their|Our|About|Over|Some|Nearly|Almost|Around|More|With|At|And|For|"
    r"From|To|Of|By|Only|All|Roughly|Under)\s)[A-Z][\w.-]*\s$"
)

BEFORE = re.compile(
    r"(?:(?P<about>约|近|接近|约为|大概|[≈~]|\b(?:about|around|roughly|nearly|almost|approximately|some|close to))"
    r"|(?P<floor>至少|不低于|不少于|≥|>=|\b(?:at least|no less than))"
    r"|(?P<cap>至多|最多|不超过|不高于|≤|<=|\b(?:at most|up to|no more than))"
    r"|(?P<under>不到|不足|低于|少于|<|\b(?:under|less than|fewer than|below))"
    r"|(?P<over>超过|超|逾|高于|多于|突破|>|\b(?:over|more than|above|exceed(?:s|ed|ing)?)))\s?$",
    re.IGNORECASE,
)
AFTER = re.compile(
    r"(?P<about>左右|上下|\sor so\b)|(?P<floor>及?以上|\+|\sor more\b)|(?P<cap>以内|以下|\sor less\b)"
    r"|(?P<over>[多余](?!模))",
    re.IGNORECASE,
)
SYMBOLS: dict[str, Comparator] = {"about": "~", "floor": ">=", "over": ">", "cap": "<=", "under": "<"}
