"""`-s NAME=VALUE`: Scrapy settings, checked before anything is opened."""

from __future__ import annotations

import json
import math
import re

import click

_SECONDS = re.compile(r"_(?:TIMEOUT|DELAY|DELAY_JITTER|INTERVAL)$")
"""Numbers that may have a fraction though the default has none."""

_COMPONENTS = re.compile(r"(?:_MIDDLEWARES|^ITEM_PIPELINES|^EXTENSIONS|^ADDONS)(?:_BASE)?$")
"""Dicts of a class's path and its place in the order."""

_CLASS = re.compile(r"(?:\w+\.)+[A-Z]\w*")


def scrapy_settings(overrides: tuple[str, ...]) -> dict[str, str]:
    """Return NAME=VALUE options as Scrapy settings.

    Raises:
        click.BadParameter: one is of another form, is no value of its setting, or names a class that is not there.
    """
    pairs = [text.partition("=") for text in overrides]
    for name, equals, value in pairs:
        if not equals or not name.isupper():
            raise click.BadParameter(f"{name!r} is not NAME=VALUE with an upper-case name", param_hint="-s")
        _check(name, value)
    return {name: value for name, _equals, value in pairs}


def _check(name: str, value: str) -> None:
    """Raise BadParameter where a crawl with this setting would end in a traceback."""
    from crawler.crawl import default_of, load_classes

    default = default_of(name)
    if not _fits(name, default, value):
        raise click.BadParameter(f"{name}={value}: expected a value like {default}", param_hint="-s")
    try:
        load_classes(_classes(name, default, value))
    except (ImportError, NameError, TypeError, ValueError) as error:
        raise click.BadParameter(f"{name}={value}: {error}", param_hint="-s") from None


def _fits(name: str, default: object, value: str) -> bool:
    """Say whether a setting's text can be read as what it is by default."""
    if name == "TWISTED_REACTOR":
        return value == default  # this one runs, whatever is set
    try:
        if isinstance(default, bool):
            return value.lower() in {"0", "1", "true", "false"}
        if isinstance(default, float) or (isinstance(default, int) and _SECONDS.search(name)):
            return math.isfinite(float(value))
        if isinstance(default, int):
            int(value)
        return not isinstance(default, dict) or isinstance(json.loads(value), dict)
    except ValueError:
        return False


def _classes(name: str, default: object, value: str) -> list[str]:
    """Return the paths of the classes that a setting names.

    Raises:
        TypeError: one has no number that says its place.
    """
    if isinstance(default, dict) and _COMPONENTS.search(name):
        places = json.loads(value)
        for path, place in places.items():
            if not isinstance(place, (int, float, type(None))):
                raise TypeError(f"the place of {path} is {place!r}, and should be a number, or null to leave it out")
        return [path for path, place in places.items() if place is not None]
    return [value] if isinstance(default, str) and _CLASS.fullmatch(default) else []
