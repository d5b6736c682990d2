"""Tables of a TOML file, read strictly: what is wrong is noted with its key, its value and what was expected.

Reading goes on past a mistake, so that all of them can be told at once.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST_SHOWN = 80


class Table:
    """One table of the file. Every reader notes what is wrong and returns a stand-in, so that reading goes on."""

    def __init__(self, data: Mapping[str, Any], name: str, mistakes: list[str]) -> None:
        self.data = data
        self.name = name
        self.mistakes = mistakes
        self.asked: list[str] = []

    def wrong(self, key: str, expected: str) -> None:
        """Note that a key has a value it may not have."""
        self.mistakes.append(f"{self._path(key)} = {shown(self.data[key])}: expected {expected}")

    def missing(self, key: str, expected: str) -> None:
        """Note that a key is not there."""
        self.mistakes.append(f"{self._path(key)} is missing: expected {expected}")

    def read(self, key: str, kind: type | tuple[type, ...], expected: str, *, required: bool = False) -> Any:
        """Return the value if it is of that type, else None."""
        self.asked.append(key)
        if key not in self.data:
            if required:
                self.missing(key, expected)
            return None
        value = self.data[key]
        # bool is an int and datetime a date to Python; neither is to whoever writes the file
        stray = (isinstance(value, bool) and kind is not bool) or isinstance(value, dt.datetime)
        if stray or not isinstance(value, kind):
            self.wrong(key, expected)
            return None
        return value

    def text(
        self, key: str, expected: str = "text", test: Callable[[str], bool] | None = None, *, required: bool = False
    ) -> str | None:
        """Return text that passes the test, else None."""
        value: str | None = self.read(key, str, expected, required=required)
        if value is not None and not (value.strip() and (test is None or test(value))):
            self.wrong(key, expected)
            return None
        return value

    def choice(self, key: str, names: Collection[str], *, required: bool = False) -> Any:
        """Return a text that is one of the names, else None; the nearest name is suggested."""
        expected = f"one of {', '.join(names)}"
        value = self.read(key, str, expected, required=required)
        if value is not None and value not in names:
            self.wrong(key, expected + _suggestion(value, names))
            return None
        return value

    def number(self, key: str, default: int) -> int:
        """Return a whole number of 1 or more, or the default."""
        expected = "a whole number of 1 or more"
        value: int | None = self.read(key, int, expected)
        if value is not None and value < 1:
            self.wrong(key, expected)
        return default if value is None else value

    def weight(self, key: str, default: float) -> float:
        """Return a number from 0.01 to 100, or the default."""
        expected = "a number from 0.01 to 100"
        value: float | None = self.read(key, (int, float), expected)
        if value is not None and not 0.01 <= value <= 100:  # noqa: PLR2004 said in the line above
            self.wrong(key, expected)
            return default
        return default if value is None else float(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false, or the default."""
        value: bool | None = self.read(key, bool, "true or false")
        return default if value is None else value

    def date(self, key: str, *, required: bool = False) -> dt.date | None:
        """Return a date, else None."""
        value: dt.date | None = self.read(key, dt.date, "a date without quotes, as in 2025-12-17", required=required)
        return value

    def duration(self, key: str) -> timedelta | None:
        """Return a span of time, else None."""
        expected = 'a duration such as "90s", "60m", "12h" or "45d"'
        value = self.text(key, expected)
        if value is None:
            return None
        found = re.fullmatch(r"(\d{1,6})([smhd])", value)
        if found is None or not int(found[1]):
            self.wrong(key, expected)
            return None
        return timedelta(**{_UNITS[found[2]]: int(found[1])})

    def texts(self, key: str, expected: str = "a list of texts") -> tuple[str, ...]:
        """Return a list of texts, empty if it is absent or wrong."""
        value: list[Any] = self.read(key, list, expected) or []
        if not all(isinstance(item, str) and item.strip() for item in value):
            self.wrong(key, expected)
            return ()
        return tuple(value)

    def table(self, key: str, expected: str, *, required: bool = False) -> Table | None:
        """Return a table inside this one, else None."""
        value = self.read(key, dict, expected, required=required)
        return None if value is None else Table(value, self._path(key), self.mistakes)

    def tables(self, key: str) -> Iterator[Table]:
        """Yield the tables of an array, each under a name that says where it stands."""
        expected = f"tables, each headed [[{key}]]"
        value: list[Any] = self.read(key, list, expected) or []
        if not all(isinstance(item, dict) for item in value):
            self.wrong(key, expected)
            return
        for place, item in enumerate(value, 1):
            name = next((item[mark] for mark in ("id", "host") if isinstance(item.get(mark), str)), "")
            yield Table(item, f"{key} {place}" + (f" ({name})" if name else ""), self.mistakes)

    def end(self) -> None:
        """Note every key that nobody asked for."""
        for key in [key for key in self.data if key not in self.asked]:
            known = f"a key of this table: {', '.join(self.asked)}"
            self.wrong(key, known + _suggestion(key, self.asked))

    def _path(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key


def shown(value: Any) -> str:
    """Return a value as a line of a terminal has room for it."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:  # TOML nests as deep as its file is long
        return "something nested too deeply to show"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def _suggestion(word: str, known: Collection[str]) -> str:
    begun = [name for name in known if word and name.startswith(word)]
    close = begun or get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""
