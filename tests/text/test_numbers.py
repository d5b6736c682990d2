from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.text.numbers import Number, find


def only(text: str) -> Number:
    """Return the one number of a text."""
    (number,) = find(text)
    assert text[number.start : number.end] == number.raw
    return number


def said(text: str) -> list[tuple[float, str | None]]:
    """Return values and units."""
    return [(number.value, number.unit) for number in find(text)]


@pytest.mark.parametrize(
    ("value", "unit", "spellings"),
    [
        (
            3.09e11,
            None,
            [
                "3090亿参数",
                "3,090 億",
                "３０９０亿",
                "３，０９０億",
                "三千零九十亿",
                "309B",
                "309 billion parameters",
                "a 309B-parameter model",
                "0.309T",
                "总参数只有309B,",
            ],
        ),
        (
            1.04e9,
            None,
            ["10.4亿台", "10.4億台設備", "1.04 billion devices", "1.04bn devices", "1,040 million", "十点四亿"],
        ),
        (
            2e11,
            "CNY",
            [
                "2000亿元",
                "2000億元",
                "200 billion yuan",
                "RMB 200 billion",
                "RMB200bn",
                "¥2000亿",
                "two hundred billion yuan",
            ],
        ),
        (1.6e10, "CNY", ["160亿元", "16 billion yuan", "16bn yuan", "CNY16bn", "一百六十亿元"]),
        (8.3e9, "USD", ["$8.3 billion", "US$8.3bn", "83亿美元", "8.3 billion US dollars", "$8.3b"]),
        (3.0, "x", ["速度是对手的3倍", "3x faster", "三倍", "three times", "triple the speed"]),
        (
            0.05,
            "ratio",
            ["5%", "５％", "百分之五", "二十分之一", "1/20", "one-twentieth of the cost", "5 percent", "5 per cent"],
        ),
        (0.3, "ratio", ["三成", "30%"]),
        (1e7, None, ["千万年薪", "1000万", "10 million", "一千万"]),
        (128.0, "token", ["128个Token的滑动窗口", "a 128-token window", "128 tokens"]),
        (150.0, "token/s", ["150 tokens per second", "150 tokens/s", "每秒150 tokens"]),
        (2.0, "rank", ["全球top 2", "第二", "Top 2", "No. 2"]),
        (8.0, None, ["8篇论文", "eight ACL papers", "八篇", "8 papers"]),
        (76.0, "s", ["76秒", "76 s", "76 seconds"]),
        (3.5, "h", ["三个半小时", "3.5小时", "three and a half hours", "a 3.5-hour interview"]),
        (5.0, "year", ["未来五年", "five years", "a five-year plan", "5年"]),
        (31000.0, "USD", ["$31k an hour", "3.1万美元"]),
    ],
)
def test_spellings_of_one_number(value: float, unit: str | None, spellings: list[str]) -> None:
    """Both languages and all scripts give one value and one unit."""
    for spelling in spellings:
        number = only(spelling)
        assert number.value == pytest.approx(value), spelling
        assert number.unit == unit, spelling


@pytest.mark.parametrize(
    "text",
    [
        "2025年12月17日", "12月17日10:30", "2025-12-17", "2026/03/19", "Dec. 17, 2025", "17 December 2025", "3 p.m.",
        "上午10时30分", "二〇二五年十二月", "2026-2030", "In 2026 sales", "第三季度",
        "前三季度", "Q1", "the first quarter",
        "95后", "MiMo-V2.5-Pro", "DeepSeek-V3.2", "GPT-4", "Gemini 2.5 Pro", "Claude 4.5 models", "SU7", "小米15",
        "小米15 Ultra", "iPhone 17", "309B-A15B", "5G手机", "4K屏幕", "01810.HK", "1810.HK", "600519", "400-100-5678",
        "13800138000", "+86 10 6060 6666", "192.168.0.1", "v1.2.3", "5:1", "https://a.example/2025/12/100亿元", "统一",
        "百度", "千问", "三星", "一个", "一天", "one of the best", "亿元", "五一",
    ],
)  # fmt: skip
def test_what_is_no_quantity(text: str) -> None:
    """Dates, times, names, codes and phone numbers are never numbers."""
    assert find(text) == ()


@pytest.mark.parametrize(
    ("text", "comparator"),
    [
        ("约150亿", "~"), ("about 15 billion", "~"), ("150亿左右", "~"), ("至少2000亿元", ">="), ("160亿元以上", ">="),
        ("at least 200 billion", ">="), ("超过160亿元", ">"), ("over 16 billion", ">"), ("more than 800m devices", ">"),
        ("30多亿元", ">"),
        ("不到5%", "<"), ("less than 5%", "<"), ("最多3倍", "<="), ("up to 3x", "<="), ("309B", "="),
    ],
)  # fmt: skip
def test_comparators(text: str, comparator: str) -> None:
    """The words around a number say how it is bounded."""
    assert only(text).comparator == comparator


def test_ranges() -> None:
    """A range is one number with two ends, and its scale and unit hold for both."""
    for text, low, high, unit in [
        ("2-3个月", 2, 3, "month"),
        ("2至3亿元", 2e8, 3e8, "CNY"),
        ("1.4-1.6 billion yuan", 1.4e9, 1.6e9, "CNY"),
        ("40%-50%", 0.4, 0.5, "ratio"),
    ]:
        number = only(text)
        assert (number.value, number.high, number.unit) == (low, high, unit), text


def test_two_numbers_side_by_side() -> None:
    """1T/42B are two numbers, not a fraction."""
    assert said("1T/42B") == [(1e12, None), (4.2e10, None)]


def test_a_tenfold_error_stays_one() -> None:
    """A mistranslated scale is read as it stands."""
    assert said("30.9 billion parameters") == [(3.09e10, None)]


HAN_SCALES = {"万": 10**4, "亿": 10**8, "萬": 10**4, "億": 10**8, "万亿": 10**12}
LATIN_SCALES = {
    "K": 10**3,
    " million": 10**6,
    "bn": 10**9,
    " billion": 10**9,
    "B": 10**9,
    " trillion": 10**12,
    "T": 10**12,
}
UNITS = {
    "CNY": ("元", " yuan"),
    "USD": ("美元", " dollars"),
    "HKD": ("港元", " Hong Kong dollars"),
    None: ("", ""),
}
figures = st.tuples(st.integers(1, 9999), st.sampled_from([0, 1, 2])).filter(
    lambda figure: figure[0] % 10 != 0 or figure[1] == 0
)


def digits(figure: tuple[int, int], *, grouped: bool = False) -> str:
    """Write a figure (number, decimal places)."""
    number, places = figure
    return f"{number / 10**places:{',' if grouped else ''}.{places}f}"


def wide(text: str) -> str:
    """Write it in full-width characters."""
    return "".join(
        chr(ord(each) + 0xFEE0) if "!" <= each <= "~" and each != "," else each.replace(",", "，") for each in text
    )


@given(figures, st.sampled_from(sorted(HAN_SCALES)), st.sampled_from(list(UNITS)), st.booleans(), st.booleans())
def test_chinese_spellings_are_read_back(
    figure: tuple[int, int], scale: str, unit: str | None, full_width: bool, grouped: bool
) -> None:
    """What is written in Chinese, in digits of either width, is found with its value and its unit."""
    spelled = digits(figure, grouped=grouped)
    text = f"小米称投入{wide(spelled) if full_width else spelled}{scale}{UNITS[unit][0]}，雷军说。"
    number = only(text)
    assert number.value == pytest.approx(figure[0] / 10 ** figure[1] * HAN_SCALES[scale])
    assert number.unit == unit


@given(figures, st.sampled_from(sorted(LATIN_SCALES)), st.sampled_from(list(UNITS)), st.booleans())
def test_english_spellings_are_read_back(figure: tuple[int, int], scale: str, unit: str | None, grouped: bool) -> None:
    """What is written in English is found with its value and its unit."""
    if scale == "K" and digits(figure) in "2 4 8":
        return  # 4K is a screen
    number = only(f"Xiaomi said it spent {digits(figure, grouped=grouped)}{scale}{UNITS[unit][1]} on it.")
    assert number.value == pytest.approx(figure[0] / 10 ** figure[1] * LATIN_SCALES[scale])
    assert number.unit == unit


def numeral(value: int) -> str:
    """Spell a number below 10**8 in Chinese, as people write it."""
    digit = "零一二三四五六七八九"
    if value >= 10**4:
        rest = value % 10**4
        return numeral(value // 10**4) + "万" + ("零" if 0 < rest < 1000 else "") + (numeral(rest) if rest else "")
    out, zero = "", False
    for power, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        each = value // power % 10
        if each:
            out += ("零" if zero and out else "") + digit[each] + name
        zero = each == 0
    return out


@given(st.integers(2, 10**8 - 1))
def test_chinese_numerals_are_read_back(value: int) -> None:
    """A Chinese numeral before a unit gives the number it spells."""
    assert said(f"共{numeral(value)}美元。") == [(float(value), "USD")]


@given(st.dates(min_value=date(1000, 1, 1)), st.times(), st.sampled_from(range(5)))
def test_dates_are_never_numbers(day: object, time: object, form: int) -> None:
    """No date or time, however it is written, is a quantity; %Y does not pad the years before 1000."""
    forms = (
        "{d:%Y}年{d.month}月{d.day}日",
        "{d:%Y-%m-%d} {t:%H:%M}",
        "{d:%B} {d.day}, {d:%Y}",
        "{d.month}月{d.day}日{t.hour}时",
        "{d:%d %b %Y} {t:%H:%M:%S}",
    )
    assert find(forms[form].format(d=day, t=time)) == ()


@given(st.from_regex(r"[A-Z][A-Za-z]{1,6}(-[A-Z])?[0-9]{1,2}(\.[0-9])?(-(Pro|Flash|Omni))?", fullmatch=True))
def test_model_names_are_never_numbers(name: str) -> None:
    """A figure that is part of a name is no quantity, whatever stands around it."""
    if name.startswith(("RMB", "CNY", "USD", "HKD", "EUR")) or name.lower().startswith("top"):
        return
    assert find(f"小米发布{name}模型，{name} models are out.") == ()


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    """Numbers slice to what they quote, in order and apart, in any text at all."""
    end = 0
    for number in find(text):
        assert number.start >= end
        assert text[number.start : number.end] == number.raw != ""
        end = number.end


@given(st.text("0123456789.,%-/ 亿万千百十零一两三点元年月日倍成第分之BTkm$¥xaof", max_size=30))
def test_dense_text_can_be_read(text: str) -> None:
    """Likewise where nearly every character could be part of a number."""
    for number in find(text):
        assert text[number.start : number.end] == number.raw
        assert number.value >= 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3 mıllion", 3e6),
        ("3 mİllion", 3e6),
        ("3\u2003million", 3e6),
        ("3\u3000million", 3e6),
        ("3 thouſand million", 3e9),
    ],
)
def test_a_scale_is_read_however_its_letters_are_written(text: str, value: float) -> None:
    """What the patterns match is known by its plain letters: re takes ı for i, ſ for s, and K for k."""
    assert [number.value for number in find(text)] == [value]
