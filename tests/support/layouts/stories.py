"""The invented stories of stories.toml: simplified Chinese, traditional Chinese and English. Nobody in them exists."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One story and the furniture of its page, in its own language.

    Attributes:
        teasers: title and first words of other stories, for the lists around it.
        replies: who wrote what below it.
        words: what the page's own lines are called: site, comments, more, share, cookie, editor, copyright, drawn
            (before the time at which the page was made).
    """

    name: str
    lang: str
    script: str
    title: str
    paragraphs: list[str]
    author: str
    source: str
    date: str
    shown_date: str
    teasers: list[list[str]]
    replies: list[list[str]]
    words: dict[str, str]


_READ: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "stories.toml").read_text("utf-8"))["story"]
STORIES = tuple(Story(**story) for story in _READ)
