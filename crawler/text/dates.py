"""Dates as pages, feeds and lists write them: one strict parser that says None rather than guess.

A text is taken apart: one date, at most one time of day, at most one zone. When anything else is left, or the instant
lies outside 1995 to two days from now, there is no date. Lenient parsers fail silently on what this project reads:
feedparser makes November of 2024年1月1日 and 2025 of 2024-13-45; dateparser needs seconds for a long text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from crawler.limits import DATE_CHARACTERS

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
"""Nothing on the web that this project follows is older; what says so is a default or a mistake."""

AHEAD = timedelta(days=2)
"""How far a date may lie in the future: a day of zone mistakes (UTC+14 to UTC-10) and a day of embargoes."""

SKEW = timedelta(minutes=10)
"""How far a site's clock may run ahead of ours before a date without its year is taken for last year's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant and how it was written.

    Attributes:
        at: aware, UTC, whole seconds. Midnight of the zone when the text has no time of day.
        raw: the text, stripped, otherwise as it was.
        zone: the zone as the text said it ("+08:00", "Z", "CST"); None when it was assumed.
        precise: the text has a time of day.
    """

    at: datetime
    raw: str
    zone: str | None
    precise: bool


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar jänner janvier janv ene enero gennaio janeiro januari",
            "feb february februar feber février fevrier févr febrero febbraio fevereiro februari",
            "mar march mär märz maerz mrz mars marzo março maart marts",
            "apr april avril avr abr abril aprile",
            "may mai mayo maggio maio mei maj",
            "jun june juni juin junio giugno junho",
            "jul july juli juillet juil julio luglio julho",
            "aug august août aout ago agosto augustus augusti",
            "sep sept september septembre septiembre settembre setembro",
            "oct october okt oktober octobre octubre ottobre outubro",
            "nov november novembre noviembre novembro",
            "dec december dez dezember décembre decembre déc dic diciembre dicembre dezembro desember",
        ),
        start=1,
    )
    for name in names.split()
}
"""Months as western and northern European pages write them, lower case."""

_DATES = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"(?<!\d)(?P<year>\d{4})\s?年\s?(?P<month>\d{1,2})\s?月\s?(?P<day>\d{1,2})\s?[日号號]",
        r"(?<![\d.:/-])(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?![\d/-])(?:t(?=\d))?",
        r"(?<![\d年])(?P<month>\d{1,2})\s?月\s?(?P<day>\d{1,2})\s?[日号號]",
        (
            r"(?<!\d)(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.)?[ -]?(?:de )?(?P<name>[a-zß-ÿ]{3,10})\.?,?[ -]?(?:del? )?"
            r"(?P<year>\d{4}|\d\d)(?![\d:-])"
        ),
        r"(?<![a-z])(?P<name>[a-zß-ÿ]{3,10})\.? ?(?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})(?![\d:-])",
        r"(?<![\d.:/-])(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second>\d{1,2})(?P=mark)(?P<year>\d{4})(?![\d/-])",
        r"(?<![\d.:/-])(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d\d)(?![\d.:/-])",
        r"^(?P<month>\d\d)-(?P<day>\d\d)(?= \d\d:\d\d)",
        r"(?P<word>今天|今日|昨天|昨日|前天|前日|\btoday\b|\byesterday\b)",
    )
)
_DAYS_AGO = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2, "前日": 2, "today": 0, "yesterday": 1}

_TIME = re.compile(
    r"(?P<part>凌晨|清晨|早上|早晨|上午|午前|中午|下午|午後|傍晚|晚上|晚间|晚間|晚)?\s?(?<![\d:+.-])(?P<hour>\d{1,2})"
    r"(?::(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?"
    r"|(?P<mark>[时時点點])(?:(?P<minute2>\d{1,2})分?(?:(?P<second2>\d{1,2})秒)?)?"
    r"|(?=\s?[ap]\.?m))(?:\s?(?P<half>[ap])\.?m\b\.?)?(?![\d:])",
    re.ASCII,
)
_LEAP_SECOND = 60
_NOON = 12
_HOURS = {  # of the day that a part of it may mean
    **dict.fromkeys(("a", "上午", "午前"), range(12)),
    **dict.fromkeys(("p", "午後"), range(12, 24)),
    "凌晨": range(6),
    **dict.fromkeys(("清晨", "早上", "早晨"), range(4, 12)),
    "中午": range(10, 15),
    "下午": range(12, 20),
    "傍晚": range(16, 21),
    **dict.fromkeys(("晚", "晚上", "晚间", "晚間"), range(17, 24)),
}

_AGO = re.compile(
    r"(?:(?P<count>\d{1,3}|an?|半|一)\s?个?個?\s?(?P<unit>秒|分|小时|小時|天|日|周|週|sec|min|h|day|d|week)"
    r"(?:钟|鐘|ond|ute|our|r)?s?\s?(?:之?前|以前| ago))",
    re.ASCII,
)
_SECONDS = {"秒": 1, "sec": 1, "分": 60, "min": 60, "小时": 3600, "小時": 3600, "h": 3600}
_DAYS = {"天": 1, "日": 1, "day": 1, "d": 1, "周": 7, "週": 7, "week": 7}
_NOW = frozenset({"刚刚", "剛剛", "刚才", "剛才", "just now", "now"})

_FILLER = re.compile(
    r"\b(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?|at\b|on\b)"
    r"|\b(?:mo|di|mi|do|fr|sa|so|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag"
    r"|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo)\b\.?"
    r"|(?<=\s)[-–/](?=\s)|\b(?:uhr|um|am|den|le|à|a las|el|hrs?)\b"
    r"|\(?(?:星期|周|週|礼拜)[一二三四五六日天]\)?|[,|·]"
)
_COMMENT = re.compile(r"(?:(?<=[+-]\d{4})|(?<=[+-]\d\d:\d\d)|(?<=z)) ?(?:\([\w\s.+:/-]{1,40}\)|\[[\w/+-]{1,40}\])$")
_HOUR_MARK = re.compile(r"(?<=\d)\s?(?:h|\.(?=\d\d uhr\b))\s?(?=\d\d\b)")  # 18h30, 18.30 Uhr
_OFFSET = re.compile(
    r"(?:gmt|utc)?\s?(?P<sign>[+-])(?P<hours>\d\d?)(?::?(?P<minutes>\d\d))?(?:\s[a-z]{3,5})?", re.ASCII
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:t?(\d\d)(\d\d)(\d\d)?)?(z|[+-]\d\d:?\d\d)?", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII)
_YEAR_LAST = re.compile(
    r"((?:[a-z]{3} )?[a-z]{3} \d{1,2}) (\d\d:\d\d:\d\d(?: [a-z]{3,5}| [+-]\d{4})?) (\d{4})", re.ASCII
)

_TWO_DIGITS = 2
_PIVOT = 50  # RFC 2822, section 4.3: 00 to 49 are of this century
_LONGEST_OFFSET = timedelta(hours=14)  # Kiribati
_HOUR = 60  # minutes
_OFFSETS = (  # hours; IST, BST and AST mean several zones and are not here
    {"z": 0, "ut": 0, "utc": 0, "gmt": 0, "北京时间": 8, "北京時間": 8}
    | {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}  # RFC 822, section 5.1
    | {"hkt": 8, "sgt": 8, "jst": 9, "kst": 9, "msk": 3, "cet": 1, "cest": 2, "eet": 2, "eest": 3}
    | {"aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "wib": 7}
)
_PLACES = {"et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver", "pt": "America/Los_Angeles"}


def parse(text: str, *, now: datetime, timezone: str | None = None, day_first: bool | None = None) -> Moment | None:
    """Return the moment that a text names, or None when it names none for certain.

    Read are ISO 8601, RFC 822 and 2822 (two-digit years as RFC 2822 says), asctime, JavaScript's and Java's own forms,
    Chinese, English and most western European dates in words, year first with slashes or dots, and, relative to `now`,
    3分钟前, 昨天 18:30, 2 hours ago. A date without its year is the latest that is not in the future. 03/04/2025 is
    None, it has two readings, unless `day_first` says which is meant. A zone's abbreviation means what `timezone`
    means by it (CST in Asia/Shanghai is +08:00), otherwise what RFC 822 says.

    Args:
        text: the date and nothing else; longer than 80 characters is None.
        now: aware; what relative dates count from and the window ends at.
        timezone: an IANA name, for a text without a zone and for its days; None is UTC.
        day_first: whether 03/04/2025 is in April (True) or in March (False).

    Raises:
        zoneinfo.ZoneInfoNotFoundError: no such `timezone`.
    """
    local = _place(timezone) if timezone else UTC
    raw = text.strip() if len(text) <= DATE_CHARACTERS * 2 else ""
    if not raw or len(raw) > DATE_CHARACTERS:
        return None
    try:
        if found := _ISO.fullmatch(raw):
            return _within(_stamped(found, raw, local), now)
        said = " ".join(unicodedata.normalize("NFKC", raw).lower().split())
        moment = _relative(said, raw, now, local) or _absolute(said, raw, now, local, day_first)
        return _within(moment, now)
    except (ValueError, OverflowError):  # month 13, 30 February, year 10000
        return None


def _within(moment: Moment | None, now: datetime) -> Moment | None:
    return moment if moment and EARLIEST <= moment.at <= now + AHEAD else None


def _stamped(found: re.Match[str], raw: str, local: tzinfo) -> Moment:
    """Return the moment of a plain ISO stamp: what most pages declare, in a fifth of the time."""
    year, month, day, hour, minute, second, said = found.groups()
    clock = time(int(hour), int(minute), _second(int(second or 0)))
    zone = _zone(said.lower(), date(int(year), int(month), int(day)), local) if said else local
    if zone is None:
        raise ValueError(said)
    return Moment(at=_utc(date(int(year), int(month), int(day)), clock, zone), raw=raw, zone=said, precise=True)


def _second(second: int) -> int:
    return second - 1 if second == _LEAP_SECOND else second


def epoch(value: float | str, *, now: datetime) -> Moment | None:
    """Return the moment of a Unix time in seconds or, from 10^11 on (the year 5138 in seconds), in milliseconds.

    None for what is no number or lies outside the window of `parse`.
    """
    raw = str(value).strip() if isinstance(value, int | float) and abs(value) < 10**16 else value
    if not isinstance(raw, str) or isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,16}(?:\.[0-9]{1,9})?", raw):
        return None
    seconds = int(raw.split(".")[0])
    if seconds >= 10**11:
        seconds //= 1000
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=min(seconds, 10**11))
    return Moment(at=at, raw=raw, zone="Z", precise=True) if EARLIEST <= at <= now + AHEAD else None


def _relative(said: str, raw: str, now: datetime, local: tzinfo) -> Moment | None:
    if said in _NOW:
        return Moment(at=_whole(now), raw=raw, zone=None, precise=True)
    found = _AGO.fullmatch(said)
    if not found:
        return None
    count, unit = found["count"], found["unit"]
    number = 0.5 if count == "半" else 1 if count in {"a", "an", "一"} else int(count)
    if unit in _SECONDS:
        return Moment(at=_whole(now - timedelta(seconds=number * _SECONDS[unit])), raw=raw, zone=None, precise=True)
    if number != int(number):
        return None
    day = now.astimezone(local).date() - timedelta(days=number * _DAYS[unit])
    return Moment(at=_utc(day, time(), local), raw=raw, zone=None, precise=False)


def _absolute(said: str, raw: str, now: datetime, local: tzinfo, day_first: bool | None) -> Moment | None:
    said = _COMMENT.sub("", said)
    said = _HOUR_MARK.sub(":", _YEAR_LAST.sub(r"\1 \3 \2", said))
    if packed := _COMPACT.fullmatch(said):
        year, month, day, hour, minute, second, zone = packed.groups()
        said = f"{year}-{month}-{day}" + (f" {hour}:{minute}:{second or '00'}" if hour else "") + (zone or "")
    for pattern in _DATES:
        if found := pattern.search(said):
            break
    else:
        return None
    rest = f"{said[: found.start()]} {said[found.end() :]}"
    clock, rest = _clock(rest)
    said_zone = " ".join(_FILLER.sub(" ", rest).split()).strip("()")
    days = _days(found, now, local, day_first)
    for day in days:
        zone = _zone(said_zone, day, local) if said_zone else local
        if zone is None:
            return None
        at = _utc(day, clock or time(), zone)
        if len(days) == 1 or at <= now + SKEW:
            shown = _shown(said_zone, raw) if said_zone else None
            return Moment(at=at, raw=raw, zone=shown, precise=clock is not None)
    return None


def _days(found: re.Match[str], now: datetime, local: tzinfo, day_first: bool | None) -> list[date]:
    """Return the day a date names; the two it may mean, newest first, when it has no year."""
    part = found.groupdict()
    today = now.astimezone(local).date()
    if word := part.get("word"):
        return [today - timedelta(days=_DAYS_AGO[word])]
    if not part.get("year"):
        return _existing([(year, int(part["month"]), int(part["day"])) for year in (today.year, today.year - 1)])
    year = int(part["year"])
    if len(part["year"]) == _TWO_DIGITS:
        year += 2000 if year < _PIVOT else 1900
    if name := part.get("name"):
        month = _MONTHS.get(name)
        return [date(year, month, int(part["day"]))] if month else []
    if "first" in part:
        first, second = int(part["first"]), int(part["second"])
        if first > _NOON or first == second or part["mark"] == ".":  # nobody writes the month first with dots
            return [date(year, second, first)]
        if second > _NOON or day_first is False:
            return [date(year, first, second)]
        return [date(year, second, first)] if day_first else []
    return [date(year, int(part["month"]), int(part["day"]))]


def _existing(days: list[tuple[int, int, int]]) -> list[date]:
    found = []
    for day in days:
        try:
            found.append(date(*day))
        except ValueError:  # 29 February of the other year
            continue
    return found


def _clock(text: str) -> tuple[time | None, str]:
    """Return the time of day in a text, and the text without it."""
    found = _TIME.search(text)
    if not found:
        return None, text
    hour = int(found["hour"])
    half = found["half"] or found["part"]
    if half:
        hour = _in_day(hour, half)
    second = int(found["second"] or found["second2"] or 0)
    minute = int(found["minute"] or found["minute2"] or 0)
    clock = time(hour, minute, _second(second))
    return clock, f"{text[: found.start()]} {text[found.end() :]}"


def _in_day(hour: int, half: str) -> int:
    """Return the hour of 24 that lies in that part of the day; machines write 上午12:30 for half past midnight.

    Raises:
        ValueError: there is none (晚上12:30 may be either day's).
    """
    readings = {hour} if hour > _NOON else {hour % _NOON, hour % _NOON + _NOON}
    (right,) = readings.intersection(_HOURS[half])
    return right


def _zone(said: str, day: date, local: tzinfo) -> tzinfo | None:
    if local.tzname(datetime.combine(day, time(12))) == said.upper():
        return local
    if said in _PLACES:
        return _place(_PLACES[said])
    if said in _OFFSETS:
        return timezone(timedelta(hours=_OFFSETS[said]))
    if not (found := _OFFSET.fullmatch(said)):
        return None
    minutes = int(found["minutes"] or 0)
    offset = timedelta(hours=int(found["hours"]), minutes=minutes)
    if minutes >= _HOUR or offset > _LONGEST_OFFSET:
        return None
    return timezone(-offset if found["sign"] == "-" else offset)


def _shown(zone: str, raw: str) -> str:
    """Return the zone in the text's own spelling where it stands there in one piece."""
    start = raw.lower().rfind(zone)
    return raw[start : start + len(zone)] if start >= 0 else zone


def _utc(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def _whole(when: datetime) -> datetime:
    return when.astimezone(UTC).replace(microsecond=0)


@cache
def _place(name: str) -> tzinfo:
    return ZoneInfo(name)
