"""Dates: what is read, what is refused, and the laws that hold for any text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import limits
from crawler.text import dates

NOW = datetime(2025, 12, 18, 4, 0, tzinfo=UTC)  # noon in Shanghai
SHANGHAI = "Asia/Shanghai"


def at(text: str, zone: str | None = None) -> str | None:
    """Return the instant as short UTC text, or None."""
    moment = dates.parse(text, now=NOW, timezone=zone)
    return None if moment is None else moment.at.strftime("%Y-%m-%d %H:%M:%S")


SAME_INSTANT = [  # all are 2025-12-17 10:30:00 UTC
    "2025-12-17T18:30:00+08:00",
    "2025-12-17T18:30:00.123456789+0800",
    "2025-12-17t10:30:00z",
    "2025-12-17 18:30:00 +0800 CST",
    "2025-12-17T18:30:00+08:00[Asia/Shanghai]",
    "20251217T103000Z",
    "20251217T183000+0800",
    "20251217183000",
    "202512171830",
    "2025-12-17T18:30",
    "2025-12-17 18:30:00",
    "2025-12-17 18:30:00.0",
    "2025/12/17 18:30",
    "2025.12.17 18:30:00",
    "2025-12-17 北京时间 18:30",
    "Wed, 17 Dec 2025 10:30:00 GMT",
    "Wed, 17 Dec 2025 10:30:00 +0000",
    "Thu, 17 Dec 25 05:30:00 EST",  # the weekday is wrong: feeds are, the date decides
    "17 Dec 2025 10:30 UT",
    "Wednesday, 17-Dec-25 10:30:00 GMT",
    "Wed Dec 17 18:30:00 2025",
    "Wed Dec 17 18:30:00 CST 2025",
    "Wed Dec 17 2025 18:30:00 GMT+0800 (China Standard Time)",
    "Wed Dec 17 2025 18:30:00 GMT+0800 (中国标准时间)",
    "Dec. 17, 2025 5:30 am EST",
    "Dec 17, 2025, 5:30 a.m. ET",
    "December 17, 2025 at 10:30 AM UTC",
    "17th December 2025, 10:30 GMT",
    "5:30 a.m. (EST), Wednesday, December 17, 2025",
    "2025年12月17日 18:30",
    "2025年12月17日18时30分",
    "2025年12月17日18時30分00秒",
    "2025 年 12 月 17 日 星期三 18:30",
    "2025年12月17日(周三)下午6:30",
    "2025/12/17 下午 06:30:00",
    "2025年12月17日 晚上6点30分",
    "２０２５年１２月１７日　１８：３０",
    "12月17日 18:30",
    "12-17 18:30",
    "昨天 18:30",
    "昨日18:30",
    "yesterday at 6:30 pm",
]


@pytest.mark.parametrize("text", SAME_INSTANT)
def test_one_instant_in_many_spellings(text: str) -> None:
    """Every spelling of 18:30 in Shanghai on 17 December 2025 is that instant."""
    assert at(text, SHANGHAI) == "2025-12-17 10:30:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("刚刚", "2025-12-18 04:00:00"),
        ("3分钟前", "2025-12-18 03:57:00"),
        ("3 分鐘前", "2025-12-18 03:57:00"),
        ("半小时前", "2025-12-18 03:30:00"),
        ("3小時前", "2025-12-18 01:00:00"),
        ("2 hours ago", "2025-12-18 02:00:00"),
        ("an hour ago", "2025-12-18 03:00:00"),
        ("5 mins ago", "2025-12-18 03:55:00"),
        ("2天前", "2025-12-15 16:00:00"),
        ("3 days ago", "2025-12-14 16:00:00"),
        ("今天", "2025-12-17 16:00:00"),
        ("今天 08:05", "2025-12-18 00:05:00"),
        ("前天 18:30", "2025-12-16 10:30:00"),
        ("12月19日", "2024-12-18 16:00:00"),  # tomorrow is not the past: last year's
        ("2月29日 10:00", "2024-02-29 02:00:00"),  # 2025 has none
        ("凌晨0:30 2025年12月17日", "2025-12-16 16:30:00"),
        ("2025年12月17日 上午12:30", "2025-12-16 16:30:00"),
        ("2025年12月17日 中午12:30", "2025-12-17 04:30:00"),
        ("2025年12月17日", "2025-12-16 16:00:00"),
        ("2025-12-17", "2025-12-16 16:00:00"),
        ("2024年1月1日", "2023-12-31 16:00:00"),
        ("17.12.2025", "2025-12-16 16:00:00"),
        ("12/17/2025", "2025-12-16 16:00:00"),
        ("May 4, 2025", "2025-05-03 16:00:00"),
        ("30 Jun 2015 23:59:60 GMT", "2015-06-30 23:59:59"),
    ],
)
def test_days_and_parts_of_days(text: str, expected: str) -> None:
    """Relative words count from now, in the days of the zone; a day without a time is its midnight."""
    assert at(text, SHANGHAI) == expected


@pytest.mark.parametrize(("day_first", "expected"), [(True, (2025, 4, 3)), (False, (2025, 3, 4)), (None, None)])
def test_two_readings_of_a_date_need_to_be_told_apart(day_first: bool | None, expected: tuple[int, ...] | None) -> None:
    """03/04/2025 is what the page's readers mean by it, and nothing where that is not known."""
    moment = dates.parse("03/04/2025", now=NOW, day_first=day_first)
    assert (moment and (moment.at.year, moment.at.month, moment.at.day)) == expected
    sure = dates.parse("17/04/2025", now=NOW, day_first=day_first)
    assert sure is not None
    assert sure.at.day == 17


REFUSED = [
    "",
    "   ",
    "0000-00-00",
    "0000-00-00 00:00:00",
    "99999-01-01",
    "2024-13-45",
    "2025-02-30",
    "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00+14:00",
    "1994-12-31",
    "2025-12-20T04:00:01Z",
    "2025-12-17T25:00:00Z",
    "2025-12-17T18:60:00Z",
    "2025-12-17T18:30:61Z",
    "2025-12-17T18:30:00+25:00",
    "2025-12-17T18:30:00+08:75",
    "2025-12-17 18:30 XYZ",
    "2025-12-17 18:30 IST",
    "2025-12-17 or 2025-12-18",
    "2025-12-17 18:30 19:30",
    "2025-12",
    "2025",
    "12-17",
    "18:30",
    "03/04/2025",
    "03-04-2025",
    "17 Foo 2025",
    "晚上12:30 2025年12月17日",
    "2025年12月17日 上午18:30",
    "13:30 am, May 4, 2025",
    "小米 2025年12月17日",
    "1e400",
    "+9999999999",
    "1765967400",
    "3个月前",
    "999999999天前",
    "x" * 81,
    "2025-12-17" + " " * 200 + "18:30",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_date_is_none(text: str) -> None:
    """Nothing is guessed: impossible, ambiguous, unbounded and foreign texts give None."""
    assert at(text, SHANGHAI) is None


def test_zone_is_what_the_text_said() -> None:
    """`zone` is the text's own word; None when it was assumed."""
    said = {
        "2025-12-17T18:30:00+08:00": "+08:00",
        "2025-12-17T10:30:00Z": "Z",
        "Wed, 17 Dec 2025 10:30:00 GMT": "GMT",
        "2025-12-17 18:30 CST": "CST",
        "2025-12-17 18:30": None,
        "昨天": None,
        "3分钟前": None,
    }
    found = {text: dates.parse(text, now=NOW, timezone=SHANGHAI) for text in said}
    assert {text: moment and moment.zone for text, moment in found.items()} == said


def test_an_abbreviation_means_what_the_place_means_by_it() -> None:
    """CST is +08:00 on a page from Shanghai and RFC 822's -06:00 elsewhere; ET follows New York's summer."""
    assert at("2025-12-17 18:30 CST", SHANGHAI) == "2025-12-17 10:30:00"
    assert at("2025-12-17 18:30 CST") == "2025-12-18 00:30:00"
    assert at("2025-12-17 18:30 IST", "Asia/Kolkata") == "2025-12-17 13:00:00"
    assert at("July 4, 2025 8:00 am ET") == "2025-07-04 12:00:00"
    assert at("Dec 4, 2025 8:00 am ET") == "2025-12-04 13:00:00"


def test_a_naive_text_takes_the_zone_given_or_utc() -> None:
    """Without a zone in the text, `timezone` counts, otherwise UTC."""
    assert at("2025-12-17 18:30") == "2025-12-17 18:30:00"
    assert at("2025-12-17 18:30", "America/New_York") == "2025-12-17 23:30:00"
    with pytest.raises(KeyError):
        at("2025-12-17 18:30", "Mars/Olympus")


def test_precise_and_raw() -> None:
    """`precise` says whether there was a time of day; `raw` is the text, stripped only."""
    moment = dates.parse("  ２０２５年12月17日 ", now=NOW)
    assert moment is not None
    assert (moment.raw, moment.precise) == ("２０２５年12月17日", False)
    moment = dates.parse("12月17日 00:00", now=NOW)
    assert moment is not None
    assert moment.precise


def test_a_date_without_its_year_survives_new_year() -> None:
    """On 1 January, 12月31日 is yesterday; a site's clock a few minutes ahead does not cost a year."""
    new_year = datetime(2026, 1, 1, 0, 5, tzinfo=UTC)
    moment = dates.parse("12月31日 23:50", now=new_year)
    assert moment is not None
    assert moment.at.year == 2025
    moment = dates.parse("1月1日 00:09", now=new_year)
    assert moment is not None
    assert moment.at.year == 2026


@pytest.mark.parametrize("value", [1765967400, 1765967400.5, "1765967400", 1765967400000, "1765967400000"])
def test_epoch_reads_seconds_and_milliseconds(value: float | str) -> None:
    """Both units give the same instant."""
    moment = dates.epoch(value, now=NOW)
    assert moment is not None
    assert moment.at == datetime(2025, 12, 17, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize("value", [0, -1, True, 9999999999, 2**63, 10**300, "1e9", "", "x", float("nan"), float("inf")])
def test_epoch_refuses_the_rest(value: float | str) -> None:
    """What is no number, or lies outside the window, is None."""
    assert dates.epoch(value, now=NOW) is None


instants = st.datetimes(min_value=datetime(1995, 1, 2), max_value=datetime(2025, 12, 17)).map(  # noqa: DTZ001 strategy wants naive
    lambda when: when.replace(microsecond=0, tzinfo=UTC)
)
offsets = st.integers(min_value=-12 * 4, max_value=14 * 4).map(
    lambda quarters: timezone(timedelta(minutes=15 * quarters))
)


@given(instants, offsets)
def test_what_is_written_with_an_offset_reads_back(when: datetime, offset: timezone) -> None:
    """ISO 8601 and RFC 2822, as the standard library writes them, give the same instant in any offset."""
    there = when.astimezone(offset)
    for text in (there.isoformat(), there.isoformat(" "), format_datetime(there), there.strftime("%Y%m%dT%H%M%S%z")):
        moment = dates.parse(text, now=NOW, timezone=SHANGHAI)
        assert moment is not None, text
        assert moment.at == when, text


@given(instants)
def test_what_is_written_without_a_zone_reads_back(when: datetime) -> None:
    """Local forms, Chinese and English, give the same instant when the zone is known."""
    there = when.astimezone(ZoneInfo("Asia/Tokyo"))  # no summer time since 1951: every local time exists once
    half = "上午" if there.hour < 12 else "下午" if there.hour < 18 else "晚上"
    hour = there.hour % 12 or 12
    texts = [
        there.strftime("%Y年%m月%d日 %H:%M:%S"),
        f"{there.year}年{there.month}月{there.day}日{there.hour}时{there.minute}分{there.second}秒",
        there.strftime("%Y/%m/%d %H:%M:%S"),
        there.strftime("%B %d, %Y %I:%M:%S %p"),
        there.strftime("%d %b %Y, %H:%M:%S"),
        there.strftime("%a %b %d %H:%M:%S %Y"),
        f"{there:%Y年%m月%d日} {half}{hour}:{there:%M:%S}",
    ]
    for text in texts:
        moment = dates.parse(text, now=NOW, timezone="Asia/Tokyo")
        assert moment is not None, text
        assert (moment.at, moment.zone, moment.precise) == (when, None, True), text


alphabet = st.sampled_from(
    [*"0123456789-/.:,+ TZ年月日时分秒()", "上午", "下午", "Dec", "Wed", "am", "ago", "前", "天", "\ud800", "١"]
)


@given(st.text(max_size=100) | st.lists(alphabet, max_size=30).map("".join))
def test_any_text_gives_a_moment_in_the_window_or_none(text: str) -> None:
    """Never an exception, never an instant outside the window, never a naive one."""
    moment = dates.parse(text, now=NOW, timezone=SHANGHAI)
    if moment is not None:
        assert dates.EARLIEST <= moment.at <= NOW + dates.AHEAD
        assert moment.at.tzinfo is UTC
        moment.raw.encode()


@given(st.integers() | st.floats() | st.text(max_size=30))
def test_any_number_gives_an_epoch_in_the_window_or_none(value: float | str) -> None:
    """Never an exception."""
    moment = dates.epoch(value, now=NOW)
    assert moment is None or dates.EARLIEST <= moment.at <= NOW + dates.AHEAD


@pytest.mark.parametrize("piece", ["1", "a", " ", "-", "年", "1 ", "1:", "Dec ", "(", "+08", "0-0", "上午", "18:30 "])
def test_no_pattern_blows_up(piece: str) -> None:
    """Hostile texts of full length end; a pattern that backtracks exponentially would not."""
    text = (piece * limits.DATE_CHARACTERS)[: limits.DATE_CHARACTERS]
    for end in ("", "x", "-", ":"):
        assert dates.parse(text[:-1] + end, now=NOW) is None
