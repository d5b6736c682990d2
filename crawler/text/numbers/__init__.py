"""Numbers with units, in Chinese and English, as one value: 3090亿 = 3,090 億 = 309B = 309 billion = 3.09e11.

A figure counts only with what makes it a quantity: a scale (亿, billion, B), a unit (元, %, 倍, hours), or the thing
counted (10台, eight papers). A bare figure is more often a name, a date or a code, and is never taken; nor are dates,
times of day, quarters, model names (V2.5, GPT-4, 小米15), stock codes or phone numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from crawler.text.folding import simplify
from crawler.text.numbers.patterns import (
    AFTER,
    BEFORE,
    COUNTED,
    CURRENCIES,
    DIGITS,
    EACH_SECOND,
    ENDLESS,
    HALF,
    HAN_SCALE,
    LATIN_SCALE,
    MULTIPLES,
    MYRIADS,
    NAMED,
    NEVER,
    ORDINALS,
    PARTS,
    PARTS_OF_ONE,
    PASSING,
    PRICED,
    SCALES,
    SIGNS,
    START,
    SYMBOLS,
    TENS,
    TO,
    UNIT,
    UNITS,
    WIDE,
    WIDE_GROUPS,
    WORDS,
    Comparator,
)

_NEARBY = 16
"""Characters before a number in which its currency and its comparator are looked for."""

_FIRST_YEAR, _LAST_YEAR = 1900, 2099
"""Bare figures that a reader takes for the year of something. No `range`: a Decimal is compared with each of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A quantity found in a text; `text[start:end] == raw`.

    `value` is in `unit`: a currency (CNY USD HKD TWD EUR GBP JPY KRW), "ratio" (5% and 1/20 are both .05), "pp"
    (percentage points), "x" (3倍, 3x, triple), "rank" (第二, top 2), "tier" (第二梯队), a duration (s min h day week
    month year), "token", "token/s", or None for a count of anything else. `high` is the upper end of a range, else
    None. `comparator` says how the text bounds it: 约 "~", 超过 ">", 至少 ">=", 不到 "<", 最多 "<=".
    """

    value: float
    unit: str | None
    start: int
    end: int
    raw: str
    comparator: Comparator = "="
    high: float | None = None


def find(text: str) -> tuple[Number, ...]:
    """Return the numbers of a text in order; they do not overlap.

    Args:
        text: any text; full-width and traditional characters are read, offsets are into the text as given.
    """
    folded = simplify(WIDE_GROUPS.sub(",", text).translate(WIDE))
    for pattern in (ENDLESS, NEVER):
        folded = pattern.sub(lambda never: "\x00" * len(never.group()), folded)
    found: list[Number] = []
    position = 0
    while start := START.search(folded, position):
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
        case "rank" | "tier":
            unit = str(start.lastgroup)
            value = _ordinal(said)
        case "times":
            unit, value = "x", Decimal(MULTIPLES[said[:-1]])
        case "han_part":
            whole, part = said.split("分之")
            value = _plain(part) / max(_plain(whole), Decimal(1))
        case "part":
            value = 1 / Decimal(max(int(said[2:]), 1))
        case "word_part":
            count, part = re.split("[ -]", said)
            value = Decimal(WORDS[count]) / (PARTS[part if part in PARTS else part.removesuffix("s")])
        case "multiple":
            unit, value = "x", Decimal(MULTIPLES[said if said in MULTIPLES else said[:-1]])
        case _:
            return None
    return _number(text, folded, start.start(), start.end(), value, None, unit)


def _ordinal(said: str) -> Decimal:
    """Return the rank that a phrase names: 第二, 前两名, top 2, no. 2, #2, second, 2nd."""
    word = re.split("[ -]", said)[0]
    if word in ORDINALS:
        return Decimal(ORDINALS[word])
    return _plain(re.sub(r"^(?:第|前|top|no\.|#)[\s-]?|\s?(?:[名位强甲]|梯[队次])$", "", said))


def _quantity(text: str, folded: str, start: re.Match[str]) -> Number | None:
    """Read a figure with its scale, range, currency and unit; None if nothing makes it a quantity."""
    begin, currency = _currency(folded, start.start())
    figure, kind = start.group().replace(" ", ""), start.lastgroup
    value, high = _plain(figure), None
    factor, extra, end = _scale(folded, start.end(), figure, spelled=currency is not None)
    if half := HALF.match(folded, end):
        extra, end = extra + Decimal(factor) / 2, half.end()
    to = TO.match(folded, end)
    if to:
        top_factor, _, top_end = _scale(folded, to.end(), to[1], spelled=currency is not None)
        top = _plain(to[1]) * top_factor
        factor = factor if factor > 1 else top_factor
        if top > value * factor:
            high, end = top, top_end
    scaled = factor > 1 or (kind == "han" and figure[-1] in "万亿" and figure[0] not in "百千万亿")
    value = value * factor + extra
    unit, after = _unit(folded, end)
    if unit == "token" and EACH_SECOND.search(folded[max(0, begin - _NEARBY) : begin]):
        unit = "token/s"
    if currency and unit not in PARTS_OF_ONE:
        unit, after = currency, after if unit in {currency, "USD"} else end
    single = kind != "arabic" and value <= 1
    year = not scaled and kind == "arabic" and high is None and _is_year(value) and "," not in figure
    if unit is None and not scaled:
        named = NAMED.search(folded[max(0, begin - _NEARBY) : begin])
        counted = COUNTED.match(folded, end) or (
            kind == "han" and PRICED.search(folded[max(0, begin - _NEARBY) : begin])
        )
        if year or named or not counted:
            return None
    if (single and unit in PASSING) or (year and unit == "year") or (kind == "han" and figure in MYRIADS):
        return None
    return _number(text, folded, begin, after if unit else end, value, high, unit)


def _is_year(value: Decimal) -> bool:
    return _FIRST_YEAR <= value <= _LAST_YEAR and value == int(value)


def _number(
    text: str, folded: str, begin: int, end: int, value: Decimal, high: Decimal | None, unit: str | None
) -> Number:
    parts = PARTS_OF_ONE.get(unit or "", 1)
    before = BEFORE.search(folded[max(0, begin - _NEARBY) : begin])
    after = AFTER.match(folded, end)
    inner = re.search("[多余](?=[百千万亿年])", folded[begin:end])
    comparator: Comparator = "="
    if before is not None:
        comparator = SYMBOLS[str(before.lastgroup)]
    elif after is not None:
        comparator = SYMBOLS[str(after.lastgroup)]
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


def _plain(figure: str) -> Decimal:
    """Return the value of a figure in digits, Chinese numerals or English words, without what stands behind it."""
    if figure[0].isascii():
        words = re.split("-", figure.lower()) if figure[0].isalpha() else []
        return Decimal(sum(WORDS[word] for word in words)) if words else Decimal(figure.replace(",", ""))
    whole, _, rest = figure.partition("点")
    if not rest:
        return Decimal(_han(whole))
    digits = rest.rstrip("万亿")
    scale = 1
    for character in rest[len(digits) :]:
        scale *= MYRIADS[character]
    return (_han(whole) + Decimal("".join(str(DIGITS[each]) for each in digits)).scaleb(-len(digits))) * scale


def _han(numeral: str) -> int:
    """Return the value of a Chinese numeral: 三千零九十亿, 两千万, 二〇二五. A bare 十, 百 or 千 is one of them."""
    if len(numeral) > 1 and all(character in DIGITS for character in numeral):
        return int("".join(str(DIGITS[character]) for character in numeral))
    total = section = digit = 0
    for character in numeral:
        if character in DIGITS:
            digit = DIGITS[character]
        elif character in TENS:
            section += (digit or 1) * TENS[character]
            digit = 0
        else:
            section += digit
            total = (total + section or 1) * MYRIADS[character] if character == "亿" else total + (section or 1) * 10**4
            section = digit = 0
    return total + section + digit


def _scale(folded: str, at: int, figure: str, *, spelled: bool) -> tuple[int, Decimal, int]:
    """Return what multiplies a figure, what is added then (1亿2000万), and where that ends.

    Args:
        folded: the text.
        at: the end of the figure.
        figure: the figure.
        spelled: it has a currency sign, so that a small letter behind it can only be a scale ($8b, €31m).
    """
    if han := HAN_SCALE.match(folded, at):
        factor = 1
        for character in han[1]:
            factor *= TENS.get(character) or MYRIADS[character]
        return factor, Decimal(int(han[2] or 0) * 10**4), han.end()
    latin = LATIN_SCALE.match(folded, at) if figure[0].isascii() else None
    if latin is None:
        return 1, Decimal(0), at
    said = latin.group().strip(" -+\u00a0")
    small = said in {"k", "m", "b", "t"}
    if small and not spelled and said != "k" and not re.compile(r"[\s-][a-z]+").match(folded, latin.end()):
        return 1, Decimal(0), at
    factor = 1
    for word in re.findall("[a-z]+", said.lower()):
        factor *= SCALES[word]
    return factor, Decimal(0), latin.end()


def _currency(folded: str, begin: int) -> tuple[int, str | None]:
    """Return the currency written before a figure, and where the number begins with it."""
    if folded[max(0, begin - 2) : begin].rstrip()[-1:] not in SIGNS:
        return begin, None
    before = folded[max(0, begin - _NEARBY) : begin]
    for pattern, unit in CURRENCIES:
        if sign := pattern.search(before):
            return begin - len(before) + sign.start(), unit
    return begin, None


def _unit(folded: str, at: int) -> tuple[str | None, int]:
    match = UNIT.match(folded, at)
    return (UNITS[(match.lastindex or 1) - 1], match.end()) if match else (None, at)
